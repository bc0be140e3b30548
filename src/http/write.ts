import type { Batcher } from "../batch/batcher.ts";
import type { Clock } from "../clock.ts";
import { describeError, OverloadedError, RefusedLinesError, RequestError, SinkError } from "../errors.ts";
import type { Log } from "../log.ts";
import { type ItemKind, itemKinds, type Metrics } from "../metrics.ts";
import { type Body, BodyGivenUpError, withBody } from "./body.ts";
import { blockBytesMax } from "./body-blocks.ts";
import { BodyRoom, requestBytes } from "./body-room.ts";
import { Ingest } from "./ingest.ts";
import type { Ingested, Written } from "./ingested.ts";
import { withoutLines } from "./known-metadata.ts";
import { negotiate, type WriteVersion } from "./negotiate.ts";
import { readRefused } from "./refused-lines.ts";
import { Senders } from "./senders.ts";
import { Turns } from "./turns.ts";

export interface WriteOptions {
  readonly batcher: Batcher;
  readonly metrics: Metrics;
  readonly log: Log;
  readonly clock: Clock;
  /** Largest compressed body, in bytes. */
  readonly bodyBytesMax: number;
  /** Largest decoded message, in bytes. */
  readonly decodedBytesMax: number;
  /** A request is answered within this time, in ms, its body included. */
  readonly ackTimeoutMs: number;
  /** Ceiling on pending bytes and on bodies under way; a request whose lines alone are more is refused with 413. */
  readonly pendingBytesMax: number;
  /** Why no requests are taken, or undefined. */
  readonly ready: () => string | undefined;
  /** Who sends; undefined: nobody asks. */
  readonly senders?: Senders | undefined;
}

const sinkRetryAfterMs = 5_000;
/** A sender that waits for longer falls behind for no good: by then anything may have changed. */
const retryAfterMaxMs = 60_000;
const drainRetryAfterMs = 1_000;
const writtenHeaders: readonly (readonly [ItemKind, string])[] = [
  ["samples", "X-Prometheus-Remote-Write-Samples-Written"],
  ["histograms", "X-Prometheus-Remote-Write-Histograms-Written"],
  ["exemplars", "X-Prometheus-Remote-Write-Exemplars-Written"],
];

/** Answers one write request. */
export type WriteHandler = (request: Request, peer: string | undefined) => Promise<Response>;

/**
 * Remote write: negotiate, read, decode, make durable, answer. Only a request whose every item is durable gets a 2xx;
 * one with refused items gets 400 after its valid rest is durable.
 */
export function createWriteHandler(options: WriteOptions): WriteHandler {
  const { batcher, metrics, clock, pendingBytesMax, decodedBytesMax, bodyBytesMax, ackTimeoutMs } = options;
  const ingest = new Ingest({
    clock,
    metrics,
    decodedBytesMax,
    lineBytesMax: batcher.lineBytesMax,
    linesBytesMax: pendingBytesMax,
  });
  const { senders = new Senders(options) } = options;
  const turns = new Turns(clock);
  const room = bodyRoom(options);
  const bodyOptions = { bytesMax: bodyBytesMax, timeoutMs: ackTimeoutMs, room, clock };

  return async (request, peer) => {
    const arrivedMs = clock.monotonicMs();
    const answer = new Answer(options, peer);
    let response: Response;
    try {
      admit(request, answer, options);
      const leftMs = () => Math.max(0, arrivedMs + ackTimeoutMs - clock.monotonicMs());
      response = await withBody(request, peer, bodyOptions, async (body) => {
        const endTurn = ingest.isLarge(body.bytes) ? await turns.begin(peer, leftMs()) : undefined;
        const written = write(body, leftMs(), answer, ingest, options);
        // The work is done before it waits for the ack.
        endTurn?.();
        return written;
      });
      if (answer.written.samples + answer.written.histograms > 0) {
        senders.served(request.headers.get("user-agent"), answer.version ?? 1, peer);
      }
    } catch (error) {
      response = answer.failed(error);
    }
    senders.answered({
      address: peer,
      agent: request.headers.get("user-agent"),
      version: answer.version,
      written: answer.written.samples + answer.written.histograms,
      status: response.status,
    });
    metrics.requests.inc({
      proto: answer.version === undefined ? "none" : `v${answer.version}`,
      code: response.status,
    });
    metrics.ackDuration.observe((clock.monotonicMs() - arrivedMs) / 1000);
    return response;
  };
}

/**
 * Half of what may be pending, and the largest body in any case; half of that for one address.
 *
 * With it the whole process stays below what it takes at the start (54 to 112 MiB, by runtime) and
 *
 *     2 × pending-bytes            pending lines, and those of the one request that is ingested
 *     1.5 × this room              bodies, and what the runtime holds of them
 *     8 × decoded-bytes            one decoded message, and the garbage of the last ones
 *     36 MiB                       what is known of series that came before
 *     128 MiB                      what collectors and allocators keep of memory that was in use a moment ago
 *     5 × puts-in-flight × batch-bytes    puts: base64, JSON, the copies of the HTTP client
 *     connections × 16, 48, 144 KiB       under Bun, Node, Deno
 *
 * test/faults/memory.test.ts holds it there.
 */
function bodyRoom({ pendingBytesMax, bodyBytesMax, clock, metrics }: WriteOptions): BodyRoom {
  const largestBytes = bodyBytesMax + blockBytesMax + requestBytes;
  const bytesMax = Math.max(pendingBytesMax / 2, largestBytes);
  const observe = (takenBytes: number) => metrics.bodyBytes.set(takenBytes);
  return new BodyRoom({ bytesMax, addressBytesMax: Math.max(bytesMax / 2, largestBytes), clock, observe });
}

