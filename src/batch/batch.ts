import type { SinkError } from "../errors.ts";
import type { Append, Refusal } from "./append.ts";
import type { BufferPool } from "./buffer-pool.ts";

/** Bytes [start, end) of a batch belong to this append. */
interface Part {
  readonly append: Append;
  readonly start: number;
  readonly end: number;
}

/** Lines on their way to the sink, and who waits for which of them. */
export class Batch {
  readonly bytesMax: number;
  /** Batches are numbered as they are opened: the older ones go first. */
  readonly order: number;
  /** When the last lines came, on the monotonic clock: from then on the sender's patience counts. */
  lastAppendMs = 0;
  /** Its linger is over: it may leave as soon as a put may start. */
  due = false;
  /** What the sink said last of lines that it did not take. */
  lastWord: string | undefined;
  private readonly pool: BufferPool;
  private readonly parts: Part[] = [];
  private bytes: Uint8Array;
  private length = 0;

  /** `expectedBytes`: how large it will probably be. */
  constructor(order: number, bytesMax: number, expectedBytes: number, pool: BufferPool) {
    this.order = order;
    this.bytesMax = bytesMax;
    this.pool = pool;
    this.bytes = pool.take(Math.min(expectedBytes, bytesMax));
  }

  get byteLength(): number {
    return this.length;
  }

  /** How many of these bytes fit without going over `bytesMax`. */
  get room(): number {
    return this.bytesMax - this.length;
  }

  lines(): Uint8Array {
    return this.bytes.subarray(0, this.length);
  }

  /** Copies whole lines of an append. */
  add(append: Append, lines: Uint8Array, nowMs: number): void {
    const start = this.length;
    this.grow(start + lines.length);
    this.bytes.set(lines, start);
    this.length += lines.length;
    this.lastAppendMs = nowMs;
    this.parts.push({ append, start, end: this.length });
    append.joined(this);
  }

  /** The lines of bytes [start, end) are durable. */
  durable(start: number, end: number): void {
    this.each(start, end, (append, lines) => append.durable(lines));
  }

  /** The line of bytes [start, end) is in quarantine. */
  refused(start: number, end: number, refusal: Refusal): void {
    this.each(start, end, (append, line) => append.refused(line, refusal));
  }

  /** The lines of bytes [start, end) were not taken, or nobody knows. */
  failed(start: number, end: number, error: SinkError): void {
    this.each(start, end, (append) => append.fail(error));
  }

  /** Gives back its bytes: no put of them may be under way. */
  release(): void {
    for (const { append } of this.parts) append.countDurable();
    this.pool.give(this.bytes);
    this.bytes = new Uint8Array(0);
    this.length = 0;
  }

  /** Moves into a buffer without room to spare, before any put of it: it may stay for long. */
  trim(): void {
    if (this.bytes.length - this.length < this.length / 8) return;
    const whole = this.bytes.slice(0, this.length);
    this.pool.give(this.bytes);
    this.bytes = whole;
  }

  private each(start: number, end: number, tell: (append: Append, lines: Uint8Array) => void): void {
    for (let i = this.firstPartBehind(start); i < this.parts.length; i++) {
      const part = this.parts[i]!;
      if (part.start >= end) return;
      tell(part.append, this.bytes.subarray(Math.max(start, part.start), Math.min(end, part.end)));
    }
  }

  /** The index of the first part that ends behind `start`. */
  private firstPartBehind(start: number): number {
    let low = 0;
    let high = this.parts.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.parts[middle]!.end <= start) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  private grow(needed: number): void {
    if (needed <= this.bytes.length) return;
    const grown = this.pool.take(Math.max(needed, Math.min(this.bytesMax, this.bytes.length * 2)));
    grown.set(this.bytes.subarray(0, this.length));
    this.pool.give(this.bytes);
    this.bytes = grown;
  }
}
