/** What stands in for AWS and for time in tests of the client and its sinks. */
import { type AwsClient, type AwsService, createAwsClient, type Fetch } from "../../src/aws/client.ts";
import type { Credentials, CredentialsSource } from "../../src/aws/credentials.ts";
import { type Clock, systemClock } from "../../src/clock.ts";
import { createLog, type Log } from "../../src/log.ts";

export const testCredentials: Credentials = {
  accessKeyId: "AKIDTEST",
  secretAccessKey: "secret/test+key",
  sessionToken: undefined,
  expirationMs: undefined,
};
export const neverAborted = new AbortController().signal;

export interface ManualClock extends Clock {
  /** Moves both times on and runs what became due, in order. */
  advance(ms: number): void;
  /** Timers that have not run and were not cancelled. */
  readonly pending: number;
}

export function manualClock(startMs = Date.parse("2026-11-23T06:00:00Z")): ManualClock {
  let elapsedMs = 0;
  let timers: { readonly atMs: number; readonly run: () => void }[] = [];
  return {
    now: () => startMs + elapsedMs,
    monotonicMs: () => elapsedMs,
    after(delayMs, run) {
      const timer = { atMs: elapsedMs + delayMs, run };
      timers.push(timer);
      return () => {
        timers = timers.filter((other) => other !== timer);
      };
    },
    advance(ms) {
      const untilMs = elapsedMs + ms;
      for (;;) {
        const due = timers.filter((timer) => timer.atMs <= untilMs).sort((a, b) => a.atMs - b.atMs)[0];
        if (due === undefined) break;
        timers = timers.filter((timer) => timer !== due);
        elapsedMs = due.atMs;
        due.run();
      }
      elapsedMs = untilMs;
    },
    get pending() {
      return timers.length;
    },
  };
}

/** A log that keeps its lines. */
export function keptLog(): { readonly log: Log; readonly lines: string[] } {
  const lines: string[] = [];
  const write = (line: string) => void lines.push(line);
  return { log: createLog({ level: "debug", format: "text", clock: systemClock, write }), lines };
}

/** Always the same credentials; counts what was dropped. */
export function fixedCredentials(credentials = testCredentials): CredentialsSource & { invalidated: number } {
  const source = {
    invalidated: 0,
    get: () => Promise.resolve(credentials),
    invalidate: () => void source.invalidated++,
  };
  return source;
}

export interface SentRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: Headers;
  readonly body: Uint8Array;
  readonly text: string;
}

export interface StandIn {
  readonly client: AwsClient;
  readonly clock: ManualClock;
  readonly credentials: ReturnType<typeof fixedCredentials>;
  readonly sent: SentRequest[];
  readonly lines: string[];
}

export interface StandInOptions {
  readonly service?: AwsService;
  readonly endpoint?: string;
  readonly credentials?: Credentials;
  /** Answers the request that was sent as the `count`th, from 1. */
  readonly answer: (request: SentRequest, count: number, signal: AbortSignal) => Response | Promise<Response>;
}

/** A client whose fetch is `answer`. */
export function standIn(options: StandInOptions): StandIn {
  const service = options.service ?? "kinesis";
  const clock = manualClock();
  const credentials = fixedCredentials(options.credentials);
  const sent: SentRequest[] = [];
  const { log, lines } = keptLog();
  const fetch: Fetch = async (url, init) => {
    const body = (init.body ?? new Uint8Array()) as Uint8Array;
    const headers = new Headers(init.headers);
    const request = {
      method: init.method ?? "GET",
      url,
      headers,
      body,
      text: new TextDecoder().decode(body),
    };
    sent.push(request);
    return await options.answer(request, sent.length, init.signal as AbortSignal);
  };
  const client = createAwsClient({
    service,
    region: "eu-west-1",
    endpoint: new URL(options.endpoint ?? `https://${service}.eu-west-1.amazonaws.com`),
    credentials,
    fetch,
    clock,
    log,
    userAgent: "prometheus-remote-kinesis/test",
  });
  return { client, clock, credentials, sent, lines };
}

export function json(value: unknown, status = 200, headers: Readonly<Record<string, string>> = {}): Response {
  return new Response(JSON.stringify(value), {
    status,
    headers: { "Content-Type": "application/x-amz-json-1.1", ...headers },
  });
}
