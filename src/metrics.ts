/** What the program counts, in the words of the code. Own registry, no globals: each app has its own counts. */
import { Counter, Gauge, Histogram, Registry } from "prom-client";
import type { ProcessUsage } from "./platform.ts";

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
/** What one batcher counts. */
export type PutMetrics = ReturnType<typeof putMetrics>;
/** What is known of the web config. */
export type WebConfigMetrics = ReturnType<typeof webConfigMetrics>;
/** What is counted of requests that were not let in. */
export type GuardMetrics = ReturnType<typeof guardMetrics>;
/** What the spool counts. */
export type SpoolMetrics = ReturnType<typeof spoolMetrics>;

/**
 * Creates every instrument, registered and at zero. `version` and `runtime` go to the `_build_info` gauge; `usage` is
 * asked with each scrape.
 */
export function createMetrics(build: {
  readonly version: string;
  readonly runtime: string;
  readonly usage?: () => ProcessUsage;
}) {
  const make = new Instruments();
  if (build.usage !== undefined) make.ofProcess(build.usage);
  make
    .gauge("build_info", "Constant 1; the labels name the version and the runtime.", ["version", "runtime"])
    .set({ version: build.version, runtime: build.runtime }, 1);
  return {
    /** All metrics in the Prometheus text format. */
    text: (): Promise<string> => make.registry.metrics(),
    contentType: make.registry.contentType,
    items: {
      samples: itemCounters(make, "samples"),
      histograms: itemCounters(make, "histograms"),
      exemplars: itemCounters(make, "exemplars"),
      metadata: itemCounters(make, "metadata"),
    } satisfies Record<ItemKind, ItemCounters>,
    ...requestMetrics(make),
    puts: putMetrics(make, "", "the sink"),
    /** With a spool: what goes into it, before the ack. */
    spoolPuts: putMetrics(make, "spool_", "the spool"),
    ...sinkMetrics(make),
    bill: billMetrics(make),
    spool: spoolMetrics(make),
    webConfig: webConfigMetrics(make),
    guard: guardMetrics(make),
  };
}

class Instruments {
  readonly registry = new Registry();
  private readonly registers = [this.registry];

  counter<L extends string = never>(name: string, help: string, labelNames: readonly L[] = []): Counter<L> {
    const { registers } = this;
    return new Counter<L>({ name: prefix + name, help, labelNames: [...labelNames], registers });
  }

  /** Its series are there at zero from the start: the first increase of one that appears is nothing to Prometheus. */
  counterOf<L extends string>(name: string, help: string, label: L, values: readonly string[]): Counter<L> {
    const counter = this.counter(name, help, [label]);
    for (const value of values) counter.inc({ [label]: value } as Record<L, string>, 0);
    return counter;
  }

  /** Under the names that every Prometheus client library gives them. */
  ofProcess(usage: () => ProcessUsage): void {
    const { registers } = this;
    const cpu = {
      name: "process_cpu_seconds_total",
      help: "CPU time of the process, user and system.",
      registers,
    };
    new Counter({ ...cpu, collect: setCpu });
    const memory = {
      name: "process_resident_memory_bytes",
      help: "Memory of the process in RAM.",
      registers,
    };
    new Gauge({ ...memory, collect: setMemory });
    function setCpu(this: Counter): void {
      this.reset();
      this.inc(usage().cpuSeconds);
    }
    function setMemory(this: Gauge): void {
      this.set(usage().residentBytes);
    }
  }

  gauge<L extends string = never>(name: string, help: string, labelNames: readonly L[] = []): Gauge<L> {
    const { registers } = this;
    return new Gauge<L>({ name: prefix + name, help, labelNames: [...labelNames], registers });
  }

  seconds(name: string, help: string): Histogram {
    return new Histogram({ name: prefix + name, help, buckets: secondsBuckets, registers: this.registers });
  }
}

function itemCounters(make: Instruments, kind: ItemKind): ItemCounters {
  const help = `${kind} answered with 5xx, by reason; the sender keeps them.`;
  return {
    received: make.counter(`${kind}_received_total`, `${kind} in the write requests that could be decoded.`),
    written: make.counter(`${kind}_written_total`, `${kind} made durable by the sink, or in the spool.`),
    rejected: make.counter(`${kind}_rejected_total`, `${kind} refused with 400, by reason.`, ["reason"]),
    failed: make.counter(`${kind}_failed_total`, help, ["reason"]),
    dropped: make.counter(`${kind}_dropped_total`, `${kind} lost after they were acknowledged; stays 0.`),
    pending: make.gauge(`${kind}_pending`, `${kind} accepted and not yet durable.`),
  };
}

function requestMetrics(make: Instruments) {
  return {
    metadataRepeated: make.counter(
      "metadata_repeated_total",
      "metadata received and not written again, because the same line is durable in this hour.",
    ),
    requests: make.counter(
      "requests_total",
      "Write requests answered, by protocol version and status code.",
      ["proto", "code"],
    ),
    ackDuration: make.seconds("ack_duration_seconds", "From the arrival of a write request to its answer."),
    bodyBytes: make.gauge("body_bytes", "Bytes of request bodies held in memory."),
    pendingLimit: make.gauge("pending_limit_bytes", "Most bytes of lines not yet durable (--pending-bytes)."),
  };
}

