/**
 * Empties the spool into a sink that takes records. Order is by age, as far as puts under way at the same time keep
 * one. The cursor follows the frames that are durable without a gap, about five times a second: that much may be put
 * twice when the program dies in between, and nothing tells afterwards which frames those were.
 */
import type { Batcher } from "../batch/batcher.ts";
import { type Clock, sleep, within } from "../clock.ts";
import { describeError, RefusedLinesError } from "../errors.ts";
import type { Log } from "../log.ts";
import type { Metrics } from "../metrics.ts";
import type { Quarantine, RefusedLine } from "../sink/sink.ts";
import type { Spool, SpoolFrame, SpoolPosition } from "../sink/spool/spool.ts";
import { release } from "../wire/release.ts";
import { CursorKeeper } from "./cursor-keeper.ts";
import type { Shipper } from "./shipper.ts";
import { splitUnfit } from "./unfit-lines.ts";

export interface ShipRecordsOptions {
  readonly spool: Spool;
  /** Over the real sink, with endless patience and a ceiling of `windowBytesMax` pending bytes. */
  readonly batcher: Batcher;
  /** For lines that are too long for the sink: a spool may come from a program with another one. */
  readonly quarantine: Quarantine;
  readonly sinkName: string;
  /** Bytes of lines read from the spool and not yet shipped, beyond which no more are read. */
  readonly windowBytesMax: number;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
}

/** Before the next attempt at what should not fail at all. */
const retryMs = 5_000;
/** A full window is looked at again after this time, beside each time a frame is shipped. */
const roomPollMs = 20;
/** A spool that nobody fills has no more frames when none comes in this time. */
const lastReadMs = 250;
const lastReads = 3;
/** Of the time to stop in, the part in which more frames are read; the rest is for those under way. */
const readingShare = 0.8;

/** Starts to ship at once. */
export function shipRecords(options: ShipRecordsOptions): Shipper {
  return new RecordShipper(options);
}

interface Underway {
  readonly end: SpoolPosition;
  readonly bytes: number;
  shipped: boolean;
}

class RecordShipper implements Shipper {
  shippedBytes = 0;
  private readonly options: ShipRecordsOptions;
  /** Where the next frame is read. */
  private position: SpoolPosition;
  /** Frames read and not yet behind `reached`, oldest first. */
  private readonly underway: Underway[] = [];
  private underwayBytes = 0;
  private wake: () => void = () => undefined;
  private readonly cursor: CursorKeeper;
  private stopping = false;
  /** Ends the wait for a frame. */
  private readonly interrupt = new AbortController();
  /** No more frames are read. */
  private readonly enoughRead = new AbortController();
  /** The time to stop in is over. */
  private readonly over = new AbortController();
  private readonly ended: Promise<void>;

  constructor(options: ShipRecordsOptions) {
    this.options = options;
    this.position = options.spool.cursor.position;
    this.cursor = new CursorKeeper(options);
    this.ended = this.run();
  }

  get blocked() {
    return this.options.batcher.blocked;
  }

  stop(timeoutMs: number): Promise<void> {
    const { clock } = this.options;
    this.stopping = true;
    this.interrupt.abort();
    if (Number.isFinite(timeoutMs)) {
      const cancels = [
        clock.after(timeoutMs * readingShare, () => this.enoughRead.abort()),
        clock.after(timeoutMs, () => this.end()),
      ];
      void this.ended.then(() => {
        for (const cancel of cancels) cancel();
      });
      // Nobody will have mended it by then, and the spool keeps the lines.
      if (this.blocked !== undefined) this.end();
    }
    return this.ended;
  }

  private end(): void {
    this.enoughRead.abort();
    this.over.abort();
  }

  private async run(): Promise<void> {
    for (let frame = await this.next(); frame !== undefined; frame = await this.next()) {
      await this.room(frame.lines.length);
      if (this.enoughRead.signal.aborted) break;
      this.position = frame.end;
      this.ship(frame);
    }
    await this.flush();
  }

  /** The next frame as soon as there is one; undefined: no more are to be shipped. */
  private async next(): Promise<SpoolFrame | undefined> {
    if (!this.stopping) {
      const frame = await this.read(this.position, this.interrupt.signal);
      if (frame !== undefined) return frame;
    }
    for (let reads = 0; reads < lastReads && !this.enoughRead.signal.aborted; reads++) {
      if (this.underway.length === 0) {
        await this.cursor.finish();
        if (this.options.spool.status().oldestMs === undefined) return undefined;
      }
      const frame = await this.readSoon(this.position);
      if (frame !== undefined) return frame;
      await this.flush();
    }
    return undefined;
  }

