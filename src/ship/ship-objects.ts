/** Empties the spool into objects of S3. */
import type { S3Bucket } from "../aws/s3.ts";
import type { Clock, Random } from "../clock.ts";
import type { Compression } from "../compression.ts";
import type { Log } from "../log.ts";
import type { Metrics } from "../metrics.ts";
import type { Spool } from "../sink/spool/spool.ts";
import type { Shipper } from "./shipper.ts";

export interface ObjectShipperOptions {
  readonly spool: Spool;
  readonly bucket: S3Bucket;
  /** Before the hour's folders: empty, or ends with `/`. */
  readonly prefix: string;
  readonly compression: Compression;
  /** Bytes of lines at which an object is finished. */
  readonly rotateBytes: number;
  /** Age of its oldest lines at which an object is finished, in ms. */
  readonly rotateAgeMs: number;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly metrics: Metrics;
}

/** Starts to ship at once. */
export function startObjectShipper(_options: ObjectShipperOptions): Shipper {
  return { shippedBytes: 0, blocked: undefined, stop: () => Promise.resolve() };
}
