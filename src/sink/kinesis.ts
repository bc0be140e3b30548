/**
 * Amazon Kinesis Data Streams, with PutRecords.
 * https://docs.aws.amazon.com/kinesis/latest/APIReference/API_PutRecords.html
 */
import type { AwsClient } from "../aws/client.ts";
import { type Random, randomHex } from "../clock.ts";
import { ConfigError } from "../errors.ts";
import { createPutApiSink } from "./put-api.ts";
import type { Sink } from "./sink.ts";

/** Records of one PutRecords call (API_PutRecords, 2026-11). */
export const kinesisPutRecordsMax = 500;
/** Bytes of one call, data and partition keys (API_PutRecords, 2026-11; 5 MiB until October 2025). */
export const kinesisPutBytesMax = 10 * 1024 * 1024;
/**
 * Bytes of one record, data and partition key, of a stream as it is created (2026-11); a stream can be set to
 * take more: https://docs.aws.amazon.com/streams/latest/dev/large-records.html
 */
export const kinesisRecordBytesMax = 1024 * 1024;
/**
 * A shard takes 1 MiB a second, so records of the largest size would fill single shards while others idle. Eight
 * payload units spread a megabyte over several shards and waste at most an eighth of what is billed.
 */
export const kinesisRecordBytesTarget = 8 * 25 * 1024;
/** PUT payload unit of a provisioned stream (https://aws.amazon.com/kinesis/data-streams/pricing/, 2026-11). */
export const kinesisPayloadUnitBytes = 25 * 1024;
/** Hexadecimal digits of a partition key: short, because it counts as record bytes. */
const partitionKeyBytes = 8;

/** A stream as the user names it. */
export interface KinesisStream {
  readonly name: string;
  readonly arn: string | undefined;
  /** From the ARN. */
  readonly region: string | undefined;
}

export interface KinesisSinkOptions {
  readonly client: AwsClient;
  /** Name or ARN. */
  readonly stream: string;
  readonly random: Random;
  /** Bytes of the records of one put; less for services that stand in for Kinesis with older limits. */
  readonly putBytesMax?: number;
}

/** Reads a stream's name or ARN. Rejects anything else with a ConfigError. */
export function parseKinesisStream(stream: string): KinesisStream {
  const parts = /^arn:[a-z-]+:kinesis:([a-z0-9-]+):\d{12}:stream\/([a-zA-Z0-9_.-]{1,128})$/.exec(stream);
  if (parts !== null) return { name: parts[2]!, arn: stream, region: parts[1]! };
  if (/^[a-zA-Z0-9_.-]{1,128}$/.test(stream)) return { name: stream, arn: undefined, region: undefined };
  throw new ConfigError(
    2,
    `${JSON.stringify(stream)} is no Kinesis stream: give its name (1 to 128 of a-zA-Z0-9_.-) or its ARN`,
  );
}

/** A sink that puts records into `stream`; a record is durable when Kinesis names its SequenceNumber. */
export function createKinesisSink({ client, stream, random, putBytesMax }: KinesisSinkOptions): Sink {
  const { name, arn } = parseKinesisStream(stream);
  const address = arn === undefined ? { StreamName: name } : { StreamARN: arn };
  const keysBytesMax = kinesisPutRecordsMax * partitionKeyBytes;
  return createPutApiSink({
    name: `kinesis:${name}`,
    limits: {
      recordBytesMax: kinesisRecordBytesMax - partitionKeyBytes,
      recordBytesTarget: kinesisRecordBytesTarget,
      payloadUnitBytes: kinesisPayloadUnitBytes,
      putRecordsMax: kinesisPutRecordsMax,
      putBytesMax: (putBytesMax ?? kinesisPutBytesMax) - keysBytesMax,
    },
    client,
    target: "Kinesis_20131202.PutRecords",
    head: `${JSON.stringify(address).slice(0, -1)},"Records":[`,
    // Kinesis hashes the key to find the shard: a fresh one for every attempt spreads records evenly, and
    // takes a record that its shard had no room for to another one.
    begin: (count) => ({
      tails: Array.from({ length: count }, () => `","PartitionKey":"${randomHex(random)}"}`),
    }),
    entriesField: "Records",
    proofField: "SequenceNumber",
  });
}
