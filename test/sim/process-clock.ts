import type { Clock } from "../../src/clock.ts";

/** The clock of one process: a crash takes all its timers with it. */
export class ProcessClock implements Clock {
  private readonly outer: Clock;
  /** The machine's wall clock minus the true time, in ms. */
  private readonly offMs: number;
  private readonly cancels = new Set<() => void>();
  private dead = false;

  constructor(outer: Clock, offMs = 0) {
    this.outer = outer;
    this.offMs = offMs;
  }

  get isDead(): boolean {
    return this.dead;
  }

  now(): number {
    return this.outer.now() + this.offMs;
  }

  monotonicMs(): number {
    return this.outer.monotonicMs();
  }

  after(delayMs: number, run: () => void): () => void {
    if (this.dead) return () => undefined;
    const cancelOuter = this.outer.after(delayMs, () => {
      this.cancels.delete(cancel);
      run();
    });
    const cancel = () => {
      this.cancels.delete(cancel);
      cancelOuter();
    };
    this.cancels.add(cancel);
    return cancel;
  }

  /** Timers that have not run and are not cancelled. */
  get pendingTimers(): number {
    return this.cancels.size;
  }

  kill(): void {
    this.dead = true;
    for (const cancel of [...this.cancels]) cancel();
  }
}
