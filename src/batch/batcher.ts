import { within } from "../clock.ts";
import type { Compression } from "../compression.ts";
import { describeError, SinkError } from "../errors.ts";
import { Append } from "./append.ts";
import { Batch } from "./batch.ts";
import { BufferPool } from "./buffer-pool.ts";
import { type DeliverOptions, Delivery, type DeliveryContext } from "./deliver.ts";
import { Gate, type SinkBlock } from "./gate.ts";
import { Pace } from "./pace.ts";
import { assertLinesFit, cutAt } from "./pack.ts";
import { Packer } from "./packer.ts";
import { Permits } from "./permits.ts";
import { Recovery } from "./recovery.ts";
import { Room } from "./room.ts";

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
  /** The longest line to take, where whoever ships the lines on takes less than the sink; in bytes. */
  readonly lineBytesMax?: number;
  readonly putsInFlightMax: number;
  /** Ceiling on accepted bytes that are not yet decided. */
  readonly pendingBytesMax: number;
  /** An append is decided within this time. Infinity: it waits until it is durable, through any outage or block. */
  readonly ackTimeoutMs: number;
}

/** No sink takes longer lines, so that each could hold the archive of another: the size of a Kinesis record. */
const longestLineBytes = 1024 * 1024;
/** Batches under way for each put that may be, those between two attempts included: beyond it, batches grow. */
const begunPerPut = 8;
/** Of the ack timeout, what lines may need at the pace the sink takes: the rest is for the attempts themselves. */
const deliverableShare = 0.5;
/** Buffers kept for the next batches, in full batches. */
const keptBatches = 2;

/** Group commit: appends share the batch that is open; while puts are under way the next batch fills. */
export function createBatcher(options: BatcherOptions): Batcher {
  return new GroupCommit(options);
}

class GroupCommit implements Batcher {
  readonly lineBytesMax: number;
  private readonly options: BatcherOptions;
  private readonly packer: Packer;
  private readonly context: DeliveryContext;
  private readonly gate: Gate;
  private readonly permits: Permits;
  private readonly room: Room;
  private readonly pool: BufferPool;
  private open: Batch | undefined;
  private cancelLinger: () => void = () => undefined;
  /** Full batches that wait for a put to end, oldest first. */
  private readonly waiting: Batch[] = [];
  private opened = 0;
  private begun = 0;
  /** Bytes of the last batch that was begun: the next one may be as large. */
  private lastBytes = 0;
  private draining = false;
  /** Those who wait until nothing is pending. */
  private readonly drains = new Set<() => void>();

  constructor(options: BatcherOptions) {
    this.options = options;
    const { clock, log, metrics, sink, pendingBytesMax, ackTimeoutMs, batchBytesMax } = options;
    this.packer = new Packer({ ...options, limits: sink.limits });
    const { compress } = this.packer;
    const lineBytesMax = Math.min(longestLineBytes, options.lineBytesMax ?? longestLineBytes);
    this.lineBytesMax = Math.min(this.packer.lineBytesMax, lineBytesMax);
    const pace = new Pace({ ...options, metrics: metrics.puts });
    const onShut = () => this.shut();
    this.gate = new Gate({ clock, log, metrics, sinkName: sink.name, onShut });
    this.permits = new Permits({ clock, pace, onRoom: () => this.pump() });
    const deliverableBytes = () =>
      Math.max(batchBytesMax, pace.deliverableBytes(ackTimeoutMs * deliverableShare));
    this.room = new Room({ clock, metrics: metrics.puts, pendingBytesMax, deliverableBytes });
    this.pool = new BufferPool(batchBytesMax, keptBatches * batchBytesMax);
    const { gate, permits } = this;
    const recovery = new Recovery(options.clock);
    this.context = { ...options, gate, pace, permits, recovery, compress };
  }

  get pendingBytes(): number {
    return this.room.pendingBytes;
  }

  get blocked(): SinkBlock | undefined {
    return this.gate.block;
  }

  assertRoom(): void {
    this.assertOpen();
    this.room.assertAny();
  }

