/** A Kinesis stream of a test's own: shards, reshards, and whatever the test wants it to say. */
import { createHash } from "node:crypto";
import { json, type SentRequest } from "./aws-stand-in.ts";

interface ScriptedShard {
  readonly id: string;
  readonly start: bigint;
  readonly end: bigint;
  isOpen: boolean;
}

interface Entry {
  readonly PartitionKey: string;
  readonly ExplicitHashKey?: string;
}

export interface ScriptedStream {
  readonly shards: readonly ScriptedShard[];
  /** Records taken, by shard. */
  readonly counts: Map<string, number>;
  /** The bodies of the ListShards calls. */
  readonly lists: Readonly<Record<string, unknown>>[];
  /** Records that came with an ExplicitHashKey, and all. */
  aimed: number;
  records: number;
  /** Shards that have room for so many more records; not in it: for all. */
  readonly room: Map<string, number>;
  /** Answers ListShards in place of the shards; undefined leaves it to them. */
  onList: (() => Response | Promise<Response> | undefined) | undefined;
  /** The stream chooses shards by itself. */
  isAuto: boolean;
  /** Shards of one page. */
  pageShards: number;
  split(id: string): void;
  merge(one: string, other: string): void;
  answer(request: Pick<SentRequest, "headers" | "text">): Response | Promise<Response>;
}

const hashes = 2n ** 128n;

/** A stream of `count` equal shards. */
export function scriptedStream(count: number): ScriptedStream {
  const shards: ScriptedShard[] = [];
  const add = (start: bigint, end: bigint) => {
    const id = `shardId-${String(shards.length).padStart(12, "0")}`;
    shards.push({ id, start, end, isOpen: true });
  };
  for (let i = 0n; i < BigInt(count); i++)
    add((hashes * i) / BigInt(count), (hashes * (i + 1n)) / BigInt(count) - 1n);
  const open = (id: string) => shards.find((shard) => shard.id === id && shard.isOpen)!;
  const stream: ScriptedStream = {
    shards,
    counts: new Map(),
    lists: [],
    aimed: 0,
    records: 0,
    room: new Map(),
    onList: undefined,
    isAuto: false,
    pageShards: 1_000,
    split(id) {
      const parent = open(id);
      parent.isOpen = false;
      const middle = (parent.start + parent.end) / 2n;
      add(parent.start, middle);
      add(middle + 1n, parent.end);
    },
    merge(one, other) {
      const [a, b] = [open(one), open(other)];
      a.isOpen = b.isOpen = false;
      add(a.start < b.start ? a.start : b.start, a.end > b.end ? a.end : b.end);
    },
    answer(request) {
      const body = JSON.parse(request.text) as Readonly<Record<string, unknown>>;
      if (request.headers.get("x-amz-target") !== "Kinesis_20131202.ListShards")
        return json({ Records: (body["Records"] as readonly Entry[]).map((entry) => take(stream, entry)) });
      stream.lists.push(body);
      return stream.onList?.() ?? listPage(stream, body);
    },
  };
  return stream;
}

function listPage({ shards, pageShards }: ScriptedStream, { NextToken }: Readonly<Record<string, unknown>>) {
  const from = Number(NextToken ?? 0);
  const page = shards.slice(from, from + pageShards).map(({ id, start, end, isOpen }) => ({
    ShardId: id,
    HashKeyRange: { StartingHashKey: String(start), EndingHashKey: String(end) },
    SequenceNumberRange: { StartingSequenceNumber: "1", ...(isOpen ? {} : { EndingSequenceNumber: "2" }) },
  }));
  const next = from + pageShards;
  return json({ Shards: page, ...(next < shards.length ? { NextToken: String(next) } : {}) });
}

function take(stream: ScriptedStream, { PartitionKey, ExplicitHashKey }: Entry) {
  stream.records++;
  if (ExplicitHashKey !== undefined) stream.aimed++;
  const isAimed = ExplicitHashKey !== undefined && !stream.isAuto;
  const hash = isAimed
    ? BigInt(ExplicitHashKey)
    : BigInt(`0x${createHash("md5").update(PartitionKey).digest("hex")}`);
  const shard = stream.shards.find(({ start, end, isOpen }) => isOpen && start <= hash && hash <= end)!;
  const left = stream.room.get(shard.id) ?? Number.POSITIVE_INFINITY;
  if (left <= 0)
    return { ErrorCode: "ProvisionedThroughputExceededException", ErrorMessage: "Rate exceeded" };
  if (stream.room.has(shard.id)) stream.room.set(shard.id, left - 1);
  stream.counts.set(shard.id, (stream.counts.get(shard.id) ?? 0) + 1);
  return { SequenceNumber: "49", ShardId: shard.id };
}
