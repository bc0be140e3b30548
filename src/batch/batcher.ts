import { within } from "../clock.ts";
import type { Compression } from "../compression.ts";
import { describeError, OverloadedError, SinkError } from "../errors.ts";
import { Batch } from "./batch.ts";
import { compressorOf, rawBytesThatFit } from "./compress.ts";
import { type DeliverOptions, deliver } from "./deliver.ts";
import { assertLinesFit, cutAt, pack } from "./pack.ts";

/** Why nothing gets through until someone changes something. */
export interface SinkBlock {
  /** Short and bounded, fit for a metric label. */
  readonly reason: string;
  readonly message: string;
  /** When it began, in ms since the epoch. */
  readonly sinceMs: number;
}

export interface Batcher {
  /** The longest line that `append` takes, `\n` included, in bytes. */
  readonly lineBytesMax: number;
  /** Bytes of lines accepted and not yet decided. */
  readonly pendingBytes: number;
  /** Set while the sink takes nothing until someone changes something. */
  readonly blocked: SinkBlock | undefined;
  /**
   * Copies `lines` (whole lines) and resolves when every one of them is durable. Rejects with SinkError when the sink
   * did not take one in time, or is blocked; with RefusedLinesError when all are durable but for those that the sink
   * refuses for good, which are in quarantine; at once with OverloadedError when there is no room for them, or with
   * RangeError when they are not whole lines of at most `lineBytesMax` bytes. `timeoutMs`: when less than the ack
   * timeout is left.
   */
  append(lines: Uint8Array, timeoutMs?: number): Promise<void>;
  /**
   * Throws OverloadedError when the ceiling is reached, SinkError while the sink is blocked: asked before a request's
   * body is read.
   */
  assertRoom(): void;
  /** Sends what waits without lingering; resolves with the pending bytes left: 0, or what `timeoutMs` cut off. */
  drain(timeoutMs: number): Promise<number>;
}

export interface BatcherOptions extends DeliverOptions {
  readonly compression: Compression;
  /** How long lines wait for company before they are sent, in ms. */
  readonly lingerMs: number;
  /** A batch with this many bytes of lines is sent at once. */
  readonly batchBytesMax: number;
  /** Upper bound of a record before compression; undefined: what suits the sink. */
  readonly recordBytesMax: number | undefined;
  readonly putsInFlightMax: number;
  /** Ceiling on accepted bytes that are not yet decided. */
  readonly pendingBytesMax: number;
  /** An append is decided within this time. Infinity: it waits until it is durable, through any outage or block. */
  readonly ackTimeoutMs: number;
}

const retryAfterMs = 2_000;
/** No sink takes longer lines, so that each could hold the archive of another: the size of a Kinesis record. */
const longestLineBytes = 1024 * 1024;

/** Group commit: appends share the batch that is open; while puts are under way the next batch fills. */
export function createBatcher(options: BatcherOptions): Batcher {
  return new GroupCommit(options);
}

class GroupCommit implements Batcher {
  readonly lineBytesMax: number;
  private readonly options: BatcherOptions;
  /** Where a record is closed, in bytes before compression. */
  private readonly fillBytes: number;
  private readonly compress;
  private open: Batch | undefined;
  private cancelLinger: () => void = () => undefined;
  /** Full batches that wait for a put to end, oldest first. */
  private readonly waiting: Batch[] = [];
  private putsInFlight = 0;
  private pending = 0;
  private draining = false;
  /** Those who wait until nothing is pending. */
  private readonly drains = new Set<() => void>();
  readonly blocked: SinkBlock | undefined = undefined;

  constructor(options: BatcherOptions) {
    this.options = options;
    const { limits } = options.sink;
    const { compression, recordBytesMax = Number.POSITIVE_INFINITY } = options;
    const recordBytes = Math.min(recordBytesMax, rawBytesThatFit(limits.recordBytesMax, compression));
    this.lineBytesMax = Math.min(recordBytes, longestLineBytes);
    // Compression makes the largest records small enough, and compresses them best.
    const target = compression === "none" ? limits.recordBytesTarget : undefined;
    this.fillBytes = Math.min(recordBytes, options.recordBytesMax ?? target ?? recordBytes);
    this.compress = compressorOf(compression);
  }

