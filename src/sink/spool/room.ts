/** Whether the spool takes more, and what happens when it does not. */
import type { Log } from "../../log.ts";
import { limitLog } from "../../log-limit.ts";
import { faultMessage } from "../file/fault.ts";
import type { SpoolContents } from "./contents.ts";
import type { Segment } from "./segments.ts";

export type FullPolicy = "refuse" | "drop-oldest";

export interface RoomOptions {
  readonly contents: SpoolContents;
  /** Ceiling on the bytes of all segments. */
  readonly bytesMax: number;
  /** The spool is full once its oldest unshipped lines are older; 0: any age. */
  readonly ageMaxMs: number;
  readonly whenFull: FullPolicy;
}

export class SpoolRoom {
  readonly #options: RoomOptions;
  readonly #log: Log;
  /** Bytes that found no room when somebody last asked. */
  #refusedBytes = 0;

  constructor(options: RoomOptions) {
    this.#options = options;
    const { log, clock } = options.contents.options;
    this.#log = limitLog(log, clock, { burst: 1, intervalMs: 60_000 });
  }

  /** Why what came last is not taken, and what to do; undefined: there is room. */
  get full(): string | undefined {
    if (this.#options.whenFull === "drop-oldest") return undefined;
    return this.#fullOf(Math.max(1, this.#refusedBytes));
  }

  /**
   * Makes room for `bytes` as far as that is allowed and answers why there is none. `release` ends the active segment
   * so that it can go.
   */
  async make(bytes: number, release: () => Promise<void>): Promise<string | undefined> {
    const { contents, whenFull } = this.#options;
    let full = this.#fullOf(bytes);
    if (full !== undefined && this.#activeIsShipped()) {
      await release();
      await contents.settle();
      full = this.#fullOf(bytes);
    }
    if (full !== undefined && whenFull === "drop-oldest") full = await this.#drop(bytes, release);
    this.#refusedBytes = full === undefined ? 0 : bytes;
    return full;
  }

  #fullOf(bytes: number): string | undefined {
    const { contents, bytesMax, ageMaxMs } = this.#options;
    const used = contents.bytes;
    const nowMs = contents.options.clock.now();
    const oldestAgeMs = contents.oldestMs === undefined ? 0 : Math.max(0, nowMs - contents.oldestMs);
    const isOver = this.#isOver(bytes);
    if (!isOver && !(ageMaxMs > 0 && oldestAgeMs > ageMaxMs)) return undefined;
    const what = isOver
      ? `${used} of ${bytesMax} bytes are used and ${bytes} more are to come`
      : `its oldest lines wait longer than --spool-age, ${Math.round(ageMaxMs / 1000)} s`;
    const oldest = `the oldest lines are ${Math.round(oldestAgeMs / 1000)} s old`;
    const advice = isOver ? "raise --spool-bytes" : "raise --spool-age";
    return `the spool is full: ${what}; ${oldest}; look why the sink takes nothing, or ${advice}`;
  }

  #activeIsShipped(): boolean {
    const { contents } = this.#options;
    const active = [...contents.segments].find(({ isActive }) => isActive);
    return active !== undefined && contents.isShipped(active);
  }

  async #drop(bytes: number, release: () => Promise<void>): Promise<string | undefined> {
    const { contents } = this.#options;
    let dropped = false;
    for (let full = this.#fullOf(bytes); full !== undefined; full = this.#fullOf(bytes)) {
      const oldest = contents.segments.oldest;
      // Too old alone is no reason to remove what is younger in the same segment.
      const isOver = this.#isOver(bytes);
      if (oldest === undefined) return full;
      if (!isOver && !this.#isTooOld(oldest)) break;
      if (oldest.isActive) await release();
      const lostBytes = await contents.unshippedBytes(oldest);
      const isRemoved = await contents.remove(oldest);
      contents.options.metrics.droppedBytes.inc(lostBytes);
      this.#log.error(
        "the spool is full: its oldest lines are removed unshipped (--spool-full drop-oldest)",
        {
          path: oldest.path,
          bytes: lostBytes,
        },
      );
      dropped = true;
      await contents.settle();
      // What the disk does not let go makes no room.
      if (!isRemoved) break;
    }
    if (dropped) await this.#rememberNumbers();
    return this.#isOver(bytes) ? this.#fullOf(bytes) : undefined;
  }

  #isOver(bytes: number): boolean {
    return this.#options.contents.bytes + bytes > this.#options.bytesMax;
  }

  async #rememberNumbers(): Promise<void> {
    try {
      await this.#options.contents.saveLastSegment();
    } catch (error) {
      this.#log.warn("cannot save the spool's cursor", { error: faultMessage(error) });
    }
  }

  #isTooOld(segment: Segment): boolean {
    const { contents, ageMaxMs } = this.#options;
    const newestMs = segment.lastMs ?? contents.segments.after(segment.number)?.createdMs;
    return newestMs !== undefined && contents.options.clock.now() - newestMs > ageMaxMs;
  }
}
