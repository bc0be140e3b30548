import assert from "node:assert/strict";
import { test } from "node:test";
import { createKinesisSink } from "../../../src/sink/kinesis.ts";
import { json, neverAborted, standIn } from "../../support/aws-stand-in.ts";
import {
  countsOf,
  listRequest,
  openScripted,
  records,
  settled,
  spreadOf,
  until,
} from "../../support/scripted-sink.ts";
import { scriptedStream } from "../../support/scripted-stream.ts";

test("the first put does not wait for the list of shards; those after it go to them in turn", async () => {
  const stream = scriptedStream(7);
  let answerList: (response: Response) => void = () => undefined;
  stream.onList = () => new Promise<Response>((resolve) => (answerList = resolve));
  const { put, gauge } = await openScripted(stream, true);
  assert.deepEqual(spreadOf(await put(100)), { durable: 100, throttled: 0, elsewhere: 0 });
  await until(() => stream.lists.length === 1);
  assert.deepEqual([stream.aimed, stream.lists.length, gauge.length], [0, 1, 0]);
  assert.equal((await put(10)).length, 10);
  assert.deepEqual([stream.aimed, stream.lists.length], [0, 1]);
  stream.onList = undefined;
  const listed = await stream.answer(listRequest);
  answerList(listed);
  await until(() => gauge.length === 1);
  assert.deepEqual(gauge, [7]);
  stream.counts.clear();
  for (let i = 0; i < 70; i++) await put(1 + (i % 5));
  assert.equal(stream.aimed, 210);
  assert.deepEqual(countsOf(stream), new Array(7).fill(30));
});

test("shards are asked for by name or ARN once, page by page", async () => {
  const stream = scriptedStream(25);
  stream.pageShards = 10;
  const { put } = await openScripted(stream);
  assert.deepEqual(stream.lists, [
    { StreamName: "metrics", MaxResults: 1_000, ShardFilter: { Type: "AT_LATEST" } },
    { NextToken: "10", MaxResults: 1_000 },
    { NextToken: "20", MaxResults: 1_000 },
  ]);
  await put(50);
  assert.deepEqual(countsOf(stream), new Array(25).fill(2));
});

test("a service that knows no ShardFilter is asked without", async () => {
  const stream = scriptedStream(3);
  stream.split("shardId-000000000000");
  stream.onList = () =>
    stream.lists.at(-1)?.["ShardFilter"] === undefined
      ? undefined
      : json({ __type: "SerializationException", message: "unknown field" }, 400);
  const { put, gauge } = await openScripted(stream);
  assert.deepEqual(gauge, [4]);
  await put(40);
  assert.deepEqual(countsOf(stream), new Array(4).fill(10));
});

test("many puts that come back from new shards cause one look at a time, and vain ones become rare", async () => {
  const stream = scriptedStream(4);
  const { put, clock, gauge } = await openScripted(stream);
  const before = await stream.answer(listRequest);
  const stale = await before.text();
  stream.lists.length = 0;
  stream.split("shardId-000000000001");
  stream.onList = () => new Response(stale);
  for (let second = 0; second < 100; second++) {
    await Promise.all([put(4), put(4), put(4)]);
    clock.advance(1_000);
    await settled();
  }
  assert.ok(stream.lists.length >= 4 && stream.lists.length <= 9, String(stream.lists.length));
  stream.onList = undefined;
  clock.advance(60_000 * 1.25);
  await put(4);
  await until(() => gauge.length === 2);
  stream.counts.clear();
  await put(50);
  assert.deepEqual(countsOf(stream), new Array(5).fill(10));
});

test("the map is renewed every few minutes even if nothing speaks against it", async () => {
  const stream = scriptedStream(2);
  const { put, clock } = await openScripted(stream);
  clock.advance(3 * 60_000);
  await put(1);
  await settled();
  assert.equal(stream.lists.length, 1);
  clock.advance(4 * 60_000);
  await put(1);
  await until(() => stream.lists.length === 2);
});

const unlisted: readonly [
  what: string,
  type: string,
  status: number,
  looksInAnHour: readonly [number, number],
][] = [
  ["denied", "AccessDeniedException", 400, [7, 14]],
  ["unknown to the service", "UnknownOperationException", 400, [7, 14]],
  ["not possible for the service", "InternalFailure", 500, [20, 70]],
];
for (const [what, type, status, [fewest, most]] of unlisted) {
  test(`where ListShards is ${what}, records go by chance as before`, async () => {
    const stream = scriptedStream(4);
    stream.onList = () =>
      json({ __type: type, message: "not authorized to perform: kinesis:ListShards" }, status);
    const { put, clock, lines, gauge } = await openScripted(stream);
    for (let i = 0; i < 60; i++) {
      assert.equal(spreadOf(await put(4)).durable, 4);
      await settled();
      clock.advance(60_000);
    }
    assert.deepEqual([stream.aimed, gauge.length], [0, 0]);
    assert.ok(stream.lists.length >= fewest && stream.lists.length <= most, String(stream.lists.length));
    const told = lines.filter((line) => /permission kinesis:ListShards/.test(line));
    assert.equal(told.length, status === 400 ? 1 : 0);
    // Allowed while we run: seen without a restart.
    stream.onList = undefined;
    clock.advance(800_000);
    await put(1);
    await until(() => gauge.length > 0);
    assert.deepEqual(gauge, [4]);
  });
}

test("closing gives up a look that is under way", async () => {
  const stream = scriptedStream(2);
  let asked = false;
  let aborted = false;
  const stood = standIn({
    service: "kinesis",
    answer: (request, _, signal) => {
      if (!request.headers.get("x-amz-target")?.includes("ListShards")) return stream.answer(request);
      asked = true;
      signal.addEventListener("abort", () => (aborted = true));
      return new Promise<Response>(() => undefined);
    },
  });
  const silent = {
    debug: () => undefined,
    info: () => undefined,
    warn: () => undefined,
    error: () => undefined,
  };
  const spread = { log: silent, onShards: () => assert.fail("no shards are known") };
  const { client, clock } = stood;
  const sink = createKinesisSink({ client, stream: "metrics", random: Math.random, clock, spread });
  await sink.put(records(1), neverAborted);
  await until(() => asked);
  await sink.close();
  assert.equal(aborted, true);
  await until(() => clock.pending === 0);
});
