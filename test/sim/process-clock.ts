import type { Clock } from "../../src/clock.ts";

/** The clock of one process: a crash takes all its timers with it. */
export class ProcessClock implements Clock {
  private readonly outer: Clock;
  private readonly cancels = new Set<() => void>();
  private dead = false;

  constructor(outer: Clock) {
    this.outer = outer;
  }

  now(): number {
    return this.outer.now();
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
