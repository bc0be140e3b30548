import type { Clock } from "../clock.ts";
import type { Pace } from "./pace.ts";

/** Someone who waits for a permit to put. */
interface Request {
  readonly order: number;
  /** Bytes of the records it is going to put. */
  readonly bytes: number;
  /** When nobody waits for it any more, on the monotonic clock. */
  readonly deadlineMs: number;
  readonly resolve: (granted: boolean) => void;
}

export interface PermitsOptions {
  readonly clock: Clock;
  readonly pace: Pace;
  /** Called when a new batch might begin. */
  readonly onRoom: () => void;
}

function isNewer(one: Request, other: Request): boolean {
  return one.order > other.order;
}

/**
 * The smallest part of a batch goes first: so single lines are reached after log2 of the lines, which is soon enough to
 * see that all of them are refused, and not after half as many puts as the batch has lines.
 */
function isLargerOrNewer(one: Request, other: Request): boolean {
  return isNewer(one, other) || (one.order === other.order && one.bytes > other.bytes);
}

/**
 * Who may put next. One permit a put, as many as the pace allows. The lines of older batches go before those of newer
 * ones, so what is put again goes before what is new. Puts that isolate refused lines may be many: they take turns with
 * all others, so neither waits for the end of the other. Whoever waits between two attempts holds no permit.
 */
export class Permits {
  private readonly options: PermitsOptions;
  /** Ordered by age. */
  private readonly ordinary: Request[] = [];
  /** Ordered by age, then the smallest first. */
  private readonly isolating: Request[] = [];
  private ordinaryHeld = 0;
  private isolatingHeld = 0;
  /** Batches that were begun and have not asked for a permit yet. */
  private beginning = 0;
  private lastWasIsolating = false;
  private cancelTimer: (() => void) | undefined;

  constructor(options: PermitsOptions) {
    this.options = options;
  }

  /** Whether a new batch would find a permit, all older lines provided for. If only time is missing, it comes back. */
  mayBegin(): boolean {
    const claimed = this.ordinaryHeld + this.ordinary.length + this.beginning;
    if (claimed >= this.options.pace.putsLimit) return false;
    if (this.options.pace.delayMs === 0) return true;
    this.setTimer();
    return false;
  }

  /** A batch is begun; the answer tells that it asks for permits from now on, or never. */
  begin(): () => void {
    this.beginning++;
    let isBeginning = true;
    return () => {
      if (isBeginning) this.beginning--;
      isBeginning = false;
    };
  }

  /** Resolves with true when a put may start, with false when the caller should see whether it still wants to. */
  acquire(order: number, bytes: number, isolates: boolean, deadlineMs: number): Promise<boolean> {
    return new Promise((resolve) => {
      const request = { order, bytes, deadlineMs, resolve };
      const queue = isolates ? this.isolating : this.ordinary;
      const goesAfter = isolates ? isLargerOrNewer : isNewer;
      let at = queue.length;
      while (at > 0 && goesAfter(queue[at - 1]!, request)) at--;
      queue.splice(at, 0, request);
      this.grant();
    });
  }

  release(isolates: boolean): void {
    if (isolates) this.isolatingHeld--;
    else this.ordinaryHeld--;
    this.grant();
    this.options.onRoom();
  }

  /** Lets all who wait look again. */
  wakeAll(): void {
    for (const { resolve } of [...this.ordinary.splice(0), ...this.isolating.splice(0)]) resolve(false);
  }

  private grant(): void {
    const { pace, clock } = this.options;
    while (this.ordinaryHeld + this.isolatingHeld < pace.putsLimit) {
      const isolates = this.isolating.length > 0 && (this.ordinary.length === 0 || !this.lastWasIsolating);
      const queue = isolates ? this.isolating : this.ordinary;
      const [first] = queue;
      if (first === undefined) return;
      if (first.deadlineMs <= clock.monotonicMs()) {
        // What comes too late takes nobody's turn: after an outage that would be what all others wait for.
        queue.shift();
        first.resolve(false);
        continue;
      }
      if (pace.delayMs > 0) {
        this.setTimer();
        return;
      }
      queue.shift();
      this.lastWasIsolating = isolates;
      if (isolates) this.isolatingHeld++;
      else this.ordinaryHeld++;
      pace.began(first.bytes);
      first.resolve(true);
    }
  }

  private setTimer(): void {
    if (this.cancelTimer !== undefined) return;
    this.cancelTimer = this.options.clock.after(this.options.pace.delayMs, () => {
      this.cancelTimer = undefined;
      this.grant();
      this.options.onRoom();
    });
  }
}
