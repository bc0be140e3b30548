/** A bucket behind a network: requests and answers are lost, the service fails, and what was sent arrives late. */
import type { AwsAnswer } from "../../src/aws/client.ts";
import type { S3Bucket } from "../../src/aws/s3.ts";
import { blocked, type MemoryBucket, restart, retryable } from "../ship/memory-bucket.ts";
import type { VirtualClock } from "../support/virtual-clock.ts";
import type { Chance } from "./chance.ts";
import type { ProcessClock } from "./process-clock.ts";

export const bucketFaults = [
  "5xx",
  "slow down",
  "answer lost",
  "request lost",
  "hangs",
  "denied",
  "begin anew",
] as const;
export type BucketFault = (typeof bucketFaults)[number];

export interface FaultyBucketOptions {
  /** What the service keeps. */
  readonly kept: MemoryBucket;
  readonly chance: Chance;
  readonly outside: VirtualClock;
  readonly inside: ProcessClock;
  /** How likely each request meets a fault. */
  readonly weather: () => number;
  readonly note: (what: string) => void;
}

type Verdict = ReturnType<typeof retryable>;

/** The bucket as one process sees it. */
export function faultyBucket(options: FaultyBucketOptions): S3Bucket {
  const { kept } = options;
  const send = <T>(signal: AbortSignal, run: () => Promise<AwsAnswer<T>>) => request(options, signal, run);
  return {
    bucket: kept.bucket,
    put: (key, body, type, signal) => {
      const bytes = body.slice();
      return send(signal, () => kept.put(key, bytes, type));
    },
    createUpload: (key, type, signal) => send(signal, () => kept.createUpload(key, type)),
    uploadPart: (upload, partNumber, body, signal) => {
      const bytes = body.slice();
      return send(signal, () => kept.uploadPart(upload, partNumber, bytes));
    },
    completeUpload: (upload, parts, signal) => send(signal, () => kept.completeUpload(upload, [...parts])),
    abortUpload: (upload, signal) => send(signal, () => kept.abortUpload(upload)),
    listUploads: (key, signal) => send(signal, () => kept.listUploads(key)),
    head: (key, signal) => send(signal, () => kept.head(key)),
  };
}

function request<T>(
  { chance, outside, inside, weather, note }: FaultyBucketOptions,
  signal: AbortSignal,
  run: () => Promise<AwsAnswer<T>>,
): Promise<AwsAnswer<T>> {
  if (signal.aborted) return Promise.resolve(failed(retryable("aborted")));
  const fault = chance.happens(weather()) ? chance.pick(bucketFaults) : undefined;
  if (fault !== undefined) note(`S3 ${fault}`);
  const travelMs = weather() > 0 && chance.happens(0.1) ? chance.int(100, 30_000) : chance.int(1, 60);
  const verdict = fault === undefined ? undefined : verdictOf(fault);
  const takesEffect =
    fault === undefined || fault === "answer lost" || (fault === "5xx" && chance.happens(0.5));
  return new Promise((resolve) => {
    let answer: Promise<AwsAnswer<T>> | undefined;
    const arrive = () => {
      if (takesEffect) answer = run();
    };
    outside.after(travelMs, arrive);
    const give = () => {
      cancel();
      signal.removeEventListener("abort", giveUp);
      if (verdict !== undefined || answer === undefined) resolve(failed(verdict ?? retryable("timeout")));
      else void answer.then(resolve);
    };
    const giveUp = () => {
      cancel();
      resolve(failed(retryable("aborted")));
    };
    const answerMs = fault === "hangs" ? 20_000 : travelMs + chance.int(0, 60);
    const cancel = inside.after(answerMs, give);
    signal.addEventListener("abort", giveUp, { once: true });
  });
}

function verdictOf(fault: BucketFault): Verdict {
  if (fault === "slow down") return retryable("SlowDown", true);
  if (fault === "denied") return blocked("AccessDenied");
  if (fault === "begin anew") return restart("NoSuchUpload");
  return retryable(fault);
}

function failed(verdict: Verdict): Extract<AwsAnswer<never>, { readonly kind: "failed" }> {
  const none = { status: undefined, message: "", serverDateMs: undefined, signedAtMs: undefined };
  return { kind: "failed", failure: { ...none, code: verdict.reason }, verdict };
}