  /** A frame, unless there is none for a moment. */
  private async readSoon(from: SpoolPosition): Promise<SpoolFrame | undefined> {
    const abort = new AbortController();
    const cancel = this.options.clock.after(lastReadMs, () => abort.abort());
    try {
      return await this.read(from, abort.signal);
    } finally {
      cancel();
    }
  }

  private async read(from: SpoolPosition, signal: AbortSignal): Promise<SpoolFrame | undefined> {
    const { spool, log, clock } = this.options;
    while (!signal.aborted) {
      try {
        return await spool.read(from, signal);
      } catch (error) {
        log.error("cannot read the spool, trying again", { error: describeError(error) });
        await within(clock, retryMs, aborted(signal), () => undefined);
      }
    }
    return undefined;
  }

  /** Waits until a frame of `bytes` fits in the window, or there is no more time. */
  private async room(bytes: number): Promise<void> {
    const { batcher, windowBytesMax, clock } = this.options;
    while (!this.enoughRead.signal.aborted) {
      // What the batcher holds can be more: a batch is given up as a whole, its frames one by one.
      const held = Math.max(this.underwayBytes, batcher.pendingBytes);
      if (held === 0 || held + bytes <= windowBytesMax) return;
      await within(clock, roomPollMs, this.change(), () => undefined);
    }
  }

  /** Resolves when a frame is shipped. */
  private change(): Promise<void> {
    return new Promise((resolve) => {
      this.wake = resolve;
    });
  }

  private ship(frame: SpoolFrame): void {
    const one: Underway = { end: frame.end, bytes: frame.lines.length, shipped: false };
    this.underway.push(one);
    this.underwayBytes += one.bytes;
    void this.deliver(frame).then(() => this.shipped(one));
  }

  private shipped(one: Underway): void {
    one.shipped = true;
    this.underwayBytes -= one.bytes;
    this.shippedBytes += one.bytes;
    this.options.metrics.spool.shippedBytes.inc(one.bytes);
    while (this.underway[0]?.shipped) {
      const { end, bytes } = this.underway.shift()!;
      this.cursor.reach(end, bytes);
    }
    this.wake();
  }

  /** Resolves when every line is durable, or in the quarantine. Never rejects, and never gives up. */
  private async deliver(frame: SpoolFrame): Promise<void> {
    const { fit, unfit } = splitUnfit(frame.lines, this.options.batcher.lineBytesMax);
    const appended = this.append(fit, frame.start);
    if (unfit.length > 0) await this.keep(unfit);
    // The batcher has its own copy, for as long as it takes.
    else if (isWhole(frame.lines)) release(frame.lines);
    await appended;
  }

  /** Takes the lines at once. */
  private async append(lines: Uint8Array, start: SpoolPosition): Promise<void> {
    const { batcher, log, clock } = this.options;
    for (let fit: Uint8Array | undefined = lines; fit !== undefined; fit = await this.readAgain(start)) {
      try {
        await batcher.append(fit);
        return;
      } catch (error) {
        if (error instanceof RefusedLinesError) return;
        log.error("cannot ship lines of the spool, trying again", { error: describeError(error) });
        await sleep(clock, retryMs);
      }
    }
  }

  /** What fits of the frame that starts there; undefined: it is not in the spool any more. */
  private async readAgain({ segment, offsetBytes }: SpoolPosition): Promise<Uint8Array | undefined> {
    const frame = await this.readSoon({ segment, offsetBytes });
    const isSame = frame?.start.segment === segment && frame.start.offsetBytes === offsetBytes;
    return frame && isSame ? splitUnfit(frame.lines, this.options.batcher.lineBytesMax).fit : undefined;
  }

  private async keep(unfit: readonly RefusedLine[]): Promise<void> {
    const { quarantine, sinkName, log, clock, metrics } = this.options;
    for (;;) {
      try {
        await quarantine.keep(unfit, sinkName);
        for (const { reason } of unfit) metrics.quarantinedLines.inc({ reason });
        return;
      } catch (error) {
        log.error("cannot keep lines in the quarantine, trying again", { error: describeError(error) });
        await sleep(clock, retryMs);
      }
    }
  }

  /** Sends what waits for company; resolves when nothing is under way and the cursor says so, or time is over. */
  private async flush(): Promise<void> {
    await this.options.batcher.drain(0);
    const over = aborted(this.over.signal);
    while (this.underway.length > 0 && !this.over.signal.aborted) await Promise.race([this.change(), over]);
    await this.cursor.finish();
  }
}

/** Whether its buffer holds nothing else. */
function isWhole(bytes: Uint8Array): boolean {
  return bytes.length === bytes.buffer.byteLength;
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
}
