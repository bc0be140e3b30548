/** A sender that does as Prometheus: one request after the other, 5xx and broken connections again, 4xx never. */
import { sleep } from "../../src/clock.ts";
import type { VirtualClock } from "../support/virtual-clock.ts";
import type { Chance } from "./chance.ts";
import type { SimRequest } from "./payload.ts";

export interface SenderOptions {
  readonly clock: VirtualClock;
  readonly chance: Chance;
  readonly requests: readonly SimRequest[];
  /** Longest pause between two requests. */
  readonly pauseMsMax: number;
  readonly timeoutMs: number;
  /** The answer's status, and what Retry-After asks for; undefined: the connection broke. */
  readonly post: (request: SimRequest) => Promise<Answer | undefined>;
  /** Whatever becomes of the request, its sender sends it again. */
  readonly gaveUp: (request: SimRequest) => void;
  readonly note: (what: string) => void;
  readonly violate: (what: string) => void;
}

export interface Answer {
  readonly status: number;
  readonly retryAfterMs: number;
}

// https://prometheus.io/docs/prometheus/latest/configuration/configuration/#remote_write
const minBackoffMs = 30;
const maxBackoffMs = 5_000;

/** Resolves when every request has got an answer that ends it. */
export async function runSender(options: SenderOptions): Promise<void> {
  const { clock, chance, requests, pauseMsMax } = options;
  for (const request of requests) {
    await sleep(clock, chance.int(0, pauseMsMax));
    await send(request, options);
  }
}

async function send(request: SimRequest, options: SenderOptions): Promise<void> {
  const { clock, timeoutMs, post, gaveUp, note, violate } = options;
  for (let backoffMs = minBackoffMs; ; backoffMs = Math.min(maxBackoffMs, backoffMs * 2)) {
    request.attempts++;
    const answer = await withTimeout(post(request), timeoutMs, clock);
    if (answer === "timeout") {
      note("sender gave up");
      gaveUp(request);
    } else if (answer === undefined) note("connection broke");
    else {
      note(`${answer.status}`);
      if (answer.status < 500) {
        if (answer.status !== request.status) {
          violate(`${request.id} got ${answer.status} instead of ${request.status}`);
        }
        return;
      }
    }
    const askedMs = typeof answer === "object" ? answer.retryAfterMs : 0;
    await sleep(clock, Math.max(backoffMs, askedMs));
  }
}

async function withTimeout<T>(answer: Promise<T>, timeoutMs: number, clock: VirtualClock) {
  let cancel: () => void = () => undefined;
  const timeout = new Promise<"timeout">((resolve) => {
    cancel = clock.after(timeoutMs, () => resolve("timeout"));
  });
  const first = await Promise.race([answer, timeout]);
  cancel();
  return first;
}
