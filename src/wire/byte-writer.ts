import { release } from "./release.ts";

/** Thrown when more bytes are written than the writer may hold. */
export class WriterFullError extends Error {
  override readonly name = "WriterFullError";
}

const initialBytes = 64 * 1024;

/**
 * Bytes that grow at the end, up to `bytesMax`. Callers `reserve` the worst case once, write into `bytes` from
 * `length` on, and set `length`: no check and no call per byte.
 */
export class ByteWriter {
  bytes: Uint8Array;
  length = 0;
  readonly bytesMax: number;

  constructor(bytesMax: number) {
    this.bytesMax = bytesMax;
    this.bytes = new Uint8Array(Math.min(initialBytes, bytesMax));
  }

  /**
   * Makes room for `count` more bytes, and may empty the `bytes` there were before. Throws WriterFullError beyond
   * `bytesMax`; what was written stays.
   */
  reserve(count: number): void {
    const needed = this.length + count;
    if (needed <= this.bytes.length) return;
    if (needed > this.bytesMax) throw new WriterFullError(`More than ${this.bytesMax} bytes`);
    const grown = new Uint8Array(Math.min(this.bytesMax, Math.max(needed, this.bytes.length * 2)));
    grown.set(this.bytes.subarray(0, this.length));
    release(this.bytes);
    this.bytes = grown;
  }

  /** What was written; valid until the next write. */
  written(): Uint8Array {
    return this.bytes.subarray(0, this.length);
  }

  /** Starts over, and gives memory back that a rare large content had taken. */
  clear(keepBytesMax: number): void {
    this.length = 0;
    if (this.bytes.length <= keepBytesMax) return;
    release(this.bytes);
    this.bytes = new Uint8Array(Math.min(initialBytes, this.bytesMax));
  }

  /** Characters below U+0080 only. */
  ascii(text: string): void {
    const count = text.length;
    this.reserve(count);
    const { bytes, length } = this;
    for (let i = 0; i < count; i++) bytes[length + i] = text.charCodeAt(i);
    this.length = length + count;
  }

  /** Writes bytes [start, end) of this writer once more, at the end. */
  repeat(start: number, end: number): void {
    this.reserve(end - start);
    this.bytes.copyWithin(this.length, start, end);
    this.length += end - start;
  }

  /** A whole number within ±2^53, in decimal digits. */
  integer(value: number): void {
    this.reserve(17);
    const { bytes } = this;
    let rest = value;
    if (rest < 0) {
      bytes[this.length++] = 0x2d;
      rest = -rest;
    }
    let count = 1;
    for (let bound = 10; bound <= rest; bound *= 10) count++;
    let at = this.length + count;
    this.length = at;
    // Above 32 bits in two steps: int32 division is several times cheaper than that of doubles.
    if (rest >= 1_000_000_000) {
      const upper = Math.floor(rest / 1_000_000_000);
      let lower = (rest - upper * 1_000_000_000) | 0;
      for (let i = 0; i < 9; i++) {
        const next = (lower / 10) | 0;
        bytes[--at] = 0x30 + (lower - next * 10);
        lower = next;
      }
      rest = upper;
    }
    let small = rest | 0;
    do {
      const next = (small / 10) | 0;
      bytes[--at] = 0x30 + (small - next * 10);
      small = next;
    } while (small !== 0);
  }
}
