/** What the program counts, in the words of the code. Own registry, no globals: each app has its own counts. */
import { Counter, Gauge, Histogram, Registry } from "prom-client";

const prefix = "prometheus_remote_kinesis_";
const secondsBuckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25];

/** The kinds of item a write request carries; each has its own counters. */
export const itemKinds = ["samples", "histograms", "exemplars", "metadata"] as const;
export type ItemKind = (typeof itemKinds)[number];

export interface ItemCounters {
  /** Items that arrived in requests that could be decoded. */
  readonly received: Counter;
  /** Items made durable. */
  readonly written: Counter;
  /** Items refused with 400, by `reason`. */
  readonly rejected: Counter<"reason">;
  /** Items answered with 5xx, by `reason`; the sender still has them. */
  readonly failed: Counter<"reason">;
  /** Items lost after a 2xx. Stays 0. */
  readonly dropped: Counter;
  /** Items accepted and not yet durable. */
  readonly pending: Gauge;
}

export type Metrics = ReturnType<typeof createMetrics>;

/** Creates every instrument, registered and at zero. `version` and `runtime` go to the `_build_info` gauge. */
export function createMetrics(build: { readonly version: string; readonly runtime: string }) {
  const registry = new Registry();
  const registers = [registry];
  const counter = <L extends string>(name: string, help: string, labelNames: readonly L[] = []) =>
    new Counter<L>({ name: prefix + name, help, labelNames: [...labelNames], registers });
  const gauge = (name: string, help: string) => new Gauge({ name: prefix + name, help, registers });
  const seconds = (name: string, help: string) =>
    new Histogram({ name: prefix + name, help, buckets: secondsBuckets, registers });

  const items = (kind: ItemKind): ItemCounters => ({
    received: counter(`${kind}_received_total`, `${kind} in the write requests that could be decoded.`),
    written: counter(`${kind}_written_total`, `${kind} made durable by the sink.`),
    rejected: counter(`${kind}_rejected_total`, `${kind} refused with 400, by reason.`, ["reason"]),
    failed: counter(`${kind}_failed_total`, `${kind} answered with 5xx, by reason; the sender keeps them.`, [
      "reason",
    ]),
    dropped: counter(`${kind}_dropped_total`, `${kind} lost after they were acknowledged; stays 0.`),
    pending: gauge(`${kind}_pending`, `${kind} accepted and not yet durable.`),
  });

  new Gauge({
    name: `${prefix}build_info`,
    help: "Constant 1; the labels name the version and the runtime.",
    labelNames: ["version", "runtime"],
    registers,
  }).set({ version: build.version, runtime: build.runtime }, 1);

  return {
    /** All metrics in the Prometheus text format. */
    text: (): Promise<string> => registry.metrics(),
    contentType: registry.contentType,
    items: {
      samples: items("samples"),
      histograms: items("histograms"),
      exemplars: items("exemplars"),
      metadata: items("metadata"),
    } satisfies Record<ItemKind, ItemCounters>,
    metadataRepeated: counter(
      "metadata_repeated_total",
      "metadata received and not written again, because the same line is durable in this hour.",
    ),
    requests: counter("requests_total", "Write requests answered, by protocol version and status code.", [
      "proto",
      "code",
    ]),
    ackDuration: seconds("ack_duration_seconds", "From the arrival of a write request to its answer."),
    pendingBytes: gauge("pending_bytes", "Bytes of lines accepted and not yet durable."),
    putAttempts: counter("put_attempts_total", "Puts sent to the sink, by outcome.", ["outcome"]),
    putDuration: seconds("put_duration_seconds", "Duration of one put."),
    putsInFlight: gauge("puts_in_flight", "Puts under way."),
    recordsPut: counter("records_put_total", "Records made durable by the sink."),
    recordsRetried: counter(
      "records_retried_total",
      "Records put once more because an attempt did not take them.",
    ),
    recordsThrottled: counter("records_throttled_total", "Records that the service refused for their pace."),
    rawBytes: counter("raw_bytes_total", "Bytes of lines made durable, before compression."),
    sentBytes: counter("sent_bytes_total", "Bytes of records made durable, as put."),
    billedBytes: counter(
      "billed_bytes_total",
      "Bytes of records made durable, rounded up as the service bills them.",
    ),
  };
}
