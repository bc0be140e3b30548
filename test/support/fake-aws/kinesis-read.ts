/** ListShards, GetShardIterator and GetRecords: reading back what was put. */
import { CallRefusal } from "./call.ts";
import { asObject, type Input, optionalText, optionalWhole, text } from "./json-input.ts";
import type { KinesisStream, Shard } from "./kinesis-stream.ts";

const shardsOfAnswerMax = 1_000;
const answerRecordsMax = 10_000;
const answerBytesMax = 10 * 1024 * 1024;

/** A page of shards, as ListShards describes them. */
export function listShards(
  input: Input,
  streamOf: (input: Input) => KinesisStream,
): { readonly Shards: readonly unknown[]; readonly NextToken?: string } {
  const token = optionalText(input, "NextToken", 1_048_576);
  if (token !== undefined && (input["StreamName"] !== undefined || input["StreamARN"] !== undefined)) {
    const message = "NextToken and StreamName cannot be provided together.";
    throw new CallRefusal("InvalidArgumentException", message);
  }
  const limit = optionalWhole(input, "MaxResults", 1, 10_000) ?? shardsOfAnswerMax;
  const given = token === undefined ? input : readToken(token);
  const stream = streamOf(given);
  const from = token === undefined ? 0 : Number(given["from"]);
  const after = optionalText(given, "ExclusiveStartShardId") ?? "";
  const all = filtered(stream, given["ShardFilter"]).filter(({ id }) => id > after);
  const page = all.slice(from, from + limit);
  const next = { StreamName: stream.name, ExclusiveStartShardId: given["ExclusiveStartShardId"] };
  const NextToken = makeToken({ ...next, ShardFilter: given["ShardFilter"], from: from + limit });
  return { Shards: page.map(describeShard), ...(from + limit < all.length ? { NextToken } : {}) };
}

function filtered(stream: KinesisStream, filter: unknown): readonly Shard[] {
  if (filter === undefined) return stream.shards;
  const given = asObject(filter, "ShardFilter");
  const type = text(given, "Type");
  const sinceMs = Number(given["Timestamp"]) * 1000;
  switch (type) {
    case "AFTER_SHARD_ID": {
      const after = text(given, "ShardId");
      return stream.shards.filter(({ id }) => id > after);
    }
    case "AT_LATEST":
      return stream.shards.filter(({ closedAtMs }) => closedAtMs === undefined);
    case "AT_TRIM_HORIZON":
      return stream.shards.filter(({ parents }) => parents.length === 0);
    case "FROM_TRIM_HORIZON":
      return stream.shards;
    case "AT_TIMESTAMP":
      return stream.shards.filter(
        ({ createdAtMs, closedAtMs }) => createdAtMs <= sinceMs && (closedAtMs ?? Infinity) >= sinceMs,
      );
    case "FROM_TIMESTAMP":
      return stream.shards.filter(({ closedAtMs }) => (closedAtMs ?? Infinity) >= sinceMs);
    default:
      throw new CallRefusal("ValidationException", `ShardFilter.Type ${type}`);
  }
}

function describeShard(shard: Shard): Record<string, unknown> {
  const [ParentShardId, AdjacentParentShardId] = shard.parents;
  return {
    ShardId: shard.id,
    ...(ParentShardId === undefined ? {} : { ParentShardId }),
    ...(AdjacentParentShardId === undefined ? {} : { AdjacentParentShardId }),
    HashKeyRange: { StartingHashKey: String(shard.start), EndingHashKey: String(shard.end) },
    SequenceNumberRange: {
      StartingSequenceNumber: shard.startSequence,
      ...(shard.endSequence === undefined ? {} : { EndingSequenceNumber: shard.endSequence }),
    },
  };
}

export function getShardIterator(input: Input, stream: KinesisStream): { readonly ShardIterator: string } {
  const id = text(input, "ShardId");
  const shard = shardById(stream, id);
  const type = text(input, "ShardIteratorType");
  const sequence = optionalText(input, "StartingSequenceNumber") ?? "";
  const found = (index: number) => (index < 0 ? shard.records.length : index);
  const at: Record<string, () => number> = {
    TRIM_HORIZON: () => 0,
    LATEST: () => shard.records.length,
    AT_SEQUENCE_NUMBER: () => found(shard.records.findIndex((each) => each.sequenceNumber >= sequence)),
    AFTER_SEQUENCE_NUMBER: () => found(shard.records.findIndex((each) => each.sequenceNumber > sequence)),
    AT_TIMESTAMP: () => {
      const sinceMs = Number(input["Timestamp"]) * 1000;
      return found(shard.records.findIndex((each) => each.arrivedAtMs >= sinceMs));
    },
  };
  const index = at[type]?.();
  if (index === undefined) throw new CallRefusal("ValidationException", `ShardIteratorType ${type}`);
  return { ShardIterator: makeToken({ StreamName: stream.name, ShardId: id, index }) };
}

export function getRecords(input: Input, streams: ReadonlyMap<string, KinesisStream>): unknown {
  const { StreamName, ShardId, index } = readToken(text(input, "ShardIterator", 1_048_576));
  const stream = streams.get(String(StreamName));
  if (stream === undefined)
    throw new CallRefusal("ResourceNotFoundException", `Stream ${String(StreamName)}`);
  const shard = shardById(stream, String(ShardId));
  const limit = optionalWhole(input, "Limit", 1, answerRecordsMax) ?? answerRecordsMax;
  let until = Number(index);
  let bytes = 0;
  while (until < shard.records.length && until < Number(index) + limit) {
    bytes += shard.records[until]!.data.byteLength;
    if (bytes > answerBytesMax) break;
    until++;
  }
  const Records = shard.records.slice(Number(index), until).map((record) => ({
    SequenceNumber: record.sequenceNumber,
    ApproximateArrivalTimestamp: record.arrivedAtMs / 1000,
    Data: record.data.toString("base64"),
    ...(record.partitionKey === undefined ? {} : { PartitionKey: record.partitionKey }),
    EncryptionType: "NONE",
  }));
  const atEnd = until >= shard.records.length && shard.endSequence !== undefined;
  const next = atEnd
    ? { ChildShards: childrenOf(stream, shard) }
    : { NextShardIterator: makeToken({ StreamName, ShardId, index: until }) };
  return { Records, MillisBehindLatest: 0, ...next };
}

function childrenOf(stream: KinesisStream, shard: Shard): unknown {
  const children = stream.shards.filter(({ parents }) => parents.includes(shard.id));
  return children.map((child) => ({
    ShardId: child.id,
    ParentShards: child.parents,
    HashKeyRange: { StartingHashKey: String(child.start), EndingHashKey: String(child.end) },
  }));
}

function shardById(stream: KinesisStream, id: string): Shard {
  const shard = stream.shards.find((each) => each.id === id);
  if (shard !== undefined) return shard;
  const message = `Shard ${id} in stream ${stream.name} does not exist`;
  throw new CallRefusal("ResourceNotFoundException", message, { blameless: true });
}

function makeToken(values: Input): string {
  return Buffer.from(JSON.stringify(values)).toString("base64");
}

function readToken(token: string): Input {
  try {
    return asObject(JSON.parse(Buffer.from(token, "base64").toString()), "the token");
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new CallRefusal("InvalidArgumentException", "the token was not made by this service");
  }
}
