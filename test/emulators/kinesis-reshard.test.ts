import assert from "node:assert/strict";
import { test } from "node:test";
import type { AwsClient } from "../../src/aws/client.ts";
import { createKinesisSink } from "../../src/sink/kinesis.ts";
import { neverAborted } from "../support/aws-stand-in.ts";
import { eventually, startKinesalite, startKinesisLocal } from "../support/kinesis-emulator.ts";
import { motoClient, motoMissing, startMoto } from "../support/moto.ts";
import { silentLog } from "../support/silent-log.ts";

type Values = Readonly<Record<string, unknown>>;
interface Emulator {
  readonly client: AwsClient;
  close(): Promise<void>;
}

const missing = motoMissing();
const reshardable: readonly [name: string, start: () => Promise<Emulator>][] = [
  ["kinesalite", startKinesalite],
  ["kinesis-local", startKinesisLocal],
];

/** Calls an operation of the stream `s`. */
function caller(client: AwsClient) {
  return async (operation: string, values: Values): Promise<Values> => {
    const body = new TextEncoder().encode(JSON.stringify(values));
    const answer = await client.post(`Kinesis_20131202.${operation}`, body, neverAborted);
    if (answer.kind === "answered") return answer.value;
    // Some operations succeed with an empty body.
    if (answer.failure.status === 200) return {};
    throw new Error(`${operation}: ${answer.verdict.message}`);
  };
}

interface ListedShard {
  readonly ShardId: string;
  readonly HashKeyRange: { readonly StartingHashKey: string; readonly EndingHashKey: string };
  readonly SequenceNumberRange: { readonly EndingSequenceNumber?: string };
}

async function listShards(call: ReturnType<typeof caller>): Promise<readonly ListedShard[]> {
  return (await call("ListShards", { StreamName: "s" }))["Shards"] as readonly ListedShard[];
}
const openOf = (shards: readonly ListedShard[]) =>
  shards.filter(({ SequenceNumberRange: range }) => (range.EndingSequenceNumber ?? "") === "");

/** The stream with its first shard split and two others merged: as many open shards as before. */
async function reshard(call: ReturnType<typeof caller>): Promise<void> {
  const active = () =>
    eventually("the stream is active", async () => {
      const { StreamDescriptionSummary } = await call("DescribeStreamSummary", { StreamName: "s" });
      return (StreamDescriptionSummary as Values)["StreamStatus"] === "ACTIVE";
    });
  const byRange = [...openOf(await listShards(call))].sort((a, b) =>
    BigInt(a.HashKeyRange.StartingHashKey) < BigInt(b.HashKeyRange.StartingHashKey) ? -1 : 1,
  );
  const [first, second, third] = byRange;
  const { StartingHashKey: start, EndingHashKey: end } = first!.HashKeyRange;
  const middle = String((BigInt(start) + BigInt(end)) / 2n);
  await call("SplitShard", { StreamName: "s", ShardToSplit: first!.ShardId, NewStartingHashKey: middle });
  await active();
  const pair = { ShardToMerge: second!.ShardId, AdjacentShardToMerge: third!.ShardId };
  await call("MergeShards", { StreamName: "s", ...pair });
  await active();
}

/** Numbers of the records in a shard. */
async function readShard(call: ReturnType<typeof caller>, ShardId: string): Promise<readonly number[]> {
  const from = { StreamName: "s", ShardId, ShardIteratorType: "TRIM_HORIZON" };
  let iterator = (await call("GetShardIterator", from))["ShardIterator"];
  const numbers: number[] = [];
  while (typeof iterator === "string") {
    const answer = await call("GetRecords", { ShardIterator: iterator, Limit: 1_000 });
    const page = answer["Records"] as readonly { readonly Data: string }[];
    numbers.push(...page.map(({ Data }) => Number(Buffer.from(Data, "base64").toString())));
    if (page.length === 0) break;
    iterator = answer["NextShardIterator"];
  }
  return numbers;
}

for (const [name, start] of reshardable) {
  test(`${name} is resharded under puts: no record is lost, and the new shards get equal shares`, async () => {
    const emulator = await start();
    try {
      await reshardedUnderPuts(emulator.client);
    } finally {
      await emulator.close();
    }
  });
}

