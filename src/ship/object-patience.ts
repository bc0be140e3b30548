/** Requests to S3 are tried until they succeed: the lines are safe in the spool and have nowhere else to go. */
import type { AwsAnswer } from "../aws/client.ts";
import { type Clock, type Random, sleep } from "../clock.ts";
import type { Log } from "../log.ts";
import { limitLog } from "../log-limit.ts";
import type { Metrics } from "../metrics.ts";
import { backoffMs, throttledBackoff, transientBackoff } from "../retry.ts";
import type { Obstacle } from "./shipper.ts";

export interface PatienceOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly metrics: Pick<Metrics, "s3Requests" | "sinkBlocked">;
  /** `s3://bucket/prefix`, for logs. */
  readonly place: string;
}

export type S3Operation = "put" | "create" | "part" | "complete" | "abort" | "list" | "head";
export type S3Failure = Extract<AwsAnswer<never>, { readonly kind: "failed" }>;

/** While nothing gets through, one request asks this often whether it does again. */
const probeMs = 5_000;
const outageLog = { burst: 5, intervalMs: 60_000 };
const obstacleLog = { burst: 1, intervalMs: 60_000 };

export class Patience {
  private readonly options: PatienceOptions;
  private readonly outage: Log;
  private readonly obstacles: Log;
  private obstacle: Obstacle | undefined;

  constructor(options: PatienceOptions) {
    this.options = options;
    this.outage = limitLog(options.log, options.clock, outageLog);
    this.obstacles = limitLog(options.log, options.clock, obstacleLog);
  }

  get blocked(): Obstacle | undefined {
    return this.obstacle;
  }

  /**
   * Repeats `attempt` until it is answered, or until only the caller can go on: the service refuses the bytes for good,
   * or the upload is to begin anew. Rejects with the reason of `signal` once that is aborted.
   */
  async untilAnswered<T>(
    operation: S3Operation,
    attempt: () => Promise<AwsAnswer<T>>,
    signal: AbortSignal,
  ): Promise<AwsAnswer<T>> {
    for (let count = 1; ; count++) {
      const answer = await this.once(operation, attempt);
      if (answer.kind === "answered") this.clear();
      // An answer that came is worth more than the wish to stop.
      if (answer.kind === "answered" || isForCaller(answer)) return answer;
      signal.throwIfAborted();
      await this.wait(operation, answer, count, signal);
    }
  }

  /** One attempt, counted. */
  async once<T>(operation: S3Operation, attempt: () => Promise<AwsAnswer<T>>): Promise<AwsAnswer<T>> {
    const answer = await attempt();
    this.options.metrics.s3Requests.inc({ operation, outcome: outcomeOf(answer) });
    return answer;
  }

  /** Nothing gets through until someone changes something: says so, and resolves when it is time to probe. */
  async block(operation: S3Operation, reason: string, message: string, signal: AbortSignal): Promise<void> {
    const { clock, metrics, place } = this.options;
    this.obstacle = { reason, message, sinceMs: this.obstacle?.sinceMs ?? clock.now() };
    metrics.sinkBlocked.set(1);
    this.obstacles.error("S3 takes nothing until someone changes something; the spool keeps it", {
      place,
      operation,
      reason,
      message,
    });
    await sleep(clock, probeMs, signal);
  }

  private async wait(
    operation: S3Operation,
    { verdict }: S3Failure,
    count: number,
    signal: AbortSignal,
  ): Promise<void> {
    const { clock, random, place } = this.options;
    const { reason, message } = verdict;
    if (verdict.kind !== "retryable") return this.block(operation, reason, message, signal);
    this.outage.warn("request to S3 failed, trying again", {
      place,
      operation,
      attempt: count,
      reason,
      message,
    });
    const delayMs = backoffMs(count, verdict.throttled ? throttledBackoff : transientBackoff, random);
    await sleep(clock, Math.max(delayMs, verdict.retryAfterMs ?? 0), signal);
  }

  private clear(): void {
    if (this.obstacle === undefined) return;
    this.obstacle = undefined;
    this.options.metrics.sinkBlocked.set(0);
    this.options.log.info("S3 takes objects again", { place: this.options.place });
  }
}

function isForCaller({ verdict }: S3Failure): boolean {
  return verdict.kind === "refused" || verdict.recovery === "restart-upload";
}

function outcomeOf(answer: AwsAnswer<unknown>): string {
  if (answer.kind === "answered") return "ok";
  return answer.verdict.kind === "retryable" && answer.verdict.throttled ? "throttled" : answer.verdict.kind;
}
