/** Puts go one after the other into the active segment; those that wait together share one write and one fsync. */
import { describeError } from "../../errors.ts";
import { FileFault, faultMessage } from "../file/fault.ts";
import { durable, type Outcome, type Retryable } from "../sink.ts";
import { type ActiveSegment, createSegment } from "./active-segment.ts";
import type { SpoolContents } from "./contents.ts";
import { frameHeaderBytes } from "./frame.ts";
import type { StoredRecord } from "./record.ts";
import type { SpoolRoom } from "./room.ts";
import { segmentHeaderBytes } from "./segment.ts";

/** Puts share an fsync up to this many bytes. */
const groupBytesMax = 16 * 1024 * 1024;
/** How often records are written again because somebody moved the segment away under the writer. */
const attemptsMax = 3;
/** How long a fault of the disk counts as the reason why nothing is taken; meanwhile nobody asks the disk again. */
const faultMs = 2_000;

export interface WriterOptions {
  readonly contents: SpoolContents;
  readonly room: SpoolRoom;
  /** A segment that has reached this length is followed by the next. */
  readonly segmentBytes: number;
  /** And one that is older than this; 0: at any age. */
  readonly segmentAgeMs: number;
  /** Called when records became durable. */
  readonly onDurable: () => void;
}

interface Waiting {
  readonly records: readonly StoredRecord[];
  readonly bytes: number;
  readonly signal: AbortSignal;
  readonly resolve: (outcome: Outcome) => void;
}

export class SpoolWriter {
  readonly #options: WriterOptions;
  #active: ActiveSegment | undefined;
  #waiting: Waiting[] = [];
  #fault: { readonly message: string; readonly atMs: number } | undefined;
  #isClosed = false;
  #running: Promise<void> | undefined;

  constructor(options: WriterOptions) {
    this.#options = options;
  }

  /** What the disk said when it last refused, while that was just now. */
  get fault(): string | undefined {
    const { clock } = this.#options.contents.options;
    const isFresh = this.#fault !== undefined && clock.monotonicMs() - this.#fault.atMs < faultMs;
    return isFresh ? this.#fault?.message : undefined;
  }

