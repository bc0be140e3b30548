/** The one interface behind which all sinks stand. */

/** What became of one record in one attempt. */
export type Outcome = Durable | Retryable | Permanent;

/** The service confirmed this very record (SequenceNumber, RecordId), or its bytes are fsynced. */
export interface Durable {
  readonly kind: "durable";
}

/** The same record may succeed later. `throttled`: the service asked for a slower pace. */
export interface Retryable {
  readonly kind: "retryable";
  readonly throttled: boolean;
  /** Short and bounded, fit for a metric label: an AWS error code, `timeout`, `network`. */
  readonly reason: string;
  readonly message: string;
}

/** Trying again soon is no use: someone has to change something first (permissions, a missing stream, a bad record). */
export interface Permanent {
  readonly kind: "permanent";
  readonly reason: string;
  readonly message: string;
}

export const durable: Durable = { kind: "durable" };

export interface SinkLimits {
  /** Bytes of one record's data, as handed to `put`. */
  readonly recordBytesMax: number;
  /** Where a record is best closed, if the next line fits no more; not set: at `recordBytesMax`. */
  readonly recordBytesTarget?: number;
  /** What the service bills by: a record's bytes are rounded up to a multiple; not set: it bills no bytes. */
  readonly payloadUnitBytes?: number;
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
