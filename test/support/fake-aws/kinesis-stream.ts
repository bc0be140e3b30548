/** Streams and shards: who has which hash keys, what each shard takes a second, and what it keeps. */
import { createHash } from "node:crypto";
import type { LineCounts } from "./line-counts.ts";

export interface StoredRecord {
  readonly sequenceNumber: string;
  readonly shardId: string;
  /** Not given by the producer of a stream that distributes by itself. */
  readonly partitionKey: string | undefined;
  readonly explicitHashKey: string | undefined;
  /** Empty when only the hashes of lines are kept. */
  readonly data: Buffer;
  /** By the fake's clock, in ms since the epoch. */
  readonly arrivedAtMs: number;
}

export interface Shard {
  readonly id: string;
  readonly parents: readonly string[];
  /** Hash keys, both ends inclusive. */
  readonly start: bigint;
  readonly end: bigint;
  /** `start` as 32 hex digits: keys of that form compare as text. */
  readonly startHex: string;
  readonly createdAtMs: number;
  readonly startSequence: string;
  /** Set once it is closed. */
  endSequence: string | undefined;
  closedAtMs: number | undefined;
  readonly records: StoredRecord[];
  recordsCount: number;
  bytesCount: number;
  readonly room: ShardRoom;
}

/** What is left of the second: tokens, refilled by time. */
interface ShardRoom {
  records: number;
  bytes: number;
  atMs: number;
}

export interface KinesisStream {
  readonly name: string;
  readonly arn: string;
  readonly createdAtMs: number;
  readonly onDemand: boolean;
  readonly distributesItself: boolean;
  recordBytesMax: number;
  readonly shards: Shard[];
  /** The open ones, by hash key. */
  open: readonly Shard[];
  readonly times: StreamTimes;
  readonly lines: LineCounts | undefined;
  sequence: number;
  /** Turns over the open shards where the stream distributes by itself. */
  turn: number;
}

export interface StreamTimes {
  /** Wall clock, ms since the epoch. */
  readonly now: () => number;
  readonly monotonicMs: () => number;
}

export interface StreamOptions {
  readonly name: string;
  readonly region: string;
  readonly accountId: string;
  readonly shards: number;
  readonly onDemand?: boolean;
  readonly distributesItself?: boolean;
  readonly recordBytesMax?: number;
  readonly lines?: LineCounts | undefined;
}

export const hashKeys = 2n ** 128n;
/** Of one shard, a second. https://docs.aws.amazon.com/streams/latest/dev/service-sizes-and-limits.html */
const shardRecordsPerSecond = 1_000;
const shardBytesPerSecond = 1024 * 1024;
const mebibyte = 1024 * 1024;

/** A stream whose shards share the hash keys evenly. */
export function createStream(options: StreamOptions, times: StreamTimes): KinesisStream {
  const { name, region, accountId, onDemand = false, distributesItself = false } = options;
  const stream: KinesisStream = {
    name,
    arn: `arn:aws:kinesis:${region}:${accountId}:stream/${name}`,
    createdAtMs: times.now(),
    onDemand,
    distributesItself,
    recordBytesMax: options.recordBytesMax ?? mebibyte,
    shards: [],
    open: [],
    times,
    lines: options.lines,
    sequence: 0,
    turn: 0,
  };
  addShards(stream, evenRanges(options.shards), () => []);
  return stream;
}

function evenRanges(count: number): [bigint, bigint][] {
  const edge = (i: number) => (hashKeys * BigInt(i)) / BigInt(count);
  return Array.from({ length: count }, (_, i) => [edge(i), edge(i + 1) - 1n]);
}

function addShards(
  stream: KinesisStream,
  ranges: readonly (readonly [bigint, bigint])[],
  parentsOf: (start: bigint, end: bigint) => readonly string[],
): void {
  for (const [start, end] of ranges) {
    stream.shards.push({
      id: `shardId-${String(stream.shards.length).padStart(12, "0")}`,
      parents: parentsOf(start, end),
      start,
      end,
      startHex: hex(start),
      createdAtMs: stream.times.now(),
      startSequence: nextSequence(stream),
      endSequence: undefined,
      closedAtMs: undefined,
      records: [],
      recordsCount: 0,
      bytesCount: 0,
      room: {
        records: shardRecordsPerSecond,
        bytes: Math.max(shardBytesPerSecond, stream.recordBytesMax),
        atMs: stream.times.monotonicMs(),
      },
    });
  }
  stream.open = stream.shards
    .filter(({ endSequence }) => endSequence === undefined)
    .sort((a, b) => (a.startHex < b.startHex ? -1 : 1));
}

