/** Kinesis Data Streams, operation by operation. https://docs.aws.amazon.com/kinesis/latest/APIReference/ (2026-11) */
import { type Answer, type Call, CallRefusal, jsonAnswer } from "./call.ts";
import type { Meeting } from "./fault-book.ts";
import {
  byText,
  type Input,
  optionalText,
  optionalWhole,
  readInput,
  text,
  unknownFields,
} from "./json-input.ts";
import { putEntry, readEntries, readEntry, throttledCode } from "./kinesis-put.ts";
import { getRecords, getShardIterator, listShards } from "./kinesis-read.ts";
import { changeShardCount, mergeByIds, splitById } from "./kinesis-reshard.ts";
import { createStream, type KinesisStream, type StreamOptions, type StreamTimes } from "./kinesis-stream.ts";
import { createLineCounts } from "./line-counts.ts";
import { addProblem, type Tally } from "./tally.ts";

export interface KinesisOptions {
  readonly region: string;
  readonly accountId: string;
  readonly times: StreamTimes;
  readonly tally: Tally;
  readonly hashesOnly: boolean;
}

export interface Kinesis {
  readonly streams: Map<string, KinesisStream>;
  /** Active at once. */
  create(
    options: Pick<StreamOptions, "name" | "shards" | "onDemand" | "distributesItself" | "recordBytesMax">,
  ): void;
  answer(call: Call, meeting: Meeting): Answer;
}

type Operation = (input: Input, stream: KinesisStream, meeting: Meeting) => unknown;

const address = ["StreamName", "StreamARN", "StreamId"];
const knownFields: Readonly<Record<string, readonly string[]>> = {
  PutRecords: ["Records", "DryRun", ...address],
  PutRecord: ["Data", "PartitionKey", "ExplicitHashKey", "SequenceNumberForOrdering", "DryRun", ...address],
};

export function createKinesis(options: KinesisOptions): Kinesis {
  const streams = new Map<string, KinesisStream>();
  const create: Kinesis["create"] = (given) => {
    const lines = options.hashesOnly ? createLineCounts() : undefined;
    streams.set(given.name, createStream({ ...options, ...given, lines }, options.times));
  };
  const ofStream = operationsOfStream(options, streams);
  return {
    streams,
    create,
    answer(call, meeting) {
      const input = readInput(call);
      const known = Object.hasOwn(knownFields, call.operation) ? knownFields[call.operation] : undefined;
      const unknown = known === undefined ? [] : unknownFields(input, known);
      if (unknown.length > 0)
        addProblem(options.tally, `kinesis.${call.operation}: fields ${unknown.join()}`);
      if (
        meeting.throttle?.whole === true ||
        (meeting.throttle !== undefined && !call.operation.startsWith("Put"))
      ) {
        options.tally.throttled++;
        const code = call.operation.startsWith("Put") ? throttledCode : "LimitExceededException";
        throw new CallRefusal(code, "Rate exceeded", { blameless: true });
      }
      if (call.operation === "CreateStream") return jsonAnswer(createByCall(input, streams, create));
      if (call.operation === "ListStreams") {
        return jsonAnswer({ StreamNames: [...streams.keys()].sort(byText), HasMoreStreams: false });
      }
      if (call.operation === "GetRecords") return jsonAnswer(getRecords(input, streams));
      if (call.operation === "ListShards")
        return jsonAnswer(listShards(input, (of) => streamOf(of, streams)));
      const operation = Object.hasOwn(ofStream, call.operation) ? ofStream[call.operation] : undefined;
      if (operation === undefined) throw new CallRefusal("UnknownOperationException", call.operation);
      return jsonAnswer(operation(input, streamOf(input, streams), meeting));
    },
  };
}

