/** Holds whoever puts into a sink to what the sink may expect. */
import type { Outcome, Sink } from "../../src/sink/sink.ts";
import type { ProcessClock } from "./process-clock.ts";

export interface WatchSinkOptions {
  readonly inside: ProcessClock;
  readonly putsInFlightMax: number;
  /** Told of each put before it begins. */
  readonly onPut: (records: readonly Uint8Array[]) => void;
  readonly violate: (what: string) => void;
}

/** Of a blocked sink, in ms; a bit less, since times add up with rounding. */
const probeIntervalMs = 5_000 - 0.001;

export function watchSink(sink: Sink, { inside, putsInFlightMax, onPut, violate }: WatchSinkOptions): Sink {
  let inFlight = 0;
  let blockedAtMs = Number.NEGATIVE_INFINITY;
  const begin = (records: readonly Uint8Array[]) => {
    checkLimits(sink, records, violate);
    if (++inFlight > putsInFlightMax) violate(`${inFlight} puts in flight, ${putsInFlightMax} at most`);
    const passedMs = inside.monotonicMs() - blockedAtMs;
    if (passedMs > 0 && passedMs < probeIntervalMs) violate(`a blocked sink is asked after ${passedMs} ms`);
    onPut(records);
  };
  const end = (outcomes: readonly Outcome[]) => {
    if (outcomes.some(({ kind }) => kind === "durable")) blockedAtMs = Number.NEGATIVE_INFINITY;
    else if (outcomes.some(({ kind }) => kind === "blocked")) blockedAtMs = inside.monotonicMs();
  };
  return {
    name: sink.name,
    limits: sink.limits,
    async put(records, signal) {
      begin(records);
      const kept = records.map((record) => record.slice());
      try {
        const outcomes = await sink.put(records, signal);
        // Of an answer that does not fit, nothing is to be believed.
        if (outcomes.length === records.length) end(outcomes);
        return outcomes;
      } finally {
        inFlight--;
        const same = records.every((record, i) => Buffer.compare(record, kept[i]!) === 0);
        if (!same) violate("bytes changed while their put was under way");
      }
    },
    close: () => sink.close(),
  };
}

function checkLimits(
  { limits }: Sink,
  records: readonly Uint8Array[],
  violate: (what: string) => void,
): void {
  const bytes = records.reduce((sum, record) => sum + record.length, 0);
  if (records.length === 0) violate("a put without records");
  if (records.length > limits.putRecordsMax) violate(`a put of ${records.length} records`);
  if (bytes > limits.putBytesMax) violate(`a put of ${bytes} bytes`);
  for (const { length } of records) {
    if (length > limits.recordBytesMax || length === 0) violate(`a record of ${length} bytes`);
  }
}
