/**
 * What AWS counts of what is put: every record by itself, rounded up to a unit. KB are 1,024 bytes there: the pricing
 * page of Kinesis says so for on-demand streams, and reckons with it in its examples (read 2026-11).
 * https://aws.amazon.com/kinesis/data-streams/pricing/ https://aws.amazon.com/firehose/pricing/
 */

/** The ways in which AWS bills a sink. A Kinesis stream has one of two, which its records do not show. */
export const billings = ["kinesis_provisioned", "kinesis_on_demand", "firehose", "s3"] as const;
export type Billing = (typeof billings)[number];

/**
 * 25 KB are a PUT payload unit. Of these two AWS does not say that KB are 1,024 bytes, only of on-demand streams; nor
 * whether the partition key counts: whoever asks adds it, so that the bill is not larger than we say.
 */
export const unitBytes: Readonly<Record<Billing, number>> = {
  kinesis_provisioned: 25 * 1024,
  kinesis_on_demand: 1024,
  firehose: 5 * 1024,
  // S3 bills requests, and what is kept by the byte.
  s3: 1,
};

/** Bytes of one record of `recordBytes` as `billing` counts them. */
export function billedBytes(billing: Billing, recordBytes: number): number {
  const unit = unitBytes[billing];
  return Math.ceil(recordBytes / unit) * unit;
}

/**
 * What one shard of a provisioned stream takes a second.
 * https://docs.aws.amazon.com/streams/latest/dev/service-sizes-and-limits.html (2026-11)
 */
export const shardRecordsPerSecond = 1_000;
export const shardBytesPerSecond = 1024 * 1024;

/** Shards that take so much on average; what comes in bursts needs more. */
export function shardsFor(recordsPerSecond: number, bytesPerSecond: number): number {
  return Math.max(
    1,
    Math.ceil(recordsPerSecond / shardRecordsPerSecond),
    Math.ceil(bytesPerSecond / shardBytesPerSecond),
  );
}
