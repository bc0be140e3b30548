/** Signs a request with AWS Signature Version 4 and sends it once; the only loop of retries is in batch. */
import { AwsV4Signer } from "aws4fetch";
import type { Clock } from "../clock.ts";
import { describeError } from "../errors.ts";
import type { Log } from "../log.ts";
import { AnswerTooLongError, parseObject, readText, serviceError } from "./answer.ts";
import { type AwsFailure, classifyFailure, type Verdict } from "./classify.ts";
import type { Credentials, CredentialsSource } from "./credentials.ts";
import { DeadlineError, withinDeadline } from "./deadline.ts";

export type AwsService = "kinesis" | "firehose" | "s3" | "sts";
/** The part of the global fetch that is used, so that tests and simulators can stand in for it. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

export interface AwsClientOptions {
  readonly service: AwsService;
  readonly region: string;
  readonly endpoint: URL;
  readonly credentials: CredentialsSource;
  readonly fetch: Fetch;
  readonly clock: Clock;
  readonly log: Log;
  readonly userAgent: string;
  /** Bound of one attempt with all it waits for, in ms. */
  readonly attemptTimeoutMs?: number;
  /** Bound of an answer, in bytes; more than a put's answer needs only where records are read back. */
  readonly answerBytesMax?: number;
}

export type AwsAnswer =
  | { readonly kind: "answered"; readonly value: Readonly<Record<string, unknown>> }
  | { readonly kind: "failed"; readonly failure: AwsFailure; readonly verdict: Verdict };

export interface AwsClient {
  readonly service: AwsService;
  readonly region: string;
  readonly endpoint: URL;
  /**
   * One attempt: `target` is the X-Amz-Target, `body` its JSON. Answers with the JSON object of a 200, or
   * with the failure and what it means; credentials to renew or a clock to correct are seen to before that.
   * Never rejects for what the network, the service or `signal` does.
   */
  post(target: string, body: Uint8Array<ArrayBuffer>, signal: AbortSignal): Promise<AwsAnswer>;
}

/** Twice and more within the 30 s that Prometheus waits for its answer. */
const attemptTimeoutMsDefault = 10_000;
/** 500 entries with an error message each stay far below. */
const answerBytesMaxDefault = 4 * 1024 * 1024;
const errorBytesMax = 64 * 1024;

/** State of one client beyond its options. */
interface Signing {
  /** Service time minus our time, in ms. */
  clockOffsetMs: number;
  /** aws4fetch keeps the derived keys here, one a day, region and secret. */
  keys: Map<string, ArrayBuffer>;
  keysOf: Credentials | undefined;
}

/** A client for one service in one region. */
export function createAwsClient(options: AwsClientOptions): AwsClient {
  const { service, region, endpoint } = options;
  const signing: Signing = { clockOffsetMs: 0, keys: new Map(), keysOf: undefined };
  return {
    service,
    region,
    endpoint,
    post: (target, body, signal) => attempt(options, signing, target, body, signal),
  };
}

async function attempt(
  options: AwsClientOptions,
  signing: Signing,
  target: string,
  body: Uint8Array<ArrayBuffer>,
  signal: AbortSignal,
): Promise<AwsAnswer> {
  const timeoutMs = options.attemptTimeoutMs ?? attemptTimeoutMsDefault;
  let used: Credentials | undefined;
  let signedAtMs: number | undefined;
  const failed = (failure: Omit<AwsFailure, "signedAtMs">): AwsAnswer => {
    const whole = { ...failure, signedAtMs };
    const verdict = classifyFailure(whole);
    recover(options, signing, verdict, whole, used);
    return { kind: "failed", failure: whole, verdict };
  };
  const noAnswer = (code: string, error: unknown) =>
    failed({ status: undefined, code, message: describeError(error), serverDateMs: undefined });
  try {
    return await withinDeadline(options.clock, timeoutMs, signal, async (attemptSignal) => {
      try {
        used = await options.credentials.get();
      } catch (error) {
        return noAnswer("credentials", error);
      }
      signedAtMs = options.clock.now() + signing.clockOffsetMs;
      const headers = await sign(options, signing, used, signedAtMs, target, body);
      // What was given up while it was being signed must not be sent after all.
      attemptSignal.throwIfAborted();
      // No redirect: a signature holds for one host, and no AWS service of ours sends any.
      const init: RequestInit = { method: "POST", headers, body, redirect: "manual", signal: attemptSignal };
      const response = await options.fetch(options.endpoint.href, init);
      return await readAnswer(response, options.answerBytesMax ?? answerBytesMaxDefault, failed);
    });
  } catch (error) {
    if (signal.aborted) return noAnswer("aborted", error);
    if (error instanceof DeadlineError) return noAnswer("timeout", error);
    return noAnswer(error instanceof AnswerTooLongError ? "malformed-answer" : "network", error);
  }
}

async function sign(
  options: AwsClientOptions,
  signing: Signing,
  credentials: Credentials,
  signedAtMs: number,
  target: string,
  body: Uint8Array<ArrayBuffer>,
): Promise<Headers> {
  if (signing.keysOf !== credentials || signing.keys.size > 8) {
    signing.keys = new Map();
    signing.keysOf = credentials;
  }
  const { accessKeyId, secretAccessKey, sessionToken } = credentials;
  const signer = new AwsV4Signer({
    method: "POST",
    url: options.endpoint.href,
    headers: { "Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": target },
    body,
    accessKeyId,
    secretAccessKey,
    ...(sessionToken === undefined ? {} : { sessionToken }),
    service: options.service,
    region: options.region,
    cache: signing.keys,
    datetime: new Date(signedAtMs).toISOString().replace(/[:-]|\.\d{3}/g, ""),
    // Content-Type too, as AWS asks for; User-Agent comes afterwards because proxies may change it.
    allHeaders: true,
  });
  const { headers } = await signer.sign();
  headers.set("User-Agent", options.userAgent);
  return headers;
}

async function readAnswer(
  response: Response,
  answerBytesMax: number,
  failed: (failure: Omit<AwsFailure, "signedAtMs">) => AwsAnswer,
): Promise<AwsAnswer> {
  const { status, headers } = response;
  const dateMs = Date.parse(headers.get("date") ?? "");
  const serverDateMs = Number.isNaN(dateMs) ? undefined : dateMs;
  if (status === 200) {
    const text = await readText(response, answerBytesMax);
    const value = parseObject(text);
    if (value !== undefined) return { kind: "answered", value };
    const message = `the answer is not a JSON object: ${JSON.stringify(text.slice(0, 100))}`;
    return failed({ status, code: "malformed-answer", message, serverDateMs });
  }
  // An error whose body breaks off or is too long still says something by its status.
  const text = await readText(response, errorBytesMax).catch(() => "");
  return failed({ status, ...serviceError(headers, text), serverDateMs });
}

function recover(
  { credentials, clock, log, service }: AwsClientOptions,
  signing: Signing,
  verdict: Verdict,
  { serverDateMs, code }: AwsFailure,
  used: Credentials | undefined,
): void {
  if (verdict.recovery === "refresh-credentials" && used !== undefined) {
    log.warn("credentials refused, loading them anew", { service, code });
    credentials.invalidate(used);
  }
  if (verdict.recovery === "correct-clock" && serverDateMs !== undefined) {
    signing.clockOffsetMs = serverDateMs - clock.now();
    log.warn("clock is off, signing with the time of the service", {
      service,
      code,
      offsetMs: signing.clockOffsetMs,
    });
  }
}
