import type { Clock } from "../clock.ts";

/** So long nothing was durable before it counts as an outage; below it, pauses are what keeps the pace. */
const outageMinMs = 2_000;

/**
 * The pauses between attempts. After an outage the first durable record ends all of them: the oldest lines would
 * otherwise sit out their last and longest pause while younger ones pass them by, and with a spool nothing that
 * passed counts as shipped before they have.
 */
export class Recovery {
  private readonly clock: Clock;
  private readonly pauses = new Set<() => void>();
  private lastDurableMs = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock) {
    this.clock = clock;
  }

  /** Resolves after `delayMs`, or when an outage is over. */
  pause(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      const end = () => {
        cancel();
        this.pauses.delete(end);
        resolve();
      };
      const cancel = this.clock.after(delayMs, end);
      this.pauses.add(end);
    });
  }

  /** The sink took a record just now. */
  durable(): void {
    const nowMs = this.clock.monotonicMs();
    const isOver = nowMs - this.lastDurableMs >= outageMinMs;
    this.lastDurableMs = nowMs;
    if (isOver) for (const end of [...this.pauses]) end();
  }
}