  async append(lines: Uint8Array, timeoutMs = this.options.ackTimeoutMs): Promise<void> {
    if (lines.length === 0) return;
    // Before anything is accepted: later it would fail the batch, and those who share it.
    assertLinesFit(lines, this.lineBytesMax);
    this.assertOpen();
    this.room.take(lines.length);
    const { clock, ackTimeoutMs, metrics } = this.options;
    const append = new Append(lines.length, metrics.duplicateRisk);
    for (let start = 0; start < lines.length; ) {
      const batch = this.batchFor(lines.length - start);
      const end = start + cutAt(lines.subarray(start), 0, Math.max(batch.room, this.lineBytesMax));
      batch.add(append, lines.subarray(start, end), clock.monotonicMs());
      start = end;
    }
    if (this.draining || (this.open !== undefined && this.open.room <= 0)) this.closeOpen();
    this.pump();
    const waitMs = Math.min(timeoutMs, ackTimeoutMs);
    if (waitMs === Number.POSITIVE_INFINITY) return append.done;
    await within(clock, waitMs, append.done, () => {
      throw append.timeOut(waitMs);
    });
  }

  async drain(timeoutMs: number): Promise<number> {
    this.draining = true;
    this.closeOpen();
    this.pump();
    if (this.pendingBytes === 0) return 0;
    await new Promise<void>((resolve) => {
      const end = () => {
        cancel();
        this.drains.delete(end);
        resolve();
      };
      const cancel = this.options.clock.after(timeoutMs, end);
      this.drains.add(end);
    });
    return this.pendingBytes;
  }

  /** The open batch if `bytes` fit, else a new one; lines that fit no batch start with a new one. */
  private batchFor(bytes: number): Batch {
    const { batchBytesMax, clock, lingerMs } = this.options;
    if (this.open !== undefined && this.open.room < Math.min(bytes, batchBytesMax)) this.closeOpen();
    if (this.open !== undefined) return this.open;
    const batch = new Batch(++this.opened, batchBytesMax, Math.max(bytes, this.lastBytes / 2), this.pool);
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

  /** Begins batches that are full, or whose linger is over, while their puts may start. */
  private pump(): void {
    while (this.waiting.length > 0 || this.open?.due) {
      if (this.begun >= begunPerPut * this.options.putsInFlightMax || !this.permits.mayBegin()) return;
      if (this.waiting.length === 0) this.closeOpen();
      const batch = this.waiting.shift();
      if (batch !== undefined) void this.send(batch);
    }
  }

  /** Never rejects: what goes wrong reaches those who wait for the batch. */
  private async send(batch: Batch): Promise<void> {
    const { log, ackTimeoutMs, putsInFlightMax } = this.options;
    const asksNow = this.permits.begin();
    this.lastBytes = batch.byteLength;
    // More of them than puts: some wait between attempts, maybe for long.
    if (++this.begun > putsInFlightMax) batch.trim();
    const delivery = new Delivery(batch, batch.lastAppendMs + ackTimeoutMs, this.context);
    let isWhole = true;
    try {
      const block = await delivery.passGate();
      if (block !== undefined) this.fail(batch, block);
      else {
        const records = await this.packer.pack(batch.lines());
        asksNow();
        await delivery.run(records);
      }
    } catch (error) {
      // Something may still read its bytes.
      isWhole = false;
      log.error("batch failed on a defect", { error: describeError(error) });
      batch.failed(0, batch.byteLength, new SinkError("defect", "Cannot send a batch", { cause: error }));
    }
    asksNow();
    this.gate.leave(delivery);
    this.begun--;
    this.end(batch, isWhole);
    this.pump();
  }

  /** Nobody needs the batch any more; `isWhole`: nothing reads its bytes either. */
  private end(batch: Batch, isWhole: boolean): void {
    const bytes = batch.byteLength;
    if (isWhole) batch.release();
    this.room.give(bytes);
    if (this.pendingBytes === 0) for (const end of [...this.drains]) end();
  }

  /** The sink is blocked: who waits for an answer gets it now. */
  private shut(): void {
    this.permits.wakeAll();
    const block = this.gate.blockForNew;
    if (block === undefined || this.options.ackTimeoutMs === Number.POSITIVE_INFINITY) return;
    this.closeOpen();
    for (const batch of this.waiting.splice(0)) {
      this.fail(batch, block);
      this.end(batch, true);
    }
  }

  private fail(batch: Batch, { reason, message }: SinkBlock): void {
    batch.failed(0, batch.byteLength, new SinkError(reason, message));
  }

  /** Throws SinkError while the sink is blocked and someone waits for an answer. */
  private assertOpen(): void {
    const block = this.gate.blockForNew;
    if (block === undefined || this.options.ackTimeoutMs === Number.POSITIVE_INFINITY) return;
    throw new SinkError(block.reason, block.message);
  }
}