/** What can be told before the body is read. */
function admit(request: Request, answer: Answer, { batcher, ready }: WriteOptions): void {
  answer.version = negotiate(request.headers.get("content-type"), request.headers.get("content-encoding"));
  const unready = ready();
  if (unready !== undefined) throw new OverloadedError(unready, drainRetryAfterMs);
  batcher.assertRoom();
}

/** From a body to its answer. Up to `append` it does not wait: the lines are only valid until the next ingest. */
async function write(
  { bytes, done }: Body,
  timeoutMs: number,
  answer: Answer,
  ingest: Ingest,
  { batcher, metrics }: WriteOptions,
): Promise<Response> {
  const ingested = ingest.ingest(bytes, answer.version ?? 1);
  done();
  const { refused } = ingested;
  answer.accepted = ingested.written;
  addPending(metrics, ingested.written, 1);
  let durable: Durable;
  try {
    const appended = batcher.append(ingested.lines, timeoutMs);
    ingest.release();
    await appended;
    durable = ingested;
  } catch (error) {
    if (!(error instanceof RefusedLinesError)) throw error;
    durable = withoutRefused(ingested, error, metrics);
  } finally {
    addPending(metrics, ingested.written, -1);
  }
  ingest.remember({ ...ingested, metadataKeys: durable.metadataKeys });
  answer.written = durable.written;
  for (const kind of itemKinds) metrics.items[kind].written.inc(durable.written[kind]);
  const reasons = [refused, durable.refusedBySink].filter((reason) => reason !== undefined);
  if (reasons.length > 0) throw new RequestError(400, reasons.join("; "));
  return answer.done();
}

/** What of a request is durable. */
interface Durable extends Pick<Ingested, "written" | "metadataKeys"> {
  /** What the sink refuses for good and why, for the sender; undefined: nothing. */
  readonly refusedBySink?: string;
}

/** The items of a request but for those in quarantine. */
function withoutRefused(
  { written, metadataKeys }: Ingested,
  { lines, message }: RefusedLinesError,
  metrics: Metrics,
): Durable {
  const { counts, text } = readRefused(lines);
  const rest = { ...written };
  for (const kind of itemKinds) {
    rest[kind] -= counts[kind];
    if (counts[kind] > 0) metrics.items[kind].rejected.inc({ reason: "refused_by_sink" }, counts[kind]);
  }
  const keys = withoutLines(metadataKeys, lines);
  return { written: rest, metadataKeys: keys, refusedBySink: `${message} (${text})` };
}

function addPending(metrics: Metrics, written: Written, sign: 1 | -1): void {
  for (const kind of itemKinds) {
    if (written[kind] > 0) metrics.items[kind].pending.inc(sign * written[kind]);
  }
}

function retryAfterOf(error: unknown): number {
  if (error instanceof OverloadedError) return error.retryAfterMs;
  const askedMs = error instanceof SinkError ? error.retryAfterMs : undefined;
  return Math.min(askedMs ?? sinkRetryAfterMs, retryAfterMaxMs);
}

const nothing: Written = { samples: 0, histograms: 0, exemplars: 0, metadata: 0 };

/** The answer to one request: what it knows so far, and every way to end it. */
class Answer {
  /** Set once negotiation succeeded. */
  version: WriteVersion | undefined;
  /** Items that were handed to the batcher. */
  accepted: Written = nothing;
  /** Items that are durable. */
  written: Written = nothing;
  private readonly options: WriteOptions;
  private readonly peer: string | undefined;

  constructor(options: WriteOptions, peer: string | undefined) {
    this.options = options;
    this.peer = peer;
  }

  done(): Response {
    return new Response(null, { status: 204, headers: this.headers() });
  }

  failed(error: unknown): Response {
    const { log, metrics } = this.options;
    const { peer } = this;
    const message = describeError(error);
    if (error instanceof RequestError) {
      log.warn("refused a write request", { status: error.status, peer, reason: error.message });
      return this.text(error.status, error.message, this.headers());
    }
    const reason =
      error instanceof SinkError ? error.reason : error instanceof OverloadedError ? "overloaded" : "defect";
    for (const kind of itemKinds) {
      if (this.accepted[kind] > 0) metrics.items[kind].failed.inc({ reason }, this.accepted[kind]);
    }
    const headers = this.headers();
    if (reason === "defect") {
      log.error("failed a write request on a defect", { peer, error: message });
      return this.text(500, "Internal error: see the log", headers);
    }
    headers.set("Retry-After", String(Math.ceil(retryAfterOf(error) / 1000)));
    if (error instanceof BodyGivenUpError) headers.set("Connection", "close");
    log.warn("cannot take a write request now", { status: 503, peer, reason: message });
    return this.text(503, message, headers);
  }

  private text(status: number, message: string, headers: Headers): Response {
    headers.set("Content-Type", "text/plain; charset=utf-8");
    return new Response(`${message}\n`, { status, headers });
  }

  /** The Written headers of 2.0, on success and failure alike; 1.0 senders misread them, so they get none. */
  private headers(): Headers {
    const headers = new Headers();
    if (this.version !== 2) return headers;
    for (const [kind, header] of writtenHeaders) headers.set(header, String(this.written[kind]));
    return headers;
  }
}
