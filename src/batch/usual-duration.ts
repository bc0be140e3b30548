/** The shortest duration of the last one to two of these is the usual one: what lasts for minutes is no exception. */
const periodMs = 30_000;
/** Slow is what takes several times as long as usual, and noticeably so. */
const slowFactor = 3;
const slowExtraMs = 100;
/** Puts within a factor of four in bytes are alike. */
const alike = Math.log(4);

interface Shortest {
  sinceMs: number;
  nowMs: number;
  beforeMs: number;
}

/** Tells puts that take clearly longer than puts of their size usually do. */
export class UsualDuration {
  private readonly bySize = new Map<number, Shortest>();

  /** Whether a put of `bytes` that ends now was slow; from then on it counts among the usual. */
  isSlow(bytes: number, durationMs: number, nowMs: number): boolean {
    const size = Math.floor(Math.log(Math.max(1, bytes)) / alike);
    const shortest = this.bySize.get(size);
    if (shortest === undefined) {
      this.bySize.set(size, { sinceMs: nowMs, nowMs: durationMs, beforeMs: durationMs });
      return false;
    }
    if (nowMs - shortest.sinceMs >= periodMs) {
      // After a pause of more than a period nothing is left of before.
      shortest.beforeMs = nowMs - shortest.sinceMs < 2 * periodMs ? shortest.nowMs : durationMs;
      shortest.nowMs = durationMs;
      shortest.sinceMs = nowMs;
    }
    shortest.nowMs = Math.min(shortest.nowMs, durationMs);
    const usualMs = Math.min(shortest.nowMs, shortest.beforeMs);
    return durationMs > usualMs * slowFactor + slowExtraMs;
  }
}
