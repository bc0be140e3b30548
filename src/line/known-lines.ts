import {
  headBytesAt,
  type KnownSeries,
  tailBytesAt,
  textsAt,
  valueBytesAt,
  valueHiAt,
  valueLoAt,
  valueTextAt,
  valueTextBytesMax,
  wordsOf,
} from "../model/known-series.ts";
import type { Int64 } from "../model/scalar.ts";
import type { ByteWriter } from "../wire/byte-writer.ts";
import { float64 } from "../wire/float64.ts";
import { writeFinite, writeWhole } from "./json-writer.ts";

/** Words of the text of a time, `"time":1513264725773,"value":`. */
const timeWords = 8;
/**
 * Below this many bytes, words are written one by one: as fast as a copy by the engine (330 bytes: 36 to 56 ns), and
 * without the object that names its part. Of those Bun let 30 to 80 MiB lie about.
 */
const engineCopyMin = 640;

/**
 * Writes what the lines of a known series have in common, and their values, from texts that are there already. The
 * same bytes come out as without: that is what test/http/known-series.test.ts holds against each other.
 */
export class KnownLines {
  private readonly out: ByteWriter;
  private readonly words: Int32Array;
  private readonly bytes: Uint8Array;
  private readonly known: KnownSeries;
  /** Where the texts of the series under way stand among the words. */
  private at = 0;
  /** The time that was written last, and its text: all samples of a scrape have one. */
  private time: Int64 | undefined;
  private readonly timeText = new Int32Array(timeWords);
  private readonly timeTextBytes = new Uint8Array(this.timeText.buffer);
  private timeBytes = 0;

  constructor(out: ByteWriter, known: KnownSeries) {
    this.out = out;
    this.known = known;
    this.words = known.keys.words;
    this.bytes = known.keys.bytes;
  }

  /** Names the series of the next lines by its slot; answers how many bytes all its lines have. */
  startSeries(slot: number): number {
    const at = this.known.keys.payload(slot);
    this.at = at;
    return this.words[at + headBytesAt]! + this.words[at + tailBytesAt]!;
  }

  /** `{"name":"…",` */
  head(): void {
    const { words, at } = this;
    this.out.words(words, at + textsAt, words[at + headBytesAt]!);
  }

  /** `"labels":{…}}` and the end of the line. */
  tail(): void {
    const { words, at, out } = this;
    const word = at + textsAt + wordsOf(words[at + headBytesAt]!);
    const count = words[at + tailBytesAt]!;
    if (count < engineCopyMin) {
      out.words(words, word, count);
      return;
    }
    out.reserve(count);
    out.bytes.set(this.bytes.subarray(word * 4, word * 4 + count), out.length);
    out.length += count;
  }

  /** Writes `"time":…,"value":` if that is what was noted last. */
  repeatTime(time: Int64): boolean {
    if (time !== this.time) return false;
    this.out.words(this.timeText, 0, this.timeBytes);
    return true;
  }

  /** What stands in `out` from `start` on is `"time":…,"value":` of this time. */
  noteTime(time: Int64, start: number): void {
    const { out } = this;
    const count = out.length - start;
    if (count > timeWords * 4) return;
    this.time = time;
    this.timeBytes = count;
    this.timeTextBytes.set(out.bytes.subarray(start, out.length));
  }

  /**
   * A finite value. The shortest text of a double takes 80 to 200 ns, and values often stay from scrape to scrape: so
   * the last one of each series is kept.
   */
  value(hi: number, lo: number): void {
    const { words, out, at } = this;
    if (words[at + valueLoAt] === (lo | 0) && words[at + valueHiAt] === (hi | 0)) {
      const count = words[at + valueBytesAt]!;
      if (count > 0) {
        out.words(words, at + valueTextAt, count);
        return;
      }
    }
    if (writeWhole(out, float64(hi, lo), hi)) return;
    const start = out.length;
    writeFinite(out, hi, lo);
    const { bytes } = out;
    const end = out.length;
    if (end - start > valueTextBytesMax) return;
    words[at + valueLoAt] = lo;
    words[at + valueHiAt] = hi;
    words[at + valueBytesAt] = end - start;
    for (let from = start, to = (at + valueTextAt) * 4; from < end; ) this.bytes[to++] = bytes[from++]!;
  }
}