// moto goes on putting records into shards that it has closed, so a reshard cannot be followed there.
test("moto's shards get equal shares", missing === undefined ? {} : { skip: missing }, async () => {
  const moto = await startMoto();
  try {
    const { call, put, sink, look } = await opened(motoClient(moto, "kinesis"));
    await put(1);
    await look();
    const before = await Promise.all((await listShards(call)).map((shard) => readShard(call, shard.ShardId)));
    for (let i = 0; i < 10; i++) await put(8);
    const after = await Promise.all((await listShards(call)).map((shard) => readShard(call, shard.ShardId)));
    assert.deepEqual(
      after.map((numbers, i) => numbers.length - before[i]!.length),
      [20, 20, 20, 20],
    );
    await sink.close();
  } finally {
    await moto.close();
  }
});

/** A stream of four shards, a sink on it that puts numbers until each is taken, and its looks at the shards. */
async function opened(client: AwsClient) {
  const call = caller(client);
  await call("CreateStream", { StreamName: "s", ShardCount: 4 });
  await eventually("four shards", async () => {
    const { StreamDescriptionSummary } = await call("DescribeStreamSummary", { StreamName: "s" });
    return (StreamDescriptionSummary as Values)["StreamStatus"] === "ACTIVE";
  });
  let looks = 0;
  let skippedMs = 0;
  const watched: AwsClient = {
    ...client,
    async post(target, body, signal) {
      const answer = await client.post(target, body, signal);
      if (target.endsWith("ListShards")) setTimeout(() => looks++, 0);
      return answer;
    },
  };
  const sink = createKinesisSink({
    client: watched,
    stream: "s",
    random: Math.random,
    clock: { monotonicMs: () => performance.now() + skippedMs },
    spread: { log: silentLog, onShards: () => undefined },
    putBytesMax: 5 * 1024 * 1024,
  });
  let next = 0;
  const put = async (count: number) => {
    let open = Array.from({ length: count }, () => String(next++));
    for (let attempt = 0; open.length > 0; attempt++) {
      assert.ok(attempt < 100, `not taken: ${open.length}`);
      const outcomes = await sink.put(
        open.map((text) => new TextEncoder().encode(text)),
        neverAborted,
      );
      // A shard may be closed between two attempts.
      open = open.filter((_, i) => outcomes[i]?.kind !== "durable");
    }
  };
  const look = async () => {
    skippedMs += 10 * 60_000;
    const before = looks;
    await put(1);
    await eventually("a look at the shards", () => Promise.resolve(looks > before));
  };
  return { client, call, sink, put, look, count: () => next };
}

async function reshardedUnderPuts(client: AwsClient): Promise<void> {
  const { call, sink, put, look, count } = await opened(client);
  await look();
  let resharded = false;
  const resharding = reshard(call).then(() => (resharded = true));
  while (!resharded) await put(20);
  await resharding;
  // By itself, from the answers; and once more, should that look have been in the middle of the reshard.
  await eventually("the new shards take records", async () => {
    await put(4);
    const open = openOf(await listShards(call));
    const read = await Promise.all(open.map((shard) => readShard(call, shard.ShardId)));
    return read.every((numbers) => numbers.length > 0);
  });
  await look();
  const shards = await listShards(call);
  const before = new Map<string, number>();
  for (const { ShardId } of shards) before.set(ShardId, (await readShard(call, ShardId)).length);
  for (let i = 0; i < 100; i++) await put(8);
  const read = new Map<string, readonly number[]>();
  for (const { ShardId } of shards) read.set(ShardId, await readShard(call, ShardId));
  const grown = openOf(shards).map(({ ShardId }) => read.get(ShardId)!.length - before.get(ShardId)!);
  assert.deepEqual(grown, [200, 200, 200, 200]);
  const found = new Set([...read.values()].flat());
  const missed = Array.from({ length: count() }, (_, i) => i).filter((i) => !found.has(i));
  assert.deepEqual(missed, []);
  await sink.close();
}