function putMetrics(make: Instruments, part: string, where: string) {
  return {
    pendingBytes: make.gauge(`${part}pending_bytes`, `Bytes of lines on their way to ${where}.`),
    putAttempts: make.counter(`${part}put_attempts_total`, `Puts sent to ${where}, by outcome.`, ["outcome"]),
    putDuration: make.seconds(`${part}put_duration_seconds`, `Duration of one put to ${where}.`),
    putsInFlight: make.gauge(`${part}puts_in_flight`, `Puts to ${where} under way.`),
    putsInFlightLimit: make.gauge(
      `${part}puts_in_flight_limit`,
      `Puts to ${where} that may be under way now.`,
    ),
    paceBytesPerSecond: make.gauge(
      `${part}pace_bytes_per_second`,
      `Bytes a second at which puts to ${where} are paced; 0: they are not.`,
    ),
    recordsPut: make.counter(`${part}records_put_total`, `Records made durable by ${where}.`),
    recordsRetried: make.counter(
      `${part}records_retried_total`,
      `Records put to ${where} once more because an attempt did not take them.`,
    ),
    recordsThrottled: make.counter(
      `${part}records_throttled_total`,
      `Records that ${where} refused for their pace.`,
    ),
    rawBytes: make.counter(
      `${part}raw_bytes_total`,
      `Bytes of lines made durable by ${where}, before compression.`,
    ),
    sentBytes: make.counter(`${part}sent_bytes_total`, `Bytes of records made durable by ${where}, as put.`),
    billedBytes: make.counter(
      `${part}billed_bytes_total`,
      `Bytes of records made durable by ${where}, rounded up as it bills them; Kinesis does in one of two ways.`,
      ["billing"],
    ),
  };
}

function sinkMetrics(make: Instruments) {
  return {
    duplicateRisk: make.counterOf(
      "duplicate_risk_lines_total",
      "Lines that may be in the archive twice. late, partial: durable, but their request was answered with 503; " +
        "unconfirmed: put again, or answered with 503, after an attempt that may have stored them.",
      "cause",
      ["late", "partial", "unconfirmed"],
    ),
    quarantinedLines: make.counter(
      "quarantined_lines_total",
      "Lines that the sink refuses for good, kept in the quarantine, by reason.",
      ["reason"],
    ),
    sinkBlocked: make.gauge(
      "sink_blocked",
      "1 while the sink takes nothing until someone changes something; /-/ready says what.",
    ),
    kinesisShards: make.gauge(
      "kinesis_shards",
      "Open shards that records are spread over; 0: the stream spreads them, or chance.",
    ),
    credentialsExpiry: make.gauge(
      "credentials_expiry_timestamp_seconds",
      "Unix time at which the AWS credentials in use expire; 0: they do not, or there are none.",
    ),
    credentialsLoads: make.counterOf("credentials_loads_total", "Loads of AWS credentials.", "outcome", [
      "loaded",
      "failed",
    ]),
    s3Objects: make.counter("s3_objects_put_total", "Objects put to S3."),
    s3Requests: make.counter("s3_requests_total", "Requests to S3, by operation and outcome.", [
      "operation",
      "outcome",
    ]),
  };
}

function billMetrics(make: Instruments) {
  return {
    startTime: make.gauge("start_time_seconds", "Unix time at which the program started."),
    sinkInfo: make.gauge("sink_info", "Constant 1; the labels name the kind of sink and its compression.", [
      "sink",
      "compression",
    ]),
    dollarsPerDay: make.gauge(
      "estimated_dollars_per_day",
      "What a day costs at the pace of estimate_window_seconds, by way of billing (a Kinesis stream has one of two) " +
        "and part: usage is what is put, capacity the shards or the stream.",
      ["billing", "part"],
    ),
    storageDollarsPerMonth: make.gauge(
      "estimated_storage_dollars_per_month",
      "s3: what keeping one day's objects costs a month, at the pace of estimate_window_seconds.",
    ),
    windowSeconds: make.gauge(
      "estimate_window_seconds",
      "Time that the estimates are made of: the last hour, or since the start.",
    ),
  };
}

function spoolMetrics(make: Instruments) {
  return {
    bytes: make.gauge("spool_bytes", "Bytes of segments in the spool."),
    limit: make.gauge("spool_limit_bytes", "Most bytes of the spool (--spool-bytes); 0: there is no spool."),
    segments: make.gauge("spool_segments", "Segments in the spool."),
    oldestAge: make.gauge(
      "spool_oldest_age_seconds",
      "Age of the oldest lines in the spool; 0: it is empty.",
    ),
    shippedBytes: make.counter(
      "spool_shipped_bytes_total",
      "Bytes of spooled lines made durable by the sink.",
    ),
    damagedFrames: make.counter("spool_damaged_frames_total", "Damaged places in segments, passed over."),
    droppedBytes: make.counter(
      "spool_dropped_bytes_total",
      "Bytes of acknowledged lines removed unshipped, because of --spool-full drop-oldest.",
    ),
  };
}

function webConfigMetrics(make: Instruments) {
  const lastReloadSuccessful = make.gauge(
    "web_config_last_reload_successful",
    "0 while the file of --web-config-file holds something that cannot be taken over.",
  );
  lastReloadSuccessful.set(1);
  return {
    lastReloadSuccessful,
    lastReloadTime: make.gauge(
      "web_config_last_reload_success_timestamp_seconds",
      "Unix time at which the web config was last taken over.",
    ),
  };
}

function guardMetrics(make: Instruments) {
  return {
    unauthorized: make.counter(
      "requests_unauthorized_total",
      "Requests answered with 401, by what was wrong: missing or wrong credentials.",
      ["reason"],
    ),
    limited: make.counter(
      "requests_limited_total",
      "Requests answered with 503 because of a limit on clients, by limit.",
      ["limit"],
    ),
  };
}
