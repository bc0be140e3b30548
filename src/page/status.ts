/** What the page tells, as data: the answer of /-/status.json. Names end in their unit; times are ISO 8601 in UTC. */
import type { Point } from "./history.ts";
import type { AnswerClass, ItemTotals } from "./readings.ts";

/** `waiting`: nothing came yet. `warning`: somebody should look. `error`: samples do not become durable. */
export type StateLevel = "ok" | "waiting" | "warning" | "error" | "stopping";

/** The state for programs; docs/status-page.md says what to do about each. */
export const stateCodes = [
  "waiting",
  "durable",
  "partly_failing",
  "partly_refused",
  "slow",
  "spooling",
  "silent",
  "failing",
  "blocked",
  "spool_full",
  "dropping",
  "refused",
  "stopping",
] as const;
export type StateCode = (typeof stateCodes)[number];

export interface State {
  readonly level: StateLevel;
  readonly code: StateCode;
  /** One plain sentence. */
  readonly sentence: string;
  /** Why, and what to do. */
  readonly detail: string | undefined;
}

export interface Program {
  readonly version: string;
  /** Undefined: it runs from source. */
  readonly commit: string | undefined;
  readonly runtime: string;
  readonly startedAt: string;
  readonly uptimeSeconds: number;
}

export interface Archive {
  /** `kinesis:name`, `s3://bucket/prefix`. */
  readonly name: string;
  readonly kind: "kinesis" | "firehose" | "s3" | "file";
  readonly compression: string;
}

/** What /-/ready says. */
export interface Readiness {
  readonly ready: boolean;
  /** Why no requests are taken, or why nothing becomes durable. */
  readonly reason: string | undefined;
  /** What somebody should look at though everything becomes durable. */
  readonly note: string | undefined;
  /** Senders need what the web config file asks for: a password, a token, a certificate. */
  readonly guarded: boolean;
}

export interface LastMinute extends Omit<Point, "atMs"> {
  /** Less than a minute right after the start. */
  readonly spanSeconds: number;
}

export interface Puts {
  readonly inFlight: number;
  readonly inFlightLimit: number;
  /** 0: puts are not paced. */
  readonly paceBytesPerSecond: number;
  readonly attempts: Readonly<Record<string, number>>;
  readonly recordsPut: number;
  readonly recordsRetried: number;
  readonly recordsThrottled: number;
  readonly rawBytes: number;
  readonly sentBytes: number;
  /** Lines that may be in the archive twice, by cause. */
  readonly duplicateRiskLines: Readonly<Record<string, number>>;
  /** Open shards that records are spread over; 0: not known, or not Kinesis. */
  readonly kinesisShards: number;
  readonly s3Objects: number;
  readonly s3Requests: Readonly<Record<string, number>>;
}

export interface SpoolState {
  readonly directory: string;
  /** Not in the sink yet. */
  readonly waitingBytes: number;
  /** On the disk: a segment stays until all of it is in the sink. */
  readonly bytes: number;
  readonly bytesMax: number;
  readonly segments: number;
  /** 0: it is empty. */
  readonly oldestAgeSeconds: number;
  readonly shippedBytes: number;
  readonly droppedBytes: number;
  readonly damagedFrames: number;
  readonly whenFull: string;
  /** As it filled in the last minutes; undefined: it did not, or shipping is not behind. */
  readonly fullInSeconds: number | undefined;
}

export interface QuarantineState {
  readonly directory: string;
  /** Lines since the start, by reason. */
  readonly linesByReason: Readonly<Record<string, number>>;
  readonly lines: number;
}

export interface BillWay {
  /** `kinesis_provisioned`, `kinesis_on_demand`, `firehose`, `s3`. */
  readonly billing: string;
  readonly usageDollarsPerDay: number;
  readonly capacityDollarsPerDay: number;
}

export interface Bill {
  /** A Kinesis stream is billed in one of two ways, which its records do not show. */
  readonly ways: readonly BillWay[];
  /** What keeping one day's objects costs a month; S3 only. */
  readonly storageDollarsPerMonth: number | undefined;
  readonly region: string;
  /** Year and month of the prices. */
  readonly asOf: string;
  /** The time that the estimate is made of. */
  readonly windowSeconds: number;
}

export interface SenderRow {
  readonly address: string | undefined;
  readonly agent: string | undefined;
  /** `1.0`, `2.0`; undefined: it did not say one that there is. */
  readonly remoteWrite: string | undefined;
  readonly firstSeenAt: string;
  readonly lastSeenAt: string;
  readonly requests: number;
  /** Samples and histograms that became durable. */
  readonly samples: number;
  readonly lastStatus: number;
}

export interface TroubleRow {
  readonly level: "warn" | "error";
  readonly message: string;
  readonly fields: Readonly<Record<string, string>>;
  readonly firstAt: string;
  readonly lastAt: string;
  readonly count: number;
}

export interface SettingRow {
  readonly name: string;
  readonly value: string | undefined;
  readonly source: "flag" | "environment" | "default";
  /** The flag or variable that says so. */
  readonly from: string | undefined;
  readonly help: string;
  /** It has a value that nobody is shown. */
  readonly hidden: boolean;
}

export interface HistoryRow extends Omit<Point, "atMs"> {
  readonly at: string;
}

export interface Status {
  readonly at: string;
  readonly state: State;
  readonly program: Program;
  readonly archive: Archive;
  readonly readiness: Readiness;
  readonly lastMinute: LastMinute;
  /** Write requests since the start, by answer. */
  readonly requests: Readonly<Record<AnswerClass, number>>;
  /** By kind of item, since the start. */
  readonly items: Readonly<Record<string, ItemTotals>>;
  readonly pending: { readonly bytes: number; readonly bytesMax: number };
  readonly puts: Puts;
  readonly spool: SpoolState | undefined;
  readonly quarantine: QuarantineState;
  /** Undefined: the sink costs nothing by the sample. */
  readonly bill: Bill | undefined;
  readonly senders: readonly SenderRow[];
  readonly troubles: readonly TroubleRow[];
  readonly configuration: readonly SettingRow[];
  /** A point every 10 s of the last hour, oldest first. */
  readonly history: readonly HistoryRow[];
}
