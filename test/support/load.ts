/** Many senders at once that do as Prometheus: the same body until it is taken, never again after that. */
import { Agent, request as httpRequest, type IncomingMessage } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import type { Ledger } from "./ledger.ts";
import { type ItemCounts, type LoadRequest, makeRequests } from "./load-request.ts";

export interface LoadOptions {
  /** Where the program listens, `http://127.0.0.1:1234`. */
  readonly url: string;
  readonly ledger: Ledger;
  readonly senders: number;
  /** Of all senders together; what an outage held up is not caught up with. */
  readonly linesPerSecond: number;
  /** Most series of one request. */
  readonly series: number;
  readonly seed: number;
}

export interface LoadCounts {
  requests: number;
  /** Answers 5xx, and connections that broke or timed out: each sent again. */
  unavailable: number;
  broken: number;
  /** Requests that ended with 4xx although they were valid. */
  refused: number;
  readonly ackMs: number[];
  /** Answers that no receiver may give. */
  readonly wrong: string[];
}

export interface Load {
  readonly counts: LoadCounts;
  /** No new requests; resolves when those under way have their last answer, or after `timeoutMs` without it. */
  stop(timeoutMs: number): Promise<void>;
}

// https://prometheus.io/docs/prometheus/latest/configuration/configuration/#remote_write
const minBackoffMs = 30;
const maxBackoffMs = 5_000;
const remoteTimeoutMs = 30_000;

const writtenHeaders: Readonly<Record<keyof ItemCounts, string>> = {
  samples: "x-prometheus-remote-write-samples-written",
  histograms: "x-prometheus-remote-write-histograms-written",
  exemplars: "x-prometheus-remote-write-exemplars-written",
};

interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
  readonly text: string;
}

/** Starts the senders; what they were answered goes into the ledger. */
export function startLoad(options: LoadOptions): Load {
  const { senders, seed, series, linesPerSecond } = options;
  const agent = new Agent({ keepAlive: true });
  const counts: LoadCounts = { requests: 0, unavailable: 0, broken: 0, refused: 0, ackMs: [], wrong: [] };
  const stopped = new AbortController();
  const givenUp = new AbortController();
  const startMs = Date.now();
  const lineMs = (1_000 * senders) / linesPerSecond;
  const run = async (number: number) => {
    const requests = makeRequests({
      sender: `s${seed}-${number}`,
      seed: seed * 1_000 + number,
      series,
      startMs,
    });
    for (let nextMs = performance.now(); !stopped.signal.aborted; ) {
      const request: LoadRequest = requests.next().value;
      await send(request, { ...options, agent, counts, givenUp: givenUp.signal });
      nextMs = Math.max(nextMs + request.lines.length * lineMs, performance.now());
      await pause(nextMs - performance.now(), stopped.signal);
    }
  };
  const all = Promise.all(Array.from({ length: senders }, (_, number) => run(number)));
  // Looked at in stop().
  all.catch(() => undefined);
  return {
    counts,
    async stop(timeoutMs) {
      stopped.abort();
      const timer = setTimeout(() => givenUp.abort(), timeoutMs);
      try {
        await all;
      } finally {
        clearTimeout(timer);
        agent.destroy();
      }
    },
  };
}

interface SendOptions extends LoadOptions {
  readonly agent: Agent;
  readonly counts: LoadCounts;
  readonly givenUp: AbortSignal;
}

async function send(request: LoadRequest, options: SendOptions): Promise<void> {
  const { ledger, counts, givenUp } = options;
  counts.requests++;
  ledger.sent(request.lines);
  for (let backoffMs = minBackoffMs; !givenUp.aborted; backoffMs = Math.min(maxBackoffMs, backoffMs * 2)) {
    const startedMs = performance.now();
    const answer = await post(request, options);
    if (answer !== undefined && answer.status < 500) {
      if (answer.status < 300) counts.ackMs.push(performance.now() - startedMs);
      end(request, answer, options);
      return;
    }
    if (answer === undefined) counts.broken++;
    else counts.unavailable++;
    const retryAfter = answer?.headers["retry-after"];
    if (answer?.status === 503 && retryAfter === undefined) counts.wrong.push("503 without Retry-After");
    else if (answer !== undefined && answer.status !== 503)
      counts.wrong.push(`${answer.status}: ${answer.text}`);
    await pause(Math.max(backoffMs, Number(retryAfter ?? 0) * 1_000), givenUp);
  }
}

/** The last answer to a request: it is never sent again. */
function end(request: LoadRequest, { status, headers, text }: Answer, { ledger, counts }: SendOptions): void {
  if (status < 300 || status === request.status) ledger.acked(request.lines);
  else if (status === 400) {
    counts.refused++;
    ledger.refused(request.lines);
  }
  if (status !== request.status && status !== 400)
    counts.wrong.push(`${status} instead of ${request.status}: ${text}`);
  if (request.version === 1 || status !== request.status) return;
  for (const [kind, header] of Object.entries(writtenHeaders)) {
    const written = request.written[kind as keyof ItemCounts];
    if (headers[header] !== String(written))
      counts.wrong.push(`${header}: ${headers[header]}, not ${written}`);
  }
}

/** Undefined: there was no answer in time. */
function post(
  { version, body }: LoadRequest,
  { url, agent, givenUp }: SendOptions,
): Promise<Answer | undefined> {
  const proto = version === 1 ? "" : ";proto=io.prometheus.write.v2.Request";
  const headers = {
    "Content-Type": `application/x-protobuf${proto}`,
    "Content-Encoding": "snappy",
    "X-Prometheus-Remote-Write-Version": version === 1 ? "0.1.0" : "2.0.0",
    "Content-Length": body.length,
    "User-Agent": "Prometheus/load",
  };
  return new Promise((resolve) => {
    const signal = AbortSignal.any([AbortSignal.timeout(remoteTimeoutMs), givenUp]);
    const nothing = () => resolve(undefined);
    const target = `${url}${version === 1 ? "/receive" : "/api/v1/write"}`;
    const sending = httpRequest(target, { method: "POST", agent, headers, signal }, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (chunk: string) => {
        text += chunk;
      });
      response.on("end", () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, text }),
      );
      response.on("error", nothing);
      response.on("close", nothing);
    });
    sending.on("error", nothing);
    sending.end(body);
  });
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  try {
    await sleep(Math.max(0, ms), undefined, { signal });
  } catch (error) {
    // The pause was cut short: the caller looks at the signal.
    if (!signal.aborted) throw error;
  }
}
