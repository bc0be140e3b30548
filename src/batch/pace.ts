import type { Clock } from "../clock.ts";
import type { PutMetrics } from "../metrics.ts";
import { DeliveredRate } from "./delivered-rate.ts";
import { PutSize } from "./put-size.ts";
import { UsualDuration } from "./usual-duration.ts";

/** Puts that may always be under way, if the ceiling allows: one that hangs does not stop all others. */
const putsFloor = 2;
/** What remains of the limit, and of the pace, after a put that was throttled, and of the limit after a slow one. */
const afterThrottling = { limit: 0.7, pace: 0.85 };
const afterSlowness = 0.85;
/** After throttling that took nothing it doubles each second, up to where it was before: that was possible. */
const doublesInMs = 1_000;
/** From there on it grows by this share of the best rate delivered so far, each second. */
const growthPerSecond = 0.05;
const growthMinBytes = 64 * 1024;
const paceMinBytes = 64 * 1024;
/** Without throttling for so long, there is no pace. By then it has grown far beyond what was delivered. */
const liftAfterMs = 30_000;
/** A put is cut to what the pace allows in this time, and holds up the next one for no longer than `delayMaxMs`. */
const putMs = 500;
const delayMaxMs = 2_000;

export interface PaceOptions {
  readonly clock: Pick<Clock, "monotonicMs">;
  readonly metrics: PutMetrics;
  /** The most puts that may be under way. */
  readonly putsInFlightMax: number;
  /** Longest duration of one put, in ms. */
  readonly putTimeoutMs: number;
}

/** How a put went, as far as the pace goes. */
export interface PutReport {
  /** When it began, on the monotonic clock. */
  readonly startedMs: number;
  /** Bytes of its records. */
  readonly bytes: number;
  /** Bytes of those records that are durable, and of their lines. */
  readonly durableBytes: number;
  readonly durableRawBytes: number;
  /** The service asked for a slower pace, and another way does not help. */
  readonly throttled: boolean;
}

/**
 * How much the sink is asked to do at once: puts in flight and, after throttling, bytes a second. Both grow by steps
 * and shrink by a factor, once for all puts that were under way together, so that many receivers come to share a
 * stream (https://doi.org/10.1016/0169-7552(89)90019-6).
 */
export class Pace {
  private readonly options: PaceOptions;
  private readonly floor: number;
  private readonly delivered = new DeliveredRate();
  private readonly usual = new UsualDuration();
  private readonly size: PutSize;
  private limitNow: number;
  /** Bytes a second; 0: not paced. */
  private bytesPerSecond = 0;
  private bestRate = 0;
  /** The pace after the last throttling that came along with something delivered. */
  private provenPace = 0;
  private isDelivering = false;
  private rawPerByte = 1;
  private nextStartMs = 0;
  private throttledAtMs = 0;
  private decreasedAtMs = Number.NEGATIVE_INFINITY;
  private grewAtMs = 0;

  constructor(options: PaceOptions) {
    this.options = options;
    this.floor = Math.min(putsFloor, options.putsInFlightMax);
    this.limitNow = options.putsInFlightMax;
    this.size = new PutSize(options.putTimeoutMs);
    this.tell();
  }

  /** How many puts may be under way. */
  get putsLimit(): number {
    return Math.floor(this.limitNow);
  }

  /** How long the next put has to wait for its turn, in ms. */
  get delayMs(): number {
    this.liftIfOver();
    return this.bytesPerSecond === 0 ? 0 : Math.max(0, this.nextStartMs - this.options.clock.monotonicMs());
  }

  /** How large one put should be at most, in bytes; Infinity: the pace does not say. */
  get putBytesMax(): number {
    this.liftIfOver();
    const { bytesMax } = this.size;
    return this.bytesPerSecond === 0 ? bytesMax : Math.min(bytesMax, (this.bytesPerSecond * putMs) / 1000);
  }

  /** How large a record should be at most, in bytes, so that a put of it alone ends in time; Infinity: as it is. */
  get recordBytesMax(): number {
    return this.size.bytesMax;
  }

