/** The last hour in memory: a point every 10 s, made of two readings of the counters. */
import type { Clock } from "../clock.ts";
import { type AnswerClass, quantileMs, type Reading } from "./readings.ts";

/** What happened between two readings, a second, and how things stood at its end. */
export interface Point {
  /** Its end, on a clock that never goes back, in ms. */
  readonly atMs: number;
  readonly receivedPerSecond: number;
  readonly durablePerSecond: number;
  readonly rejectedPerSecond: number;
  readonly failedPerSecond: number;
  readonly answeredPerSecond: Readonly<Record<AnswerClass, number>>;
  /** Undefined: no request was answered. */
  readonly ackMedianMs: number | undefined;
  readonly ack99Ms: number | undefined;
  /** Undefined: there was no put. */
  readonly putMedianMs: number | undefined;
  readonly put99Ms: number | undefined;
  readonly recordsPerSecond: number;
  readonly throttledPerSecond: number;
  readonly retriedPerSecond: number;
  readonly shippedBytesPerSecond: number;
  readonly droppedBytesPerSecond: number;
  readonly pendingBytes: number;
  readonly waitingBytes: number;
}

export const intervalMs = 10_000;
export const hourMs = 3_600_000;
const minuteMs = 60_000;
const growthMs = 5 * minuteMs;
const pointsMax = hourMs / intervalMs;
/** Rates over less than this would make much of little. */
const spanMinMs = intervalMs;

export class History {
  /** Oldest first. */
  private readonly kept: Point[] = [];
  /** Those of the last minute and the one before it, oldest first. */
  private readonly recent: Reading[] = [];

  /** Takes the next reading. */
  add(reading: Reading): void {
    const last = this.recent.at(-1);
    if (last !== undefined) this.kept.push(between(last, reading));
    this.recent.push(reading);
    while (this.kept.length > 0 && reading.atMs - this.kept[0]!.atMs > hourMs) this.kept.shift();
    while (this.kept.length > pointsMax) this.kept.shift();
    while (this.recent.length > 1 && reading.atMs - this.recent[1]!.atMs >= minuteMs) this.recent.shift();
  }

  /** At most an hour of them, oldest first. */
  get points(): readonly Point[] {
    return this.kept;
  }

  /** How fast the spool filled in the last minutes, in bytes a second; not above 0: it did not. */
  growth(now: Reading): number {
    const first = this.kept.find(({ atMs }) => now.atMs - atMs <= growthMs);
    if (first === undefined || now.atMs - first.atMs < minuteMs / 2) return 0;
    return ((now.waitingBytes - first.waitingBytes) * 1000) / (now.atMs - first.atMs);
  }

  /** What happened in the minute before `now`, or since the first reading. */
  lastMinute(now: Reading): Point & { readonly spanMs: number } {
    const first = this.recent.find(({ atMs }) => now.atMs - atMs <= minuteMs) ?? this.recent.at(-1) ?? now;
    return { ...between(first, now), spanMs: now.atMs - first.atMs };
  }
}

function between(before: Reading, after: Reading): Point {
  const seconds = Math.max(after.atMs - before.atMs, spanMinMs) / 1000;
  const perSecond = (of: (reading: Reading) => number) => Math.max(0, of(after) - of(before)) / seconds;
  return {
    atMs: after.atMs,
    receivedPerSecond: perSecond(({ received }) => received),
    durablePerSecond: perSecond(({ written }) => written),
    rejectedPerSecond: perSecond(({ rejected }) => rejected),
    failedPerSecond: perSecond(({ failed }) => failed),
    answeredPerSecond: {
      "2xx": perSecond(({ answered }) => answered["2xx"]),
      "4xx": perSecond(({ answered }) => answered["4xx"]),
      "5xx": perSecond(({ answered }) => answered["5xx"]),
    },
    ackMedianMs: quantileMs(before.ack, after.ack, 0.5),
    ack99Ms: quantileMs(before.ack, after.ack, 0.99),
    putMedianMs: quantileMs(before.put, after.put, 0.5),
    put99Ms: quantileMs(before.put, after.put, 0.99),
    recordsPerSecond: perSecond(({ recordsPut }) => recordsPut),
    throttledPerSecond: perSecond(({ recordsThrottled }) => recordsThrottled),
    retriedPerSecond: perSecond(({ recordsRetried }) => recordsRetried),
    shippedBytesPerSecond: perSecond(({ spoolShippedBytes }) => spoolShippedBytes),
    droppedBytesPerSecond: perSecond(({ spoolDroppedBytes }) => spoolDroppedBytes),
    pendingBytes: after.pendingBytes,
    waitingBytes: after.waitingBytes,
  };
}

/** Reads every 10 s until it is closed; the counters are not touched between. */
export function keepHistory(
  history: History,
  clock: Pick<Clock, "after">,
  look: () => Promise<Reading>,
): { readonly begun: Promise<void>; close(): void } {
  let isClosed = false;
  let cancel = () => {};
  const lookAgain = async (): Promise<void> => {
    const reading = await look();
    if (isClosed) return;
    history.add(reading);
    cancel = clock.after(intervalMs, () => void lookAgain());
  };
  return {
    begun: lookAgain(),
    close() {
      isClosed = true;
      cancel();
    },
  };
}
