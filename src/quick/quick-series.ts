import type { KnownSeries } from "../model/known-series.ts";
import type { ByteWriter } from "../wire/byte-writer.ts";
import * as at from "./quick-layout.ts";
import type { QuickMemory } from "./quick-memory.ts";

/** What passing over series has done. */
export interface Passed {
  /** Samples whose lines were written. */
  samples: number;
  /** Bytes of text of their label sets. */
  weighedBytes: number;
}

/**
 * The quick way through what most requests hold: series that are known, with nothing but samples. It is WebAssembly over
 * one memory, so nothing is called and nothing is made per sample.
 */
export class QuickSeries {
  readonly passed: Passed = { samples: 0, weighedBytes: 0 };
  private readonly memory: QuickMemory;
  private readonly known: KnownSeries;
  private readonly out: ByteWriter;

  constructor(memory: QuickMemory, known: KnownSeries, out: ByteWriter) {
    this.memory = memory;
    this.known = known;
    this.out = out;
  }

  /**
   * Writes the lines of the series of `message` from `offset` on, up to the first one that is not ordinary, and answers
   * where that is; `passed` says what that was. At most `linesBytesMax` bytes of lines are written, of label sets with
   * at most `weighedBytesMax`.
   */
  pass(
    message: Uint8Array,
    offset: number,
    messageEnd: number,
    linesBytesMax: number,
    weighedBytesMax: number,
  ): number {
    const { out, known, passed } = this;
    const { control, lines, snappy, passV1 } = this.memory;
    passed.samples = 0;
    passed.weighedBytes = 0;
    if (message.buffer !== lines.buffer || out.bytes !== lines) return offset;
    control[at.outAt / 4] = lines.byteOffset + out.length;
    control[at.outEndAt / 4] = lines.byteOffset + Math.min(lines.length, out.length + linesBytesMax);
    control[at.samplesAt / 4] = 0;
    control[at.weighedAt / 4] = 0;
    control[at.weighedMaxAt / 4] = weighedBytesMax;
    known.keys.lend(control, at.keysAt / 4);
    const start = snappy.messageStart;
    const end = passV1(start + offset, start + messageEnd) - start;
    if (end === offset) return offset;
    known.keys.takeBack(control, at.keysAt / 4);
    out.length = control[at.outAt / 4]! - lines.byteOffset;
    passed.samples = control[at.samplesAt / 4]!;
    passed.weighedBytes = control[at.weighedAt / 4]!;
    return end;
  }
}
