/** Data Firehose with Direct PUT into S3. https://docs.aws.amazon.com/firehose/latest/APIReference/ (2026-11) */
import { randomUUID } from "node:crypto";
import { type Answer, type Call, CallRefusal, jsonAnswer } from "./call.ts";
import {
  bufferBytesDefault,
  bufferMsDefault,
  createDeliveryStream,
  type DeliveryStream,
  type DeliveryStreamOptions,
  type DeliveryTimes,
} from "./delivery-stream.ts";
import type { EntryFault, Meeting } from "./fault-book.ts";
import {
  asObject,
  byText,
  bytes,
  type Input,
  list,
  optionalText,
  optionalWhole,
  readInput,
  text,
  unknownFields,
  validation,
} from "./json-input.ts";
import { createLineCounts } from "./line-counts.ts";
import type { ObjectStore } from "./s3-store.ts";
import { addProblem, type Tally } from "./tally.ts";

export interface FirehoseOptions {
  readonly region: string;
  readonly accountId: string;
  readonly times: DeliveryTimes;
  readonly tally: Tally;
  readonly store: ObjectStore;
  readonly hashesOnly: boolean;
  /** Told of each delivery, in a few words. */
  readonly log: (what: string) => void;
}

export interface Firehose {
  readonly streams: Map<string, DeliveryStream>;
  create(options: DeliveryStreamOptions): void;
  answer(call: Call, meeting: Meeting): Answer;
}

const recordsMax = 500;
/** Of one record, before base64. */
const recordBytesMax = 1000 * 1024;
/** Of one call: the strict reading, after base64. */
const callBytesMax = 4 * 1024 * 1024;
const throttledCode = "ServiceUnavailableException";
const slowDown = "Slow down.";

export function createFirehose(options: FirehoseOptions): Firehose {
  const streams = new Map<string, DeliveryStream>();
  const create: Firehose["create"] = (given) => {
    const lines = options.hashesOnly ? createLineCounts() : undefined;
    if (!options.store.buckets.has(given.bucket)) options.store.createBucket(given.bucket);
    const delivered = (key: string, count: number) =>
      options.log(`firehose delivers ${count} B of ${given.name} to s3://${given.bucket}/${key}`);
    const { times, store } = options;
    streams.set(given.name, createDeliveryStream(given, times, store, lines, delivered));
  };
  return {
    streams,
    create,
    answer(call, meeting) {
      const input = readInput(call);
      if (meeting.throttle !== undefined) throw throttled(options.tally);
      switch (call.operation) {
        case "CreateDeliveryStream":
          return jsonAnswer(createByCall(options, streams, input, create));
        case "ListDeliveryStreams": {
          const DeliveryStreamNames = [...streams.keys()].sort(byText);
          return jsonAnswer({ DeliveryStreamNames, HasMoreDeliveryStreams: false });
        }
        case "DescribeDeliveryStream":
          return jsonAnswer({ DeliveryStreamDescription: describe(options, streamOf(streams, input)) });
        case "DeleteDeliveryStream": {
          const stream = streamOf(streams, input);
          stream.stop();
          streams.delete(stream.options.name);
          return jsonAnswer({});
        }
        case "PutRecord":
          return jsonAnswer(putRecord(options, streamOf(streams, input), input, meeting));
        case "PutRecordBatch":
          return jsonAnswer(putBatch(options, streamOf(streams, input), input, call, meeting));
        default:
          throw new CallRefusal("UnknownOperationException", call.operation);
      }
    },
  };
}

function throttled(tally: Tally): CallRefusal {
  tally.throttled++;
  return new CallRefusal(throttledCode, slowDown, { status: 503, blameless: true });
}

function streamOf(streams: ReadonlyMap<string, DeliveryStream>, input: Input): DeliveryStream {
  const name = text(input, "DeliveryStreamName", 64);
  const stream = streams.get(name);
  if (stream !== undefined) return stream;
  const message = `Firehose ${name} under account 000000000000 not found.`;
  throw new CallRefusal("ResourceNotFoundException", message, { blameless: true });
}

