/** However long puts take, they need not be smaller. */
const bytesMin = 64 * 1024;
/** Above this the sinks' own limits count. */
const bytesTop = 16 * 1024 * 1024;
/** Of the longest time that a put may take: below it there is room for twice as much; above it, it had none. */
const quickShare = 0.25;
const overdueShare = 0.9;

/**
 * How large a put may be so that it ends in its time. Over a slow link a large one never would, however often it is
 * put again: so the next one is half as large, and later ones, as long as they are quick, grow again.
 */
export class PutSize {
  /** Infinity: nothing speaks against the largest. */
  bytesMax = Number.POSITIVE_INFINITY;
  private readonly putTimeoutMs: number;
  private changedAtMs = Number.NEGATIVE_INFINITY;
  /** The last put that was quick. */
  private quick = { endedMs: Number.NEGATIVE_INFINITY, bytes: 0 };

  constructor(putTimeoutMs: number) {
    this.putTimeoutMs = putTimeoutMs;
  }

  /** A put of `bytes`, of which some became durable or none, took from `startedMs` to `nowMs`. */
  ended(startedMs: number, nowMs: number, bytes: number, isTaken: boolean): void {
    const share = (nowMs - startedMs) / this.putTimeoutMs;
    if (isTaken) {
      if (share >= quickShare) return;
      this.quick = { endedMs: nowMs, bytes };
      if (bytes >= this.bytesMax / 2) this.bytesMax *= 2;
      if (this.bytesMax > bytesTop) this.bytesMax = Number.POSITIVE_INFINITY;
      return;
    }
    // Puts that were under way at the last change were too large before it.
    if (share < overdueShare || startedMs < this.changedAtMs) return;
    // One that hangs while others of its size are quick is not too large.
    if (this.quick.endedMs > startedMs && this.quick.bytes >= bytes / 2) return;
    this.bytesMax = Math.max(bytesMin, Math.min(this.bytesMax, bytes) / 2);
    this.changedAtMs = nowMs;
  }
}
