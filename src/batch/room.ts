import type { Clock } from "../clock.ts";
import { OverloadedError } from "../errors.ts";
import type { PutMetrics } from "../metrics.ts";

/** When a sender that found no room should come again. */
const retryAfterMs = 2_000;
/** So long after its refusal, room is kept free for the largest append that found none: it has come back by then. */
const reservedFromMs = retryAfterMs;
const reservedUntilMs = 5 * retryAfterMs;
/** After a reservation that nobody claimed, the next one begins no sooner than this. */
const unclaimedPauseMs = reservedUntilMs;

interface Reservation {
  readonly bytes: number;
  readonly sinceMs: number;
}

export interface RoomOptions {
  readonly clock: Pick<Clock, "monotonicMs">;
  readonly metrics: PutMetrics;
  /** Ceiling on accepted bytes that are not yet decided. */
  readonly pendingBytesMax: number;
  /** What can be delivered while senders wait, in bytes of lines; Infinity: more than the ceiling. */
  readonly deliverableBytes: () => number;
}

/**
 * The ceiling on pending bytes, shared fairly. Lines beyond it are refused, but for those that come while nothing is
 * pending. An append that is refused would find no room for ever where small ones always fit: so from two seconds after
 * its refusal the room it needs is kept from smaller ones, for some seconds, until it (or one as large) takes it.
 */
export class Room {
  private readonly options: RoomOptions;
  private pending = 0;
  private reservation: Reservation | undefined;
  private pausedUntilMs = 0;

  constructor(options: RoomOptions) {
    this.options = options;
  }

  get pendingBytes(): number {
    return this.pending;
  }

  /** Throws OverloadedError when there is no room for anything. */
  assertAny(): void {
    if (this.pending > 0 && this.pending >= this.ceiling) throw this.overloaded();
  }

  /** Accepts `bytes`, or throws OverloadedError. */
  take(bytes: number): void {
    const reserved = this.reservedFor(bytes);
    if (this.pending > 0 && this.pending + bytes > this.ceiling) {
      this.reserve(bytes);
      throw this.overloaded();
    }
    if (reserved > 0 && this.pending + bytes > this.ceiling - reserved) throw this.overloaded();
    if (this.reservation !== undefined && bytes >= this.reservation.bytes) this.reservation = undefined;
    this.set(this.pending + bytes);
  }

  /** These bytes are decided. */
  give(bytes: number): void {
    this.set(this.pending - bytes);
  }

  /** While puts are paced: what they deliver in the time that senders wait, so that nothing is accepted in vain. */
  private get ceiling(): number {
    return Math.min(this.options.pendingBytesMax, this.options.deliverableBytes());
  }

  private reserve(bytes: number): void {
    const nowMs = this.options.clock.monotonicMs();
    if (this.reservation !== undefined || nowMs < this.pausedUntilMs) return;
    this.reservation = { bytes: Math.min(bytes, this.options.pendingBytesMax), sinceMs: nowMs };
  }

  /** Bytes that an append of `bytes` has to leave free. */
  private reservedFor(bytes: number): number {
    if (this.reservation === undefined) return 0;
    const ageMs = this.options.clock.monotonicMs() - this.reservation.sinceMs;
    if (ageMs >= reservedUntilMs) {
      this.pausedUntilMs = this.reservation.sinceMs + reservedUntilMs + unclaimedPauseMs;
      this.reservation = undefined;
      return 0;
    }
    return ageMs >= reservedFromMs && bytes < this.reservation.bytes ? this.reservation.bytes : 0;
  }

  private set(bytes: number): void {
    this.pending = bytes;
    this.options.metrics.pendingBytes.set(bytes);
  }

  private overloaded(): OverloadedError {
    const { pendingBytesMax } = this.options;
    const paced =
      this.ceiling < pendingBytesMax ? `, ${Math.floor(this.ceiling)} at the pace the sink takes now` : "";
    return new OverloadedError(
      `Cannot take more lines: ${this.pending} of ${pendingBytesMax} pending bytes are used${paced}`,
      retryAfterMs,
    );
  }
}