function readRecord(record: unknown, name: string, meeting: Meeting): Buffer {
  const data = bytes(asObject(record, name), "Data");
  if (data.byteLength > recordBytesMax)
    throw validation(`${name}.data`, `have length at most ${recordBytesMax}`);
  const poison = meeting.poisonOfCall(data);
  if (poison === undefined) return data;
  const { code = "InvalidArgumentException", message = "a record is refused for what it holds" } = poison;
  throw new CallRefusal(code, message, { blameless: true });
}

type Entry = { readonly RecordId: string } | { readonly ErrorCode: string; readonly ErrorMessage: string };

function putEntry(stream: DeliveryStream, data: Buffer, meeting: Meeting): Entry {
  if (!stream.records.take(1) || !stream.bytes.take(data.byteLength)) {
    return { ErrorCode: throttledCode, ErrorMessage: slowDown };
  }
  const fault: EntryFault | undefined = meeting.entry({ data, shardId: "" });
  if (fault === undefined || fault.stored) stream.hold(data);
  if (fault !== undefined) return { ErrorCode: fault.code, ErrorMessage: fault.message };
  return { RecordId: `${randomUUID().replaceAll("-", "")}${String(stream.recordsCount).padStart(12, "0")}` };
}

function putRecord(
  { tally }: FirehoseOptions,
  stream: DeliveryStream,
  input: Input,
  meeting: Meeting,
): unknown {
  const data = readRecord(input["Record"], "record", meeting);
  if (!stream.calls.take(1)) throw throttled(tally);
  const entry = putEntry(stream, data, meeting);
  if ("RecordId" in entry) return { ...entry, Encrypted: false };
  if (entry.ErrorCode === throttledCode) throw throttled(tally);
  const status = entry.ErrorCode === "InternalFailure" ? 500 : 400;
  throw new CallRefusal(entry.ErrorCode, entry.ErrorMessage, { status, blameless: true });
}

function putBatch(
  { tally }: FirehoseOptions,
  stream: DeliveryStream,
  input: Input,
  call: Call,
  meeting: Meeting,
): unknown {
  const unknown = unknownFields(input, ["DeliveryStreamName", "Records"]);
  if (unknown.length > 0) addProblem(tally, `firehose.PutRecordBatch: fields ${unknown.join()}`);
  const records = list(input, "Records", recordsMax).map((each, i) =>
    readRecord(each, `records.${i + 1}`, meeting),
  );
  if (call.body.byteLength > callBytesMax) {
    throw new CallRefusal("InvalidArgumentException", `Records size exceeds ${callBytesMax} bytes limit`);
  }
  if (!stream.calls.take(1)) throw throttled(tally);
  const RequestResponses = records.map((data) => putEntry(stream, data, meeting));
  const failed = RequestResponses.filter((each) => "ErrorCode" in each);
  const slow = failed.filter((each) => "ErrorCode" in each && each.ErrorCode === throttledCode);
  tally.throttled += slow.length;
  // Where nothing of a call gets through, Firehose refuses the call.
  if (slow.length === records.length) throw throttled(tally);
  return { FailedPutCount: failed.length, Encrypted: false, RequestResponses };
}

