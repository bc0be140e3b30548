/**
 * Amazon Kinesis Data Streams, with PutRecords.
 * https://docs.aws.amazon.com/kinesis/latest/APIReference/API_PutRecords.html
 */
import type { AwsClient } from "../aws/client.ts";
import type { Clock, Random } from "../clock.ts";
import { ConfigError } from "../errors.ts";
import type { Log } from "../log.ts";
import { beginByChance } from "./kinesis/by-chance.ts";
import { listOpenShards } from "./kinesis/shards.ts";
import { createSpread, explicitHashKeyBytesMax } from "./kinesis/spread.ts";
import { createPutApiSink } from "./put-api.ts";
import type { Sink, SinkLimits } from "./sink.ts";

/** Records of one PutRecords call (API_PutRecords, 2026-11). */
export const kinesisPutRecordsMax = 500;
/** Bytes of one call, data and partition keys (API_PutRecords, 2026-11; 5 MiB until October 2025). */
export const kinesisPutBytesMax = 10 * 1024 * 1024;
/**
 * Bytes of one record, data and partition key, of a stream as it is created (2026-11); a stream can be set to
 * take more: https://docs.aws.amazon.com/streams/latest/dev/large-records.html
 */
export const kinesisRecordBytesMax = 1024 * 1024;
/** Hexadecimal digits of a partition key: short, because it counts as record bytes. */
const partitionKeyBytes = 8;
/** Bytes of one record's data, as handed to `put`: its partition key counts as well. */
export const kinesisDataBytesMax = kinesisRecordBytesMax - partitionKeyBytes;
/**
 * A shard takes 1 MiB a second, so records of the largest size would fill single shards while others idle. This is
 * eight payload units whether a KB of the bill is 1,024 bytes or 1,000, and whether the partition key counts or not,
 * neither of which AWS says for provisioned streams: at most a fortieth of what is billed is empty.
 */
export const kinesisRecordBytesTarget = 8 * 25_000 - partitionKeyBytes;

export const kinesisLimits: SinkLimits = {
  recordBytesMax: kinesisDataBytesMax,
  recordBytesTarget: kinesisRecordBytesTarget,
  billings: ["kinesis_provisioned", "kinesis_on_demand"],
  recordOverheadBytes: partitionKeyBytes,
  putRecordsMax: kinesisPutRecordsMax,
  putBytesMax: kinesisPutBytesMax,
};

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
  readonly clock: Pick<Clock, "monotonicMs">;
  /** Spreads records evenly over the open shards, as far as the stream lets us; not set: by chance. */
  readonly spread?: ShardSpreadOptions | undefined;
  /** Bytes of the records of one put; less for services that stand in for Kinesis with older limits. */
  readonly putBytesMax?: number;
}

export interface ShardSpreadOptions {
  readonly log: Log;
  /** Gets the number of shards that records are spread over, whenever it changes; 0: none. */
  readonly onShards: (count: number) => void;
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
export function createKinesisSink(options: KinesisSinkOptions): Sink {
  const { client, random, clock, putBytesMax = kinesisPutBytesMax } = options;
  const { name, arn } = parseKinesisStream(options.stream);
  const address: Record<string, string> = arn === undefined ? { StreamName: name } : { StreamARN: arn };
  const byChance = beginByChance(clock, random);
  const list = (signal: AbortSignal) => listOpenShards(client, address, signal);
  const spread =
    options.spread && createSpread({ list, byChance, clock, random, stream: name, ...options.spread });
  // A hash key is not said to count; should it do so, the largest put is still within the limit.
  const keyBytes = partitionKeyBytes + (spread === undefined ? 0 : explicitHashKeyBytesMax);
  const sink = createPutApiSink({
    name: `kinesis:${name}`,
    limits: { ...kinesisLimits, putBytesMax: putBytesMax - kinesisPutRecordsMax * keyBytes },
    client,
    target: "Kinesis_20131202.PutRecords",
    head: `${JSON.stringify(address).slice(0, -1)},"Records":[`,
    begin: spread?.begin ?? byChance,
    entriesField: "Records",
    proofField: "SequenceNumber",
  });
  if (spread === undefined) return sink;
  return {
    ...sink,
    close() {
      spread.close();
      return sink.close();
    },
  };
}
