import { type Clock, type Random, sleep } from "../clock.ts";
import { describeError, SinkError } from "../errors.ts";
import type { Log } from "../log.ts";
import type { Metrics } from "../metrics.ts";
import { backoffMs, throttledBackoff, transientBackoff } from "../retry.ts";
import type { Outcome, Quarantine, Sink } from "../sink/sink.ts";
import type { PackedRecord } from "./pack.ts";

export interface DeliverOptions {
  readonly sink: Sink;
  /** Takes the lines that the sink refuses for good. */
  readonly quarantine: Quarantine;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly metrics: Metrics;
  /** Longest duration of one put, in ms. */
  readonly putTimeoutMs: number;
}

/** What became of each record: durable, failed, or still open. */
export type RecordState = true | SinkError | undefined;

/**
 * The one retry loop. Puts the records until each is durable or failed for good, or until `deadlineMs` (monotonic
 * clock) is over; only records that an attempt did not take are put again. `onProgress` gets the states after each
 * put; in the end none is open.
 */
export async function deliver(
  records: readonly PackedRecord[],
  deadlineMs: number,
  options: DeliverOptions,
  onProgress: (states: readonly RecordState[]) => void,
): Promise<void> {
  const { clock, random, metrics } = options;
  const states: RecordState[] = records.map(() => undefined);
  let open = records.map((_, index) => index);
  for (let attempt = 1; ; attempt++) {
    let throttled = false;
    const failures = new Map<number, SinkError>();
    for (const group of groupsOf(open, records, options.sink)) {
      const late = clock.monotonicMs() >= deadlineMs;
      const outcomes = late ? group.map(() => tooLate) : await putOnce(group, records, deadlineMs, options);
      for (const [i, index] of group.entries()) {
        const outcome = outcomes[i]!;
        if (outcome.kind === "durable") {
          states[index] = true;
          continue;
        }
        const failure = new SinkError(outcome.reason, outcome.message);
        if (outcome.kind === "blocked" || outcome.kind === "refused") states[index] = failure;
        else failures.set(index, failure);
        throttled ||= outcome.kind === "retryable" && outcome.throttled;
      }
      // Lines that are durable do not wait for the other puts of their batch.
      onProgress(states);
    }
    open = [...failures.keys()];
    if (open.length === 0) return;
    const delayMs = backoffMs(attempt, throttled ? throttledBackoff : transientBackoff, random);
    if (clock.monotonicMs() + delayMs >= deadlineMs) {
      for (const [index, failure] of failures) states[index] = failure;
      return onProgress(states);
    }
    metrics.puts.recordsRetried.inc(open.length);
    await sleep(clock, delayMs);
  }
}

/** Of a record that nobody waits for any more when its put could start. */
const tooLate: Outcome = {
  kind: "retryable",
  throttled: false,
  reason: "timeout",
  message: "The lines waited too long for a put",
};

/** Of a record that the sink did not clearly speak about. */
const unconfirmed: Outcome = {
  kind: "retryable",
  throttled: false,
  reason: "unconfirmed",
  message: "The sink did not say one thing of each record",
};

/** Cuts record indexes into puts that keep the sink's limits. */
function groupsOf(
  indexes: readonly number[],
  records: readonly PackedRecord[],
  { limits }: Sink,
): number[][] {
  const groups: number[][] = [];
  let bytes = 0;
  for (const index of indexes) {
    const size = records[index]!.data.length;
    const group = groups.at(-1);
    if (group === undefined || group.length >= limits.putRecordsMax || bytes + size > limits.putBytesMax) {
      groups.push([index]);
      bytes = size;
    } else {
      group.push(index);
      bytes += size;
    }
  }
  return groups;
}

async function putOnce(
  group: readonly number[],
  records: readonly PackedRecord[],
  deadlineMs: number,
  { sink, clock, log, metrics, putTimeoutMs }: DeliverOptions,
): Promise<readonly Outcome[]> {
  const startedMs = clock.monotonicMs();
  const abort = new AbortController();
  const timeoutMs = Math.max(0, Math.min(putTimeoutMs, deadlineMs - startedMs));
  const cancel = clock.after(timeoutMs, () =>
    abort.abort(new Error(`No answer in ${Math.round(timeoutMs)} ms`)),
  );
  metrics.puts.putsInFlight.inc();
  try {
    const data = group.map((index) => records[index]!.data);
    const told = await sink.put(data, abort.signal);
    // Where outcomes are missing or too many, none is known to belong to its record.
    const outcomes = told.length === group.length ? told : group.map(() => unconfirmed);
    observe(outcomes, group, records, sink, metrics);
    const failed = outcomes.find((outcome) => outcome.kind !== "durable");
    if (failed !== undefined) {
      const count = outcomes.filter((outcome) => outcome.kind !== "durable").length;
      const { kind, reason, message } = failed;
      log.warn("put failed", {
        sink: sink.name,
        records: group.length,
        failed: count,
        kind,
        reason,
        message,
      });
    }
    return outcomes;
  } catch (error) {
    // A sink rejects only on a bug of ours; the lines are still safe with the sender, so say so and go on.
    log.error("put failed on a defect of the sink", { sink: sink.name, error: describeError(error) });
    metrics.puts.putAttempts.inc({ outcome: "error" });
    const message = describeError(error);
    return group.map(() => ({ kind: "blocked", reason: "defect", message }));
  } finally {
    cancel();
    metrics.puts.putsInFlight.dec();
    metrics.puts.putDuration.observe((clock.monotonicMs() - startedMs) / 1000);
  }
}

function observe(
  outcomes: readonly Outcome[],
  group: readonly number[],
  records: readonly PackedRecord[],
  { limits: { payloadUnitBytes: unit } }: Sink,
  metrics: Metrics,
): void {
  let taken = 0;
  for (const [i, outcome] of outcomes.entries()) {
    if (outcome.kind === "durable") {
      const { data, start, end } = records[group[i]!]!;
      taken++;
      metrics.puts.rawBytes.inc(end - start);
      metrics.puts.sentBytes.inc(data.length);
      if (unit !== undefined) metrics.puts.billedBytes.inc(Math.ceil(data.length / unit) * unit);
    } else if (outcome.kind === "retryable" && outcome.throttled) metrics.puts.recordsThrottled.inc();
  }
  metrics.puts.recordsPut.inc(taken);
  const outcome = taken === group.length ? "ok" : taken === 0 ? "failed" : "partial";
  metrics.puts.putAttempts.inc({ outcome });
}