function close(stream: KinesisStream, shards: readonly Shard[]): void {
  for (const shard of shards) {
    shard.endSequence = nextSequence(stream);
    shard.closedAtMs = stream.times.now();
  }
}

/** 56 digits that grow, so that they compare as text. */
function nextSequence(stream: KinesisStream): string {
  return `49${String(++stream.sequence).padStart(54, "0")}`;
}

function hex(key: bigint): string {
  return key.toString(16).padStart(32, "0");
}

/** Splits an open shard before `at`. */
export function splitShard(stream: KinesisStream, shard: Shard, at: bigint): void {
  close(stream, [shard]);
  addShards(
    stream,
    [
      [shard.start, at - 1n],
      [at, shard.end],
    ],
    () => [shard.id],
  );
}

/** Merges two open shards that lie side by side; `shard` becomes the parent, the other the adjacent parent. */
export function mergeShards(stream: KinesisStream, shard: Shard, other: Shard): void {
  const [low, high] = shard.start < other.start ? [shard, other] : [other, shard];
  close(stream, [shard, other]);
  addShards(stream, [[low.start, high.end]], () => [shard.id, other.id]);
}

/** Closes all open shards and opens `count` of even size in their place. */
export function reshard(stream: KinesisStream, count: number): void {
  const before = stream.open;
  close(stream, before);
  const overlap = (start: bigint, end: bigint) =>
    before.filter((shard) => shard.start <= end && shard.end >= start).map(({ id }) => id);
  addShards(stream, evenRanges(count), (start, end) => overlap(start, end).slice(0, 2));
}

/** The open shard that a record goes to. */
export function shardOf(
  stream: KinesisStream,
  partitionKey: string | undefined,
  explicitHashKey: string | undefined,
): Shard {
  const { open } = stream;
  if (stream.distributesItself) return open[stream.turn++ % open.length]!;
  const key =
    explicitHashKey === undefined
      ? createHash("md5")
          .update(partitionKey ?? "", "utf8")
          .digest("hex")
      : hex(BigInt(explicitHashKey));
  let [low, high] = [0, open.length - 1];
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (open[middle]!.startHex <= key) low = middle;
    else high = middle - 1;
  }
  return open[low]!;
}

/** Takes the room that a record needs of its shard's second; false when there is none. */
export function takeRoom(stream: KinesisStream, { room }: Shard, recordBytes: number): boolean {
  const nowMs = stream.times.monotonicMs();
  const seconds = (nowMs - room.atMs) / 1000;
  // A stream that takes larger records lets a shard burst to one of them, at the same average.
  const bytesMax = Math.max(shardBytesPerSecond, stream.recordBytesMax);
  room.records = Math.min(shardRecordsPerSecond, room.records + seconds * shardRecordsPerSecond);
  room.bytes = Math.min(bytesMax, room.bytes + seconds * shardBytesPerSecond);
  room.atMs = nowMs;
  if (room.records < 1 || room.bytes < recordBytes) return false;
  room.records -= 1;
  room.bytes -= recordBytes;
  return true;
}

/** Keeps a record; answers its sequence number. */
export function store(
  stream: KinesisStream,
  shard: Shard,
  data: Buffer,
  partitionKey: string | undefined,
  explicitHashKey: string | undefined,
): string {
  const sequenceNumber = nextSequence(stream);
  shard.recordsCount++;
  shard.bytesCount += data.byteLength;
  if (stream.lines !== undefined) {
    stream.lines.addRecord(data);
    return sequenceNumber;
  }
  const arrivedAtMs = stream.times.now();
  shard.records.push({ sequenceNumber, shardId: shard.id, partitionKey, explicitHashKey, data, arrivedAtMs });
  return sequenceNumber;
}
