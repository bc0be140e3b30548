/** Signs a request with AWS Signature Version 4 and sends it once; the only loop of retries is in batch. */
import { AwsV4Signer } from "aws4fetch";
import type { Clock } from "../clock.ts";
import { describeError } from "../errors.ts";
import type { Log } from "../log.ts";
import {
  AnswerTooLongError,
  parseObject,
  readText,
  retryAfterMs,
  type ServiceError,
  serviceError,
} from "./answer.ts";
import { type AwsFailure, classifyFailure, type LocalCode, type Verdict } from "./classify.ts";
import { type Credentials, type CredentialsSource, loadErrorCode } from "./credentials.ts";
import { DeadlineError, withinDeadline } from "./deadline.ts";
import { neverConnected } from "./never-connected.ts";

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

/** What answers a request, or the failure and what it means. */
export type AwsAnswer<T = Readonly<Record<string, unknown>>> =
  | { readonly kind: "answered"; readonly value: T }
  | { readonly kind: "failed"; readonly failure: AwsFailure; readonly verdict: Verdict };

/** An answer as it came, its body read. */
export interface RawAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

/** A request in whatever protocol; `read` and `errorOf` know which. */
export interface AwsRequest<T> {
  readonly method: "DELETE" | "GET" | "HEAD" | "POST" | "PUT";
  /** Path and query as they are sent: encoded. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Uint8Array<ArrayBuffer>;
  /** Bound of this attempt, in ms; not set: the client's. */
  readonly timeoutMs?: number;
  /** Reads an answer of status 200 to 299; a ServiceError where it is none that can be believed. */
  readonly read: (answer: RawAnswer) => { readonly value: T } | ServiceError;
  /** What any other answer names; not set: what `serviceError` finds. */
  readonly errorOf?: (answer: RawAnswer) => ServiceError;
}

export interface AwsClient {
  readonly service: AwsService;
  readonly region: string;
  readonly endpoint: URL;
  /**
   * One attempt of the JSON 1.1 protocol: `target` is the X-Amz-Target, `body` its JSON. Answers with the JSON object
   * of a 200. Otherwise like `request`.
   */
  post(target: string, body: Uint8Array<ArrayBuffer>, signal: AbortSignal): Promise<AwsAnswer>;
  /**
   * One attempt. Answers with what `read` makes of a 2xx, or with the failure and what it means; credentials to renew
   * or a clock to correct are seen to before that. Never rejects for what the network, the service or `signal` does.
   */
  request<T>(request: AwsRequest<T>, signal: AbortSignal): Promise<AwsAnswer<T>>;
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
  /** The service answered as it should, at least once. */
  hasAnswered: boolean;
}

/** A client for one service in one region. */
export function createAwsClient(options: AwsClientOptions): AwsClient {
  const { service, region, endpoint } = options;
  const signing: Signing = { clockOffsetMs: 0, keys: new Map(), keysOf: undefined, hasAnswered: false };
  const request: AwsClient["request"] = (each, signal) => attempt(options, signing, each, signal);
  return {
    service,
    region,
    endpoint,
    request,
    post(target, body, signal) {
      const headers = { "Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": target };
      return request({ method: "POST", url: endpoint.href, headers, body, read: readJson }, signal);
    },
  };
}

async function attempt<T>(
  options: AwsClientOptions,
  signing: Signing,
  request: AwsRequest<T>,
  signal: AbortSignal,
): Promise<AwsAnswer<T>> {
  const timeoutMs = request.timeoutMs ?? options.attemptTimeoutMs ?? attemptTimeoutMsDefault;
  let used: Credentials | undefined;
  let signedAtMs: number | undefined;
  let sent = false;
  const failed = (failure: Omit<AwsFailure, "signedAtMs">): AwsAnswer<never> => {
    const refusedBefore = used?.refusedBefore ?? false;
    const { hasAnswered } = signing;
    const whole: AwsFailure = { notSent: !sent, ...failure, signedAtMs, refusedBefore, hasAnswered };
    const verdict = classifyFailure(options.service, whole);
    recover(options, signing, verdict, whole, used);
    return { kind: "failed", failure: whole, verdict };
  };
  const noAnswer = (code: LocalCode, error: unknown, more: Pick<AwsFailure, "loadCode"> = {}) => {
    const notSent = !sent || neverConnected(error);
    const message = describeError(error);
    return failed({ status: undefined, code, message, serverDateMs: undefined, notSent, ...more });
  };
  try {
    return await withinDeadline(options.clock, timeoutMs, signal, async (attemptSignal) => {
      try {
        used = await options.credentials.get();
      } catch (error) {
        return noAnswer("credentials", error, { loadCode: loadErrorCode(error) });
      }
      signedAtMs = options.clock.now() + signing.clockOffsetMs;
      const headers = await sign(options, signing, used, signedAtMs, request);
      // What was given up while it was being signed must not be sent after all.
      attemptSignal.throwIfAborted();
      const { method, url, body } = request;
      // No redirect: a signature holds for one host.
      const init: RequestInit = { method, headers, redirect: "manual", signal: attemptSignal };
      sent = true;
      const response = await options.fetch(url, body === undefined ? init : { ...init, body });
      const bytesMax = options.answerBytesMax ?? answerBytesMaxDefault;
      const answer = await readAnswer(response, bytesMax, request, failed);
      signing.hasAnswered ||= answer.kind === "answered";
      return answer;
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
  { method, url, headers: unsigned, body }: Omit<AwsRequest<unknown>, "read">,
): Promise<Headers> {
  if (signing.keysOf !== credentials || signing.keys.size > 8) {
    signing.keys = new Map();
    signing.keysOf = credentials;
  }
  const { accessKeyId, secretAccessKey, sessionToken } = credentials;
  const signer = new AwsV4Signer({
    method,
    url,
    headers: { ...unsigned },
    ...(body === undefined ? {} : { body }),
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

async function readAnswer<T>(
  response: Response,
  answerBytesMax: number,
  { read, errorOf }: AwsRequest<T>,
  failed: (failure: Omit<AwsFailure, "signedAtMs">) => AwsAnswer<never>,
): Promise<AwsAnswer<T>> {
  const { status, headers } = response;
  const dateMs = Date.parse(headers.get("date") ?? "");
  const serverDateMs = Number.isNaN(dateMs) ? undefined : dateMs;
  if (status >= 200 && status < 300) {
    const result = read({ status, headers, text: await readText(response, answerBytesMax) });
    return "value" in result
      ? { kind: "answered", value: result.value }
      : failed({ status, ...result, serverDateMs });
  }
  // An error whose body breaks off or is too long still says something by its status.
  const text = await readText(response, errorBytesMax).catch(() => "");
  const error = errorOf?.({ status, headers, text }) ?? serviceError(headers, text);
  return failed({ status, ...error, serverDateMs, retryAfterMs: retryAfterMs(headers, serverDateMs) });
}

function readJson({
  status,
  text,
}: RawAnswer): { readonly value: Readonly<Record<string, unknown>> } | ServiceError {
  const value = status === 200 ? parseObject(text) : undefined;
  if (value !== undefined) return { value };
  const what = `the answer is not a JSON object: ${JSON.stringify(text.slice(0, 100))}`;
  return { code: "malformed-answer", message: what };
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
