import type { KnownSeries } from "../model/known-series.ts";
import type { ByteWriter } from "../wire/byte-writer.ts";
import * as at from "./quick-layout.ts";
import type { QuickMemory } from "./quick-memory.ts";

/** What passing over series has done. */
export interface Passed {
  /** Samples whose lines were written. */
  samples: number;
  /** Metadata that is known to be durable. */
  metadata: number;
  /** Bytes of text of their label sets and metadata. */
  weighedBytes: number;
}

/** What may be passed over. One instance is used over and over: a request may hold millions of series. */
export interface Passage {
  message: Uint8Array;
  offset: number;
  messageEnd: number;
  /** Symbols of 2.0; undefined in 1.0. */
  symbolCount: number | undefined;
  /** The period in which metadata must have been noted to be durable. */
  period: number;
  /** Bytes of lines, and of texts that they are made of: see `weigh`. */
  linesBytesMax: number;
  weighedBytesMax: number;
}

export function emptyPassage(): Passage {
  const message = new Uint8Array(0);
  const limits = { linesBytesMax: 0, weighedBytesMax: 0 };
  return { message, offset: 0, messageEnd: 0, symbolCount: undefined, period: 0, ...limits };
}

/** After so many series in a row that were not ordinary, only one of so many is tried. */
const failuresMax = 8;
const tryEvery = 16;
/** In one pass: the sum with one more series has to stay within 32 bits, while the limit of a request may be larger. */
const passWeighedMax = 2 ** 30;

/**
 * The quick way through what most requests hold: series with nothing but samples, that are known or plain. It is
 * WebAssembly over one memory, so nothing is called and nothing is made per sample.
 */
export class QuickSeries {
  readonly passed: Passed = { samples: 0, metadata: 0, weighedBytes: 0 };
  private readonly memory: QuickMemory;
  private readonly known: KnownSeries;
  private readonly out: ByteWriter;
  private readonly lineBytesMax: number;
  private failures = 0;

  /** `lineBytesMax`: the longest line, in bytes. */
  constructor(memory: QuickMemory, known: KnownSeries, out: ByteWriter, lineBytesMax: number) {
    this.lineBytesMax = lineBytesMax;
    this.memory = memory;
    this.known = known;
    this.out = out;
  }

  /**
   * Writes the lines of the series from `offset` on, up to the first one that is not ordinary, and answers where that
   * is; `passed` says what it was.
   */
  pass(passage: Passage): number {
    const { passed } = this;
    passed.samples = 0;
    passed.metadata = 0;
    passed.weighedBytes = 0;
    if (this.failures > failuresMax && this.failures++ % tryEvery !== 0) return passage.offset;
    const end = this.tryToPass(passage);
    this.failures = end === passage.offset ? this.failures + 1 : 0;
    return end;
  }

  private tryToPass(passage: Passage): number {
    const { message, offset, messageEnd, symbolCount, period, linesBytesMax, weighedBytesMax } = passage;
    const { out, known, passed } = this;
    const { control, lines, snappy, passV1, passV2 } = this.memory;
    if (message.buffer !== lines.buffer || out.bytes !== lines) return offset;
    if (symbolCount !== undefined && symbolCount > at.symbolsMax) return offset;
    control[at.outAt / 4] = lines.byteOffset + out.length;
    control[at.outEndAt / 4] = lines.byteOffset + Math.min(lines.length, out.length + linesBytesMax);
    control[at.samplesAt / 4] = 0;
    control[at.weighedAt / 4] = 0;
    control[at.weighedMaxAt / 4] = Math.min(weighedBytesMax, passWeighedMax);
    control[at.repeatedAt / 4] = 0;
    control[at.periodAt / 4] = period;
    control[at.symbolCountAt / 4] = symbolCount ?? 0;
    control[at.lineBytesMaxAt / 4] = this.lineBytesMax;
    known.keys.lend(control, at.keysAt / 4);
    const start = snappy.messageStart;
    const pass = symbolCount === undefined ? passV1 : passV2;
    const end = pass(start + offset, start + messageEnd) - start;
    if (end === offset) return offset;
    known.keys.takeBack(control, at.keysAt / 4);
    out.length = control[at.outAt / 4]! - lines.byteOffset;
    passed.samples = control[at.samplesAt / 4]!;
    passed.metadata = control[at.repeatedAt / 4]!;
    passed.weighedBytes = control[at.weighedAt / 4]!;
    return end;
  }
}