  /** Appends records; one outcome for all of them. Never rejects. */
  append(records: readonly StoredRecord[], signal: AbortSignal): Promise<Outcome> {
    if (this.#isClosed) return Promise.resolve(retryable("closed", "cannot append: the spool is closed"));
    const bytes = records.reduce((sum, { data }) => sum + frameHeaderBytes + data.length, 0);
    return new Promise((resolve) => {
      this.#waiting.push({ records, bytes, signal, resolve });
      this.#running ??= this.#runAll();
    });
  }

  /** Waits for the appends under way and marks the end of the active segment. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#running;
    await this.#endActive();
  }

  async #runAll(): Promise<void> {
    // Puts of the same turn belong to one group.
    await Promise.resolve();
    while (this.#waiting.length > 0) {
      const group = await this.#takeGroup();
      if (group.length === 0) continue;
      const outcome = await this.#write(group.flatMap(({ records }) => records));
      for (const { resolve } of group) resolve(outcome);
    }
    this.#running = undefined;
  }

  async #takeGroup(): Promise<readonly Waiting[]> {
    const group: Waiting[] = [];
    let groupBytes = segmentHeaderBytes;
    for (let next = this.#waiting[0]; next !== undefined; next = this.#waiting[0]) {
      if (next.signal.aborted) {
        this.#waiting.shift();
        next.resolve(retryable("aborted", "cannot append: the put was given up before its turn came"));
        continue;
      }
      if (group.length > 0 && groupBytes + next.bytes > groupBytesMax) break;
      const full = await this.#options.room.make(groupBytes + next.bytes, () => this.#endActive());
      if (full !== undefined && group.length > 0) break;
      this.#waiting.shift();
      if (full !== undefined) {
        next.resolve(retryable("spool-full", full));
        continue;
      }
      group.push(next);
      groupBytes += next.bytes;
    }
    return group;
  }

  async #write(records: readonly StoredRecord[]): Promise<Outcome> {
    const { contents, onDurable } = this.#options;
    const { log, directory, clock } = contents.options;
    try {
      for (let attempt = 1; attempt <= attemptsMax; attempt++) {
        const active = await this.#usableSegment();
        if ((await active.append(records)) === "durable") {
          this.#fault = undefined;
          contents.appended(records[0]?.appendedMs ?? clock.now());
          onDurable();
          return durable;
        }
        log.warn("the active segment was moved, cut or removed; its last records are written again", {
          path: active.segment.path,
        });
        await this.#giveUp();
      }
      const message = `cannot append in ${directory}: each new segment was moved or removed at once; stop what does it`;
      return retryable("moved", message);
    } catch (error) {
      const fault = error instanceof FileFault ? error : undefined;
      const message = fault?.message ?? `cannot append in ${directory}: ${describeError(error)}`;
      this.#fault = { message, atMs: clock.monotonicMs() };
      const unconfirmed = !(await this.#giveUp());
      return { ...retryable(fault?.code ?? "unknown", message), unconfirmed };
    }
  }

  async #usableSegment(): Promise<ActiveSegment> {
    const { contents, segmentBytes, segmentAgeMs } = this.#options;
    const { files, directory, clock } = contents.options;
    const segment = this.#active?.segment;
    const isFull = segment !== undefined && segment.bytes >= segmentBytes;
    const isOld =
      segment !== undefined && segmentAgeMs > 0 && clock.now() - segment.createdMs >= segmentAgeMs;
    if (isFull || isOld) await this.#endActive();
    if (this.#active !== undefined) return this.#active;
    const next = contents.addSegment();
    try {
      this.#active = await createSegment({ files, directory, segment: next });
    } catch (error) {
      contents.segments.delete(next);
      throw error;
    }
    return this.#active;
  }

  /** Marks the active segment's end and closes it. */
  async #endActive(): Promise<void> {
    const active = this.#active;
    if (active === undefined) return;
    const { log, clock } = this.#options.contents.options;
    try {
      await active.seal(clock.now());
    } catch (error) {
      // Nothing is lost without the mark.
      log.debug("cannot mark the end of a segment", { error: faultMessage(error) });
    }
    await this.#letGo(active);
  }

  /**
   * After a fault: what was acknowledged stays, the rest is cut off, nothing more is written to it. False: the rest may
   * still be there, and after a restart it is a duplicate.
   */
  async #giveUp(): Promise<boolean> {
    const active = this.#active;
    if (active === undefined) return true;
    let isCut = true;
    const { contents } = this.#options;
    if (active.hasFrames) {
      const { path, readableBytes: bytes } = active.segment;
      contents.options.log.warn("a segment is given up after a fault; what was acknowledged is kept", {
        path,
        bytes,
      });
    }
    try {
      await active.cut();
    } catch (error) {
      // What stays behind the acknowledged end is read by nobody before a restart.
      isCut = false;
      contents.options.log.debug("cannot cut a segment", { error: faultMessage(error) });
    }
    await this.#letGo(active);
    if (!active.hasFrames) isCut = (await contents.remove(active.segment)) || isCut;
    return isCut;
  }

  async #letGo(active: ActiveSegment): Promise<void> {
    const { contents, onDurable } = this.#options;
    this.#active = undefined;
    active.segment.isActive = false;
    try {
      await active.close();
    } catch (error) {
      // All that was acknowledged was fsynced before: closing has nothing left to write.
      contents.options.log.warn("cannot close a segment", { error: faultMessage(error) });
    }
    // Who waits for more of this segment has to look into the next one.
    onDurable();
  }
}

function retryable(reason: string, message: string): Retryable {
  return { kind: "retryable", throttled: false, reason, message };
}
