import type { Clock } from "../clock.ts";
import type { ItemKind, Metrics } from "../metrics.ts";

export interface IngestOptions {
  readonly clock: Pick<Clock, "now">;
  readonly metrics: Metrics;
  /** Largest decoded message, in bytes. */
  readonly decodedBytesMax: number;
  /** Longest line, `\n` included, in bytes. */
  readonly lineBytesMax: number;
  /** Largest sum of lines of one request, in bytes. */
  readonly linesBytesMax: number;
  /** Memory for series that are known, in bytes; 0: none is. */
  readonly knownSeriesBytes?: number;
}

/** Items by kind; those of a request that are on their way into the archive. */
export type Written = Readonly<Record<ItemKind, number>>;

export interface Ingested {
  /** Whole lines, valid until `release`, or until the next request is ingested. */
  readonly lines: Uint8Array;
  readonly written: Written;
  /** Of the metadata lines among them: to be remembered once they are durable. */
  readonly metadataKeys: Uint16Array;
  /** What was refused and why, for the sender; undefined: nothing. */
  readonly refused: string | undefined;
}
