import type { SinkError } from "../errors.ts";
import type { PackedRecord } from "./pack.ts";

/** Someone waits for bytes [start, end) of a batch to be durable. */
interface Waiter {
  readonly start: number;
  readonly end: number;
  readonly resolve: () => void;
  readonly reject: (error: SinkError) => void;
  settled: boolean;
}

const initialBytes = 64 * 1024;

/** Lines on their way to the sink, and who waits for which of them. */
export class Batch {
  private bytes = new Uint8Array(initialBytes);
  private length = 0;
  private readonly waiters: Waiter[] = [];
  readonly bytesMax: number;
  /** When the last lines came, on the monotonic clock: from then on the sender's patience counts. */
  lastAppendMs = 0;
  /** Its linger is over: it may leave as soon as a put may start. */
  due = false;

  constructor(bytesMax: number) {
    this.bytesMax = bytesMax;
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

  /** Copies whole lines; the promise settles with their records. */
  add(lines: Uint8Array, nowMs: number): Promise<void> {
    const start = this.length;
    this.grow(start + lines.length);
    this.bytes.set(lines, start);
    this.length += lines.length;
    this.lastAppendMs = nowMs;
    return new Promise((resolve, reject) => {
      this.waiters.push({ start, end: this.length, resolve, reject, settled: false });
    });
  }

  /**
   * Answers those whose lines are decided: all their records durable, or one of them failed for good. `states` is
   * aligned with `records`: true durable, an error failed, undefined open.
   */
  settle(records: readonly PackedRecord[], states: readonly (true | SinkError | undefined)[]): void {
    let first = 0;
    for (const waiter of this.waiters) {
      while (first < records.length && records[first]!.end <= waiter.start) first++;
      if (waiter.settled) continue;
      let open = false;
      let failure: SinkError | undefined;
      for (let i = first; i < records.length && records[i]!.start < waiter.end; i++) {
        const state = states[i];
        if (state === undefined) open = true;
        else if (state !== true) failure ??= state;
      }
      if (failure === undefined && open) continue;
      waiter.settled = true;
      if (failure === undefined) waiter.resolve();
      else waiter.reject(failure);
    }
  }

  /** Answers everyone who still waits with this failure. */
  fail(error: SinkError): void {
    for (const waiter of this.waiters) {
      if (!waiter.settled) waiter.reject(error);
      waiter.settled = true;
    }
  }

  private grow(needed: number): void {
    if (needed <= this.bytes.length) return;
    const grown = new Uint8Array(Math.max(needed, Math.min(this.bytesMax, this.bytes.length * 2)));
    grown.set(this.bytes.subarray(0, this.length));
    this.bytes = grown;
  }
}
