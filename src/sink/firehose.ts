/**
 * Amazon Data Firehose, with PutRecordBatch.
 * https://docs.aws.amazon.com/firehose/latest/APIReference/API_PutRecordBatch.html
 */
import type { AwsClient } from "../aws/client.ts";
import { ConfigError } from "../errors.ts";
import { createPutApiSink } from "./put-api.ts";
import type { Sink, SinkLimits } from "./sink.ts";

/** Records of one PutRecordBatch call (API_PutRecordBatch, 2026-11). */
export const firehosePutRecordsMax = 500;
/** Bytes of one record before base64: 1,000 KiB (API_PutRecordBatch, 2026-11), which is 200 payload units. */
export const firehoseRecordBytesMax = 1000 * 1024;
/** Bytes of one PutRecordBatch call (API_PutRecordBatch, 2026-11). */
const callBytesMax = 4 * 1024 * 1024;
/** Of a call, what is not data: the stream's name, and `{"Data":""},` with padding around each record. */
const frameBytesMax = 16 * firehosePutRecordsMax + 1024;
/**
 * Bytes of the records of one put. Whether the 4 MiB are counted before or after base64 is disputed
 * (https://github.com/awslabs/lambda-streams-to-firehose/issues/49), so the whole body stays below them.
 */
export const firehosePutBytesMax = Math.floor((callBytesMax - frameBytesMax) / 4) * 3;

export const firehoseLimits: SinkLimits = {
  recordBytesMax: firehoseRecordBytesMax,
  billings: ["firehose"],
  putRecordsMax: firehosePutRecordsMax,
  putBytesMax: firehosePutBytesMax,
};

/** A delivery stream as the user names it. */
export interface FirehoseStream {
  readonly name: string;
  /** From the ARN, where one was given. */
  readonly region: string | undefined;
}

export interface FirehoseSinkOptions {
  readonly client: AwsClient;
  /** Name or ARN. */
  readonly stream: string;
}

/** Reads a delivery stream's name or ARN. Rejects anything else with a ConfigError. */
export function parseFirehoseStream(stream: string): FirehoseStream {
  const parts = /^arn:[a-z-]+:firehose:([a-z0-9-]+):\d{12}:deliverystream\/([a-zA-Z0-9_.-]{1,64})$/.exec(
    stream,
  );
  if (parts !== null) return { name: parts[2]!, region: parts[1]! };
  if (/^[a-zA-Z0-9_.-]{1,64}$/.test(stream)) return { name: stream, region: undefined };
  throw new ConfigError(
    2,
    `${JSON.stringify(stream)} is no delivery stream: give its name (1 to 64 of a-zA-Z0-9_.-) or its ARN`,
  );
}

/** A sink that puts records into `stream`; a record is durable when Firehose names its RecordId. */
export function createFirehoseSink({ client, stream }: FirehoseSinkOptions): Sink {
  // The call knows no ARN; it is only another way to write name and region.
  const { name } = parseFirehoseStream(stream);
  return createPutApiSink({
    name: `firehose:${name}`,
    limits: firehoseLimits,
    client,
    target: "Firehose_20150804.PutRecordBatch",
    head: `${JSON.stringify({ DeliveryStreamName: name }).slice(0, -1)},"Records":[`,
    begin: (count) => ({ tails: new Array<string>(count).fill('"}') }),
    entriesField: "RequestResponses",
    proofField: "RecordId",
  });
}
