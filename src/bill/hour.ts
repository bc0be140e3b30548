/** How fast counters grew in the last hour. */

/** Values of counters by name; they only grow. */
export type Counts = Readonly<Record<string, number>>;

export interface Growth {
  /** The time that it is made of, in ms. */
  readonly windowMs: number;
  /** By name. */
  readonly perSecond: Counts;
}

const hourMs = 3_600_000;
const minuteMs = 60_000;

export class LastHour {
  /** At most one a minute, oldest first; the first is an hour old, or the start. */
  private readonly seen: { readonly atMs: number; readonly counts: Counts }[] = [];

  /** Looks at the counters as they are at `atMs`, on a clock that never goes back. */
  see(atMs: number, counts: Counts): void {
    const last = this.seen.at(-1);
    if (last !== undefined && atMs - last.atMs < minuteMs) return;
    this.seen.push({ atMs, counts });
    // The second one is old enough to begin the hour.
    while (this.seen.length > 1 && atMs - this.seen[1]!.atMs >= hourMs) this.seen.shift();
  }

  /**
   * Growth up to now, over the last hour or since the first look. The first minute is taken for a whole one: a burst
   * that begins it says nothing of a day.
   */
  growth(nowMs: number, counts: Counts): Growth {
    const first = this.seen[0] ?? { atMs: nowMs, counts };
    const windowMs = nowMs - first.atMs;
    const seconds = Math.max(windowMs, minuteMs) / 1000;
    const names = Object.keys(counts);
    const grown = names.map((name) => [name, (counts[name]! - (first.counts[name] ?? 0)) / seconds] as const);
    return { windowMs, perSecond: Object.fromEntries(grown) };
  }
}