function operationsOfStream(
  { tally }: KinesisOptions,
  streams: Map<string, KinesisStream>,
): Readonly<Record<string, Operation>> {
  return {
    PutRecords(input, stream, meeting) {
      const entries = readEntries(input, stream, meeting);
      if (input["DryRun"] === true)
        throw new CallRefusal("DryRunOperationException", "it would be", { blameless: true });
      const Records = entries.map((entry) => putEntry(stream, entry, meeting));
      const failed = Records.filter((each) => "ErrorCode" in each);
      tally.throttled += failed.filter(
        (each) => "ErrorCode" in each && each.ErrorCode === throttledCode,
      ).length;
      return { EncryptionType: "NONE", FailedRecordCount: failed.length, Records };
    },
    PutRecord(input, stream, meeting) {
      const result = putEntry(stream, readEntry(input, stream, meeting), meeting);
      if (!("ErrorCode" in result)) return { ...result, EncryptionType: "NONE" };
      if (result.ErrorCode === throttledCode) tally.throttled++;
      const status = result.ErrorCode === "InternalFailure" ? 500 : 400;
      throw new CallRefusal(result.ErrorCode, result.ErrorMessage, { status, blameless: true });
    },
    DeleteStream: (_, stream) => void streams.delete(stream.name),
    DescribeStreamSummary: (_, stream) => ({ StreamDescriptionSummary: summaryOf(stream) }),
    DescribeStream: (_, stream) => ({
      StreamDescription: { ...summaryOf(stream), HasMoreShards: false, ...listShards({}, () => stream) },
    }),
    GetShardIterator: (input, stream) => getShardIterator(input, stream),
    SplitShard: (input, stream) => splitById(input, stream),
    MergeShards: (input, stream) => mergeByIds(input, stream),
    UpdateShardCount: (input, stream) => changeShardCount(input, stream),
    UpdateMaxRecordSize(input, stream) {
      stream.recordBytesMax = 1024 * (optionalWhole(input, "MaxRecordSizeInKiB", 1024, 10_240) ?? 1024);
    },
  };
}

function streamOf(input: Input, streams: ReadonlyMap<string, KinesisStream>): KinesisStream {
  const arn = optionalText(input, "StreamARN");
  const name = optionalText(input, "StreamName", 128) ?? arn?.split(":stream/")[1];
  if (name === undefined) {
    throw new CallRefusal("InvalidArgumentException", "Either StreamARN or StreamName should be provided.");
  }
  const stream = streams.get(name);
  if (stream !== undefined && (arn === undefined || arn === stream.arn)) return stream;
  const message = `Stream ${name} under account 000000000000 not found.`;
  throw new CallRefusal("ResourceNotFoundException", message, { blameless: true });
}

function createByCall(
  input: Input,
  streams: ReadonlyMap<string, KinesisStream>,
  create: Kinesis["create"],
): undefined {
  const name = text(input, "StreamName", 128);
  if (streams.has(name)) {
    const message = `Stream ${name} under account 000000000000 already exists.`;
    throw new CallRefusal("ResourceInUseException", message, { blameless: true });
  }
  const mode = (input["StreamModeDetails"] as Input | undefined)?.["StreamMode"];
  const onDemand = mode === "ON_DEMAND";
  const shards = optionalWhole(input, "ShardCount", 1, 100_000);
  if (shards === undefined && !onDemand)
    throw new CallRefusal("ValidationException", "ShardCount is missing");
  const recordKiBMax = optionalWhole(input, "MaxRecordSizeInKiB", 1024, 10_240) ?? 1024;
  const distributesItself = optionalText(input, "RecordDistributionStrategy") === "AUTO";
  if (distributesItself && !onDemand) {
    throw new CallRefusal("InvalidArgumentException", "AUTO is for streams in on-demand mode");
  }
  // An on-demand stream begins with the throughput of four shards.
  create({ name, shards: shards ?? 4, onDemand, distributesItself, recordBytesMax: 1024 * recordKiBMax });
}

function summaryOf(stream: KinesisStream): Record<string, unknown> {
  return {
    StreamName: stream.name,
    StreamARN: stream.arn,
    StreamStatus: "ACTIVE",
    StreamModeDetails: { StreamMode: stream.onDemand ? "ON_DEMAND" : "PROVISIONED" },
    RetentionPeriodHours: 24,
    StreamCreationTimestamp: stream.createdAtMs / 1000,
    EnhancedMonitoring: [{ ShardLevelMetrics: [] }],
    EncryptionType: "NONE",
    OpenShardCount: stream.open.length,
    ConsumerCount: 0,
    MaxRecordSizeInKiB: stream.recordBytesMax / 1024,
    RecordDistributionStrategy: stream.distributesItself ? "AUTO" : "USER_PARTITION_KEY",
  };
}
