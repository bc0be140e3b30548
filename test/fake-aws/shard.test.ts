import assert from "node:assert/strict";
import { test } from "node:test";
import {
  createStream,
  hashKeys,
  mergeShards,
  reshard,
  shardOf,
  splitShard,
  takeRoom,
} from "../support/fake-aws/kinesis-stream.ts";

/** A stream whose time stands still until it is moved. */
function open(shards: number, recordBytesMax = 1024 * 1024) {
  const time = { ms: 0 };
  const times = { now: () => time.ms, monotonicMs: () => time.ms };
  const given = { name: "s", region: "us-east-1", accountId: "000000000000", shards, recordBytesMax };
  return { time, stream: createStream(given, times) };
}

test("a shard takes 1,000 records and 1 MiB a second and fills again by time, each shard for itself", () => {
  const { time, stream } = open(2);
  const [first, second] = stream.open as [(typeof stream.open)[0], (typeof stream.open)[0]];
  const taken = (bytes: number, tries: number) =>
    Array.from({ length: tries }, () => takeRoom(stream, first, bytes)).filter(Boolean).length;
  assert.equal(taken(10, 1_500), 1_000);
  time.ms = 500;
  assert.equal(taken(10, 1_500), 500);
  time.ms = 60_000;
  assert.equal(taken(1024 * 1024, 2), 1);
  assert.equal(takeRoom(stream, second, 1024 * 1024), true);
  time.ms = 60_250;
  assert.equal(taken(64 * 1024, 10), 4);
});

test("a stream set to larger records lets a shard burst to one of them, at the same average", () => {
  const { time, stream } = open(1, 10 * 1024 * 1024);
  const [shard] = stream.open as [(typeof stream.open)[0]];
  assert.equal(takeRoom(stream, shard, 10 * 1024 * 1024), true);
  time.ms = 1_000;
  assert.equal(takeRoom(stream, shard, 2 * 1024 * 1024), false);
  assert.equal(takeRoom(stream, shard, 1024 * 1024), true);
});

test("whatever the resharding, the open shards share all hash keys and each key finds its shard", () => {
  const { stream } = open(3);
  splitShard(stream, stream.open[1]!, 2n ** 127n);
  mergeShards(stream, stream.open[1]!, stream.open[0]!);
  const check = () => {
    let next = 0n;
    for (const shard of stream.open) {
      assert.equal(shard.start, next);
      next = shard.end + 1n;
      for (const key of [shard.start, shard.end]) assert.equal(shardOf(stream, "k", String(key)), shard);
    }
    assert.equal(next, hashKeys);
  };
  check();
  reshard(stream, 7);
  check();
  assert.equal(stream.open.length, 7);
  reshard(stream, 1);
  check();
});