function createByCall(
  { region, accountId }: FirehoseOptions,
  streams: ReadonlyMap<string, DeliveryStream>,
  input: Input,
  create: Firehose["create"],
): unknown {
  const name = text(input, "DeliveryStreamName", 64);
  if (!/^[a-zA-Z0-9_.-]+$/.test(name)) throw validation("deliveryStreamName", "satisfy [a-zA-Z0-9_.-]+");
  if (streams.has(name)) {
    const message = `Firehose ${name} under account ${accountId} already exists`;
    throw new CallRefusal("ResourceInUseException", message, { blameless: true });
  }
  if ((optionalText(input, "DeliveryStreamType") ?? "DirectPut") !== "DirectPut") {
    throw new CallRefusal("InvalidArgumentException", "only DirectPut is there");
  }
  const given = input["ExtendedS3DestinationConfiguration"] ?? input["S3DestinationConfiguration"];
  const destination = asObject(given, "ExtendedS3DestinationConfiguration");
  const bucket = /^arn:[a-z-]+:s3:::([a-z0-9.-]{3,63})$/.exec(text(destination, "BucketARN"))?.[1];
  if (bucket === undefined) throw validation("bucketARN", "be the ARN of a bucket");
  const hints = asObject(destination["BufferingHints"] ?? {}, "BufferingHints");
  const seconds = optionalWhole(hints, "IntervalInSeconds", 0, 900);
  const mebibytes = optionalWhole(hints, "SizeInMBs", 1, 128);
  const compression = optionalText(destination, "CompressionFormat") ?? "UNCOMPRESSED";
  if (!["UNCOMPRESSED", "GZIP"].includes(compression)) {
    throw new CallRefusal("InvalidArgumentException", `CompressionFormat ${compression} is not there`);
  }
  create({
    name,
    bucket,
    prefix: optionalText(destination, "Prefix"),
    fileExtension: optionalText(destination, "FileExtension"),
    gzip: compression === "GZIP",
    appendDelimiter: JSON.stringify(destination["ProcessingConfiguration"] ?? {}).includes(
      "AppendDelimiterToRecord",
    ),
    bufferBytes: mebibytes && mebibytes * 1024 * 1024,
    bufferMs: seconds === undefined ? undefined : seconds * 1000,
  });
  return { DeliveryStreamARN: arnOf(region, accountId, name) };
}

function arnOf(region: string, accountId: string, name: string): string {
  return `arn:aws:firehose:${region}:${accountId}:deliverystream/${name}`;
}

function describe({ region, accountId }: FirehoseOptions, { options, createdAtMs }: DeliveryStream): unknown {
  const { name, bucket, prefix, fileExtension, gzip } = options;
  const destination = {
    RoleARN: `arn:aws:iam::${accountId}:role/firehose`,
    BucketARN: `arn:aws:s3:::${bucket}`,
    ...(prefix === undefined ? {} : { Prefix: prefix }),
    ...(fileExtension === undefined ? {} : { FileExtension: fileExtension }),
    BufferingHints: {
      SizeInMBs: Math.max(1, Math.round((options.bufferBytes ?? bufferBytesDefault) / 1024 / 1024)),
      IntervalInSeconds: Math.round((options.bufferMs ?? bufferMsDefault) / 1000),
    },
    CompressionFormat: gzip === true ? "GZIP" : "UNCOMPRESSED",
    EncryptionConfiguration: { NoEncryptionConfig: "NoEncryption" },
    CloudWatchLoggingOptions: { Enabled: false },
    ...(options.appendDelimiter === true ? { ProcessingConfiguration: delimiterProcessing } : {}),
  };
  return {
    DeliveryStreamName: name,
    DeliveryStreamARN: arnOf(region, accountId, name),
    DeliveryStreamStatus: "ACTIVE",
    DeliveryStreamEncryptionConfiguration: { Status: "DISABLED" },
    ...(options.source === undefined
      ? { DeliveryStreamType: "DirectPut" }
      : {
          DeliveryStreamType: "KinesisStreamAsSource",
          Source: { KinesisStreamSourceDescription: { KinesisStreamARN: options.source } },
        }),
    VersionId: "1",
    CreateTimestamp: createdAtMs / 1000,
    Destinations: [
      { DestinationId: "destinationId-000000000001", ExtendedS3DestinationDescription: destination },
    ],
    HasMoreDestinations: false,
  };
}

const delimiterProcessing = {
  Enabled: true,
  Processors: [
    { Type: "AppendDelimiterToRecord", Parameters: [{ ParameterName: "Delimiter", ParameterValue: "\\n" }] },
  ],
};
