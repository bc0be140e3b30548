/**
 * A delivery stream: holds what it confirmed until there is enough of it or it is old enough, then puts it into S3 as
 * one object. https://docs.aws.amazon.com/firehose/latest/dev/s3-object-name.html (2026-11)
 */
import { randomUUID } from "node:crypto";
import { gzipSync } from "node:zlib";
import type { LineCounts } from "./line-counts.ts";
import { md5, type ObjectStore } from "./s3-store.ts";
import { createTokenBucket, type TokenBucket } from "./token-bucket.ts";

export interface DeliveryStreamOptions {
  readonly name: string;
  readonly bucket: string;
  /** ARN of the Kinesis stream that it says it reads from; not set: direct puts. Nothing is ever read. */
  readonly source?: string;
  /** With `!{timestamp:…}` expressions; without one the hour of arrival is appended. */
  readonly prefix?: string | undefined;
  readonly fileExtension?: string | undefined;
  readonly gzip?: boolean;
  /** Puts a line end behind each record. */
  readonly appendDelimiter?: boolean;
  readonly bufferBytes?: number | undefined;
  readonly bufferMs?: number | undefined;
  readonly quota?:
    | { readonly calls?: number; readonly records?: number; readonly bytes?: number }
    | undefined;
}

export interface DeliveryTimes {
  /** Wall clock, ms since the epoch. */
  readonly now: () => number;
  readonly monotonicMs: () => number;
}

export interface DeliveryStream {
  readonly options: DeliveryStreamOptions;
  readonly createdAtMs: number;
  readonly calls: TokenBucket;
  readonly records: TokenBucket;
  readonly bytes: TokenBucket;
  recordsCount: number;
  bytesCount: number;
  /** Keys of the objects that were delivered, in order. */
  readonly delivered: readonly string[];
  /** Confirmed and not delivered yet. */
  readonly held: readonly Buffer[];
  readonly lines: LineCounts | undefined;
  /** Keeps a record. */
  hold(data: Buffer): void;
  /** Delivers what is held, if anything. */
  deliver(): void;
  /** No delivery by time after this. */
  stop(): void;
}

/** Of Direct PUT in us-east-1, a second (https://docs.aws.amazon.com/firehose/latest/dev/limits.html, 2026-11). */
const quotaDefault = { calls: 2_000, records: 500_000, bytes: 5 * 1024 * 1024 };
export const bufferBytesDefault = 5 * 1024 * 1024;
export const bufferMsDefault = 300_000;

export function createDeliveryStream(
  options: DeliveryStreamOptions,
  times: DeliveryTimes,
  store: ObjectStore,
  lines: LineCounts | undefined,
  onDelivered: (key: string, bytes: number) => void,
): DeliveryStream {
  const quota = { ...quotaDefault, ...options.quota };
  const bucketOf = (perSecond: number) => createTokenBucket(perSecond, times.monotonicMs);
  const { bufferBytes = bufferBytesDefault, bufferMs = bufferMsDefault } = options;
  let held: Buffer[] = [];
  let heldBytes = 0;
  let oldestMs = 0;
  let timer: NodeJS.Timeout | undefined;
  const delivered: string[] = [];
  const stop = () => {
    clearTimeout(timer);
    timer = undefined;
  };
  const deliver = () => {
    stop();
    if (held.length === 0) return;
    const plain = Buffer.concat(held);
    const body = options.gzip === true ? gzipSync(plain) : plain;
    const bucket = store.buckets.get(options.bucket) ?? store.createBucket(options.bucket);
    const key = keyOf(options, oldestMs);
    const headers = { "content-type": "application/octet-stream" };
    store.put(bucket, { key, body, etag: `"${md5(body).toString("hex")}"`, headers, checksums: {} });
    delivered.push(key);
    onDelivered(key, body.byteLength);
    held = [];
    heldBytes = 0;
  };
  return {
    options,
    createdAtMs: times.now(),
    calls: bucketOf(quota.calls),
    records: bucketOf(quota.records),
    bytes: bucketOf(quota.bytes),
    recordsCount: 0,
    bytesCount: 0,
    delivered,
    get held() {
      return held;
    },
    lines,
    hold(data) {
      this.recordsCount++;
      this.bytesCount += data.byteLength;
      lines?.addRecord(data);
      if (held.length === 0) {
        oldestMs = times.now();
        timer = setTimeout(deliver, bufferMs);
      }
      held.push(data);
      if (options.appendDelimiter === true) held.push(Buffer.from("\n"));
      heldBytes += data.byteLength;
      if (heldBytes >= bufferBytes) deliver();
    },
    deliver,
    stop,
  };
}

/** `<prefix>NAME-1-YYYY-MM-dd-HH-MM-SS-<uuid><extension>`, all times that of the oldest record. */
function keyOf({ name, prefix = "", fileExtension, gzip }: DeliveryStreamOptions, oldestMs: number): string {
  const time = new Date(oldestMs).toISOString();
  const hour = `${time.slice(0, 13).replace(/[-T]/g, "/")}/`;
  const evaluated = prefix
    .replace(/!\{timestamp:([^}]*)\}/g, (_, pattern: string) => formatTime(pattern, time))
    .replaceAll("!{firehose:random-string}", () => randomUUID().replaceAll("-", "").slice(0, 11));
  const folder = prefix.includes("!{timestamp:") ? evaluated : `${evaluated}${hour}`;
  const extension = fileExtension ?? (gzip === true ? ".gz" : "");
  return `${folder}${name}-1-${time.slice(0, 19).replace(/[T:]/g, "-")}-${randomUUID()}${extension}`;
}

/** The letters of Java's DateTimeFormatter that archives are laid out by; text in quotes stands for itself. */
function formatTime(pattern: string, time: string): string {
  const [year, month, day, hour, minute, second] = time.split(/[-T:.]/) as [
    string,
    string,
    string,
    string,
    string,
    string,
  ];
  const fields: Readonly<Record<string, string>> = {
    yyyy: year,
    MM: month,
    dd: day,
    HH: hour,
    mm: minute,
    ss: second,
  };
  return pattern.replace(
    /'([^']*)'|([a-zA-Z])\2*/g,
    (whole, quoted: string | undefined) => quoted ?? fields[whole] ?? whole,
  );
}