  /** Bytes of lines that can be delivered in `ms`; Infinity: nothing is known to stand against it. */
  deliverableBytes(ms: number): number {
    this.liftIfOver();
    if (this.bytesPerSecond === 0) return Number.POSITIVE_INFINITY;
    return (this.bytesPerSecond * this.rawPerByte * ms) / 1000;
  }

  /** A put of so many bytes begins. */
  began(bytes: number): void {
    if (this.bytesPerSecond === 0) return;
    const nowMs = this.options.clock.monotonicMs();
    const holdMs = Math.min(delayMaxMs, (bytes / this.bytesPerSecond) * 1000);
    this.nextStartMs = Math.max(this.nextStartMs, nowMs) + holdMs;
  }

  ended(report: PutReport): void {
    const nowMs = this.options.clock.monotonicMs();
    const { startedMs, bytes, durableBytes, durableRawBytes, throttled } = report;
    this.delivered.add(startedMs, nowMs, durableBytes);
    if (durableBytes > 0) this.rawPerByte += (durableRawBytes / durableBytes - this.rawPerByte) / 8;
    if (durableBytes > 0) this.isDelivering = true;
    this.size.ended(startedMs, nowMs, bytes, durableBytes > 0);
    const isSlow = this.usual.isSlow(bytes, nowMs - startedMs, nowMs);
    // Puts that were under way at the last decrease speak of the time before it.
    const isNews = startedMs >= this.decreasedAtMs;
    if (throttled) {
      this.throttledAtMs = nowMs;
      if (isNews) this.slowDown(nowMs);
    } else if (isSlow) {
      if (isNews) this.shrink(afterSlowness, nowMs);
    } else if (durableBytes > 0) {
      this.limitNow = Math.min(this.options.putsInFlightMax, this.limitNow + 1 / this.limitNow);
      this.grow(nowMs);
    }
    this.tell();
  }

  private slowDown(nowMs: number): void {
    const rate = this.delivered.bytesPerSecond(nowMs);
    // What was best long ago may never be again.
    this.bestRate = Math.max(rate, this.bestRate * 0.95);
    const base =
      this.bytesPerSecond === 0
        ? rate
        : Math.min(this.bytesPerSecond, Math.max(rate, this.bytesPerSecond / 2));
    this.bytesPerSecond = Math.max(paceMinBytes, base * afterThrottling.pace);
    // What takes nothing at all says nothing of the pace that is possible afterwards.
    if (this.isDelivering) this.provenPace = this.bytesPerSecond;
    this.isDelivering = false;
    this.grewAtMs = nowMs;
    this.shrink(afterThrottling.limit, nowMs);
  }

  private shrink(factor: number, nowMs: number): void {
    this.limitNow = Math.max(this.floor, this.limitNow * factor);
    this.decreasedAtMs = nowMs;
  }

  private grow(nowMs: number): void {
    if (this.bytesPerSecond === 0) return;
    // Not for time in which nothing was put.
    const elapsedMs = Math.min(delayMaxMs, nowMs - this.grewAtMs);
    this.grewAtMs = nowMs;
    if (this.bytesPerSecond < this.provenPace) {
      const doubled = this.bytesPerSecond * 2 ** (elapsedMs / doublesInMs);
      this.bytesPerSecond = Math.min(this.provenPace, doubled);
    } else {
      const perSecond = Math.max(growthMinBytes, this.bestRate * growthPerSecond);
      this.bytesPerSecond += (perSecond * elapsedMs) / 1000;
    }
    this.liftIfOver();
  }

  private liftIfOver(): void {
    if (this.bytesPerSecond === 0) return;
    if (this.options.clock.monotonicMs() - this.throttledAtMs < liftAfterMs) return;
    this.bytesPerSecond = 0;
    this.tell();
  }

  private tell(): void {
    this.options.metrics.putsInFlightLimit.set(this.putsLimit);
    this.options.metrics.paceBytesPerSecond.set(Math.round(this.bytesPerSecond));
  }
}
