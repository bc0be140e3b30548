/** The one interface behind which all sinks stand. */
import type { Billing } from "../bill/billing.ts";

/** What became of one record in one attempt. */
export type Outcome = Durable | Retryable | Blocked | Refused;

/** The service confirmed this very record (SequenceNumber, RecordId), or its bytes are fsynced. */
export interface Durable {
  readonly kind: "durable";
}

/** The same record may succeed later. `throttled`: the service asked for a slower pace. */
export interface Retryable {
  readonly kind: "retryable";
  readonly throttled: boolean;
  /** The next put takes the record another way (to another shard), so there is no reason to slow down for all. */
  readonly elsewhere?: boolean;
  /** The service may have stored it without saying so (a timeout, a reset, a 5xx): another put can duplicate it. */
  readonly unconfirmed?: boolean;
  /** It says so of this very record, for a reason that we do not know: should it last, the record is the reason. */
  readonly suspect?: boolean;
  /** How long the service asked to wait, in ms. */
  readonly retryAfterMs?: number;
  /** Short and bounded, fit for a metric label: an AWS error code, `timeout`, `network`. */
  readonly reason: string;
  readonly message: string;
}

/** Nothing gets through until someone changes something: a permission, a missing stream, a disabled key. */
export interface Blocked {
  readonly kind: "blocked";
  readonly reason: string;
  readonly message: string;
}

/** The service does not take these bytes as they are, now or later. */
export interface Refused {
  readonly kind: "refused";
  /** `put`: it refused the call as a whole, so any of its records may be at fault, or their sum. */
  readonly scope: "record" | "put";
  readonly reason: string;
  readonly message: string;
}

export const durable: Durable = { kind: "durable" };

export interface SinkLimits {
  /** Bytes of one record's data, as handed to `put`. */
  readonly recordBytesMax: number;
  /** How large a record best becomes, as it is put; not set: as large as it may. */
  readonly recordBytesTarget?: number;
  /** How its records may be billed; not set: they are not. */
  readonly billings?: readonly Billing[];
  /** Bytes of a record that are not its data, and may be billed as well: its partition key. */
  readonly recordOverheadBytes?: number;
  /** Records in one put. */
  readonly putRecordsMax: number;
  /** Sum of the record bytes of one put. */
  readonly putBytesMax: number;
}

export interface Sink {
  /** `kinesis:name`, `file:./archive`: for logs and the status page. */
  readonly name: string;
  readonly limits: SinkLimits;
  /**
   * One attempt. One outcome per record, same order. Rejects only on a bug; an aborted signal yields `retryable`
   * outcomes. Several puts may be under way at once. The bytes may not be changed until it resolves.
   */
  put(records: readonly Uint8Array[], signal: AbortSignal): Promise<readonly Outcome[]>;
  /** Finishes what is open (the current file). Nothing is put afterwards. Called once, after the last put. */
  close(): Promise<void>;
}

/** A line that the sink does not take, and why. */
export interface RefusedLine {
  /** The whole line, `\n` included. */
  readonly line: Uint8Array;
  readonly reason: string;
  readonly message: string;
}

/** Where lines go that no sink takes, so that their neighbours can pass and nothing is lost. */
export interface Quarantine {
  /** Resolves with the file's path when the lines are fsynced there; rejects when they are not. */
  keep(lines: readonly RefusedLine[], sinkName: string): Promise<string>;
}