  get pendingBytes(): number {
    return this.pending;
  }

  assertRoom(): void {
    if (this.pending >= this.options.pendingBytesMax) throw this.overloaded();
  }

  async append(lines: Uint8Array, timeoutMs = this.options.ackTimeoutMs): Promise<void> {
    if (lines.length === 0) return;
    // Before anything is accepted: later it would fail the batch, and those who share it.
    assertLinesFit(lines, this.lineBytesMax);
    if (this.pending > 0 && this.pending + lines.length > this.options.pendingBytesMax)
      throw this.overloaded();
    this.setPending(this.pending + lines.length);
    const parts: Promise<void>[] = [];
    for (let start = 0; start < lines.length; ) {
      const batch = this.batchFor(lines.length - start);
      const end = start + cutAt(lines.subarray(start), 0, Math.max(batch.room, this.lineBytesMax));
      parts.push(batch.add(lines.subarray(start, end), this.options.clock.monotonicMs()));
      start = end;
    }
    if (this.draining || (this.open !== undefined && this.open.room <= 0)) this.closeOpen();
    this.pump();
    const waitMs = Math.min(timeoutMs, this.options.ackTimeoutMs);
    await within(this.options.clock, waitMs, Promise.all(parts), () => {
      throw new SinkError("timeout", `Not durable after ${Math.round(waitMs)} ms`);
    });
  }

  async drain(timeoutMs: number): Promise<number> {
    this.draining = true;
    this.closeOpen();
    this.pump();
    if (this.pending === 0) return 0;
    await new Promise<void>((resolve) => {
      const end = () => {
        cancel();
        this.drains.delete(end);
        resolve();
      };
      const cancel = this.options.clock.after(timeoutMs, end);
      this.drains.add(end);
    });
    return this.pending;
  }

  /** The open batch if `bytes` fit, else a new one; lines that fit no batch start with a new one. */
  private batchFor(bytes: number): Batch {
    const { batchBytesMax, clock, lingerMs } = this.options;
    if (this.open !== undefined && this.open.room < Math.min(bytes, batchBytesMax)) this.closeOpen();
    if (this.open !== undefined) return this.open;
    const batch = new Batch(batchBytesMax);
    this.open = batch;
    this.cancelLinger = clock.after(lingerMs, () => {
      batch.due = true;
      this.pump();
    });
    return batch;
  }

  private closeOpen(): void {
    if (this.open === undefined) return;
    this.cancelLinger();
    this.waiting.push(this.open);
    this.open = undefined;
  }

  /** Starts puts while there may be more of them and a batch is full, or its linger is over. */
  private pump(): void {
    while (this.putsInFlight < this.options.putsInFlightMax) {
      if (this.waiting.length === 0 && this.open?.due) this.closeOpen();
      const batch = this.waiting.shift();
      if (batch === undefined) return;
      this.putsInFlight++;
      void this.send(batch).then(() => {
        this.putsInFlight--;
        this.setPending(this.pending - batch.byteLength);
        this.pump();
        if (this.pending === 0) for (const end of [...this.drains]) end();
      });
    }
  }

  /** Never rejects: what goes wrong reaches those who wait for the batch. */
  private async send(batch: Batch): Promise<void> {
    const { log, ackTimeoutMs } = this.options;
    try {
      const records = await pack(batch.lines(), this.fillBytes, this.compress);
      const deadlineMs = batch.lastAppendMs + ackTimeoutMs;
      await deliver(records, deadlineMs, this.options, (states) => batch.settle(records, states));
    } catch (error) {
      log.error("batch failed on a defect", { error: describeError(error) });
      batch.fail(new SinkError("defect", "Cannot send a batch", { cause: error }));
    }
  }

  private setPending(bytes: number): void {
    this.pending = bytes;
    this.options.metrics.puts.pendingBytes.set(bytes);
  }

  private overloaded(): OverloadedError {
    const { pendingBytesMax } = this.options;
    return new OverloadedError(
      `Cannot take more lines: ${this.pending} of ${pendingBytesMax} pending bytes are used`,
      retryAfterMs,
    );
  }
}
