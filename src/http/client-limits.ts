import type { Clock } from "../clock.ts";
import { OverloadedError } from "../errors.ts";
import type { GuardMetrics } from "../metrics.ts";
import { Recent } from "./auth-cache.ts";

export interface ClientLimitsOptions {
  /** Write requests of one client that are answered at the same time; undefined: any number. */
  readonly inFlightMax: number | undefined;
  /** Write requests of one client a second, on average; undefined: any number. */
  readonly perSecondMax: number | undefined;
  readonly clock: Pick<Clock, "monotonicMs">;
  readonly metrics: Pick<GuardMetrics, "limited">;
}

/** So many seconds' worth of requests may come at once. */
const burstSeconds = 5;
/** Of clients that have not been heard of for longer nothing is known: each begins anew. */
const clientsMax = 10_000;
const retryAfterMs = 1_000;

/** Keeps one client from taking what others need. Throws OverloadedError, which senders answer by waiting. */
export class ClientLimits {
  private readonly options: ClientLimitsOptions;
  private readonly inFlight = new Map<string, number>();
  private readonly buckets = new Recent<Bucket>(clientsMax);

  constructor(options: ClientLimitsOptions) {
    this.options = options;
  }

  /** Lets a request of `client` in; the answer is called when it is answered. */
  enter(client: string): () => void {
    const { inFlightMax, perSecondMax, clock, metrics } = this.options;
    const count = this.inFlight.get(client) ?? 0;
    if (inFlightMax !== undefined && count >= inFlightMax) {
      metrics.limited.inc({ limit: "in_flight" });
      const text = `${count} requests of this client are under way, as many as --client-requests allows`;
      throw new OverloadedError(text, retryAfterMs);
    }
    if (perSecondMax !== undefined) this.takeToken(client, perSecondMax, clock.monotonicMs());
    this.inFlight.set(client, count + 1);
    return () => {
      const left = (this.inFlight.get(client) ?? 1) - 1;
      if (left > 0) this.inFlight.set(client, left);
      else this.inFlight.delete(client);
    };
  }

  private takeToken(client: string, perSecondMax: number, nowMs: number): void {
    let bucket = this.buckets.get(client);
    if (bucket === undefined) {
      bucket = new Bucket(1_000 / perSecondMax, Math.max(1, perSecondMax * burstSeconds), nowMs);
      this.buckets.set(client, bucket);
    }
    const waitMs = bucket.take(nowMs);
    if (waitMs === 0) return;
    this.options.metrics.limited.inc({ limit: "rate" });
    throw new OverloadedError(`This client sends more than ${perSecondMax} requests a second`, waitMs);
  }
}

/** A token bucket: one token an interval, `burst` at the most. */
export class Bucket {
  private readonly intervalMs: number;
  private readonly burst: number;
  private tokens: number;
  private sinceMs: number;

  constructor(intervalMs: number, burst: number, nowMs: number) {
    this.intervalMs = intervalMs;
    this.burst = burst;
    this.tokens = burst;
    this.sinceMs = nowMs;
  }

  /** 0: there was a token, and it is taken. Otherwise how long to wait for the next one, in ms. */
  take(nowMs: number): number {
    this.tokens = Math.min(this.burst, this.tokens + (nowMs - this.sinceMs) / this.intervalMs);
    this.sinceMs = nowMs;
    if (this.tokens < 1) return Math.max(1, Math.ceil((1 - this.tokens) * this.intervalMs));
    this.tokens--;
    return 0;
  }
}
