import { billedBytes } from "../bill/billing.ts";
import type { Clock } from "../clock.ts";
import { describeError } from "../errors.ts";
import type { Log } from "../log.ts";
import type { PutMetrics } from "../metrics.ts";
import type { Outcome, Sink, SinkLimits } from "../sink/sink.ts";
import type { Pace } from "./pace.ts";
import type { PackedRecord } from "./pack.ts";

/** The sink rejected: a bug of ours. What became of the record is unknown. */
export interface Defect {
  readonly kind: "defect";
  readonly reason: "defect";
  readonly message: string;
}

export type PutOutcome = Outcome | Defect;

export interface PutOptions {
  readonly sink: Sink;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: PutMetrics;
  readonly pace: Pace;
  /** After this time, in ms, the put is told to end; it is over when it does. */
  readonly timeoutMs: number;
}

/** Of a record that the sink did not clearly speak about. */
const unconfirmed: Outcome = {
  kind: "retryable",
  throttled: false,
  unconfirmed: true,
  reason: "unconfirmed",
  message: "The sink did not say one thing of each record",
};

/** One attempt: one outcome for each record, in their order. Never rejects. */
export async function putOnce(
  records: readonly PackedRecord[],
  options: PutOptions,
): Promise<readonly PutOutcome[]> {
  const { sink, clock, log, metrics, timeoutMs } = options;
  const startedMs = clock.monotonicMs();
  const abort = new AbortController();
  const cancel = clock.after(timeoutMs, () =>
    abort.abort(new Error(`No answer in ${Math.round(timeoutMs)} ms`)),
  );
  metrics.putsInFlight.inc();
  let outcomes: readonly PutOutcome[];
  try {
    const told = await sink.put(
      records.map(({ data }) => data),
      abort.signal,
    );
    // Where outcomes are missing or too many, none is known to belong to its record.
    const clear = told.length === records.length ? told : records.map(() => unconfirmed);
    logFailure(clear, options);
    outcomes = clear;
  } catch (error) {
    const message = describeError(error);
    log.error("put failed on a defect of the sink", { sink: sink.name, error: message });
    outcomes = records.map(() => ({ kind: "defect", reason: "defect", message }));
  }
  cancel();
  metrics.putsInFlight.dec();
  metrics.putDuration.observe((clock.monotonicMs() - startedMs) / 1000);
  observe(outcomes, records, startedMs, options);
  return outcomes;
}

/** What gate and quarantine say in their own words is not said with every put. */
function logFailure(outcomes: readonly Outcome[], { sink, log }: PutOptions): void {
  // A sink that takes some of the records is not blocked for the gate.
  const isOpen = outcomes.some(({ kind }) => kind === "durable");
  const failed = outcomes.filter(({ kind }) => kind === "retryable" || (kind === "blocked" && isOpen));
  const [first] = failed;
  if (first === undefined) return;
  const { kind, reason, message } = first as Exclude<Outcome, { kind: "durable" }>;
  const records = outcomes.length;
  log.warn("put failed", { sink: sink.name, records, failed: failed.length, kind, reason, message });
}

function observe(
  outcomes: readonly PutOutcome[],
  records: readonly PackedRecord[],
  startedMs: number,
  { sink, metrics, pace }: PutOptions,
): void {
  const { billings = [], recordOverheadBytes = 0 } = sink.limits;
  const billed = billings.map(() => 0);
  let bytes = 0;
  let taken = 0;
  let durableBytes = 0;
  let durableRawBytes = 0;
  let throttled = 0;
  let slowsDown = false;
  for (const [i, outcome] of outcomes.entries()) {
    const { data, start, end } = records[i]!;
    bytes += data.length;
    if (outcome.kind === "durable") {
      taken++;
      durableRawBytes += end - start;
      durableBytes += data.length;
      const countedBytes = data.length + recordOverheadBytes;
      for (const [at, billing] of billings.entries()) billed[at]! += billedBytes(billing, countedBytes);
    } else if (outcome.kind === "retryable" && outcome.throttled) {
      throttled++;
      slowsDown ||= outcome.elsewhere !== true;
    }
  }
  metrics.recordsPut.inc(taken);
  metrics.rawBytes.inc(durableRawBytes);
  metrics.sentBytes.inc(durableBytes);
  for (const [at, billing] of billings.entries()) metrics.billedBytes.inc({ billing }, billed[at]);
  metrics.recordsThrottled.inc(throttled);
  metrics.putAttempts.inc({ outcome: attemptOutcome(outcomes, taken) });
  pace.ended({ startedMs, bytes, durableBytes, durableRawBytes, throttled: slowsDown });
}

function attemptOutcome(outcomes: readonly PutOutcome[], taken: number): string {
  if (taken === outcomes.length) return "ok";
  if (outcomes[0]?.kind === "defect") return "error";
  return taken === 0 ? "failed" : "partial";
}

/** Cuts records into puts that keep the sink's limits, and `bytesMax` where single records are not larger. */
export function groupsOf<R extends PackedRecord>(
  records: readonly R[],
  { putRecordsMax, putBytesMax }: SinkLimits,
  bytesMax: number,
): readonly R[][] {
  const groups: R[][] = [];
  let bytes = 0;
  for (const record of records) {
    const size = record.data.length;
    const group = groups.at(-1);
    const isFull =
      group === undefined || group.length >= putRecordsMax || bytes + size > Math.min(putBytesMax, bytesMax);
    if (isFull) groups.push([record]);
    else group.push(record);
    bytes = isFull ? size : bytes + size;
  }
  return groups;
}
