import assert from "node:assert/strict";
import { test } from "node:test";
import { json } from "../../support/aws-stand-in.ts";
import { countsOf, openScripted, settled, spreadOf, until } from "../../support/scripted-sink.ts";
import { scriptedStream } from "../../support/scripted-stream.ts";

test("splits and merges are followed by the shards that come back, without a record lost", async () => {
  const stream = scriptedStream(4);
  const { put, gauge, clock } = await openScripted(stream);
  stream.split("shardId-000000000001");
  stream.merge("shardId-000000000002", "shardId-000000000003");
  clock.advance(5_000);
  assert.equal(spreadOf(await put(40)).durable, 40);
  await until(() => gauge.length === 2);
  assert.deepEqual(gauge, [4, 4]);
  assert.equal(stream.lists.length, 2);
  stream.counts.clear();
  for (let i = 0; i < 10; i++) assert.equal(spreadOf(await put(40)).durable, 40);
  assert.deepEqual(countsOf(stream), new Array(4).fill(100));
  await settled();
  assert.equal(stream.lists.length, 2);
});

test("a shard that is split gives its halves equal shares even before the split is seen", async () => {
  const stream = scriptedStream(2);
  const { put } = await openScripted(stream);
  stream.split("shardId-000000000000");
  stream.onList = () => new Promise<Response>(() => undefined);
  for (let i = 0; i < 10; i++) await put(200);
  const [left, right] = ["shardId-000000000002", "shardId-000000000003"].map((id) => stream.counts.get(id)!);
  // 1,000 over two halves: 500 each, five standard deviations around it.
  assert.ok(Math.abs(left! - 500) < 80 && left! + right! === 1_000, `${left} ${right}`);
});

test("a throttled shard is passed by, its records go elsewhere, and it comes back", async () => {
  const stream = scriptedStream(4);
  const { put, clock } = await openScripted(stream);
  stream.room.set("shardId-000000000002", 0);
  assert.deepEqual(spreadOf(await put(40)), { durable: 30, throttled: 10, elsewhere: 10 });
  assert.deepEqual(spreadOf(await put(30)), { durable: 30, throttled: 0, elsewhere: 0 });
  // Refused again after each rest, it rests longer each time, and never more than 5 s.
  let refusals = 0;
  for (let ms = 0; ms < 60_000; ms += 100) {
    clock.advance(100);
    refusals += spreadOf(await put(4)).throttled > 0 ? 1 : 0;
  }
  assert.ok(refusals >= 12 && refusals <= 30, String(refusals));
  stream.room.delete("shardId-000000000002");
  clock.advance(5_000);
  stream.counts.clear();
  assert.equal(spreadOf(await put(40)).durable, 40);
  assert.deepEqual(countsOf(stream), new Array(4).fill(10));
});

test("when every shard is throttled there is no elsewhere, and all are tried again", async () => {
  const stream = scriptedStream(3);
  const { put, clock } = await openScripted(stream);
  for (const { id } of stream.shards) stream.room.set(id, 0);
  assert.deepEqual(spreadOf(await put(9)), { durable: 0, throttled: 9, elsewhere: 0 });
  assert.deepEqual(spreadOf(await put(9)), { durable: 0, throttled: 9, elsewhere: 0 });
  stream.room.clear();
  assert.deepEqual(spreadOf(await put(9)), { durable: 9, throttled: 0, elsewhere: 0 });
  clock.advance(10_000);
  assert.equal(spreadOf(await put(9)).durable, 9);
});

test("one record that two shards refuse is told to wait, not sent round and round", async () => {
  const stream = scriptedStream(2);
  const { put } = await openScripted(stream);
  for (const { id } of stream.shards) stream.room.set(id, 0);
  assert.equal(spreadOf(await put(1)).elsewhere, 1);
  assert.equal(spreadOf(await put(1)).elsewhere, 0);
  assert.equal(spreadOf(await put(1)).elsewhere, 0);
});

test("a stream that distributes by itself is left to do so, told once, and not asked any more", async () => {
  const stream = scriptedStream(8);
  stream.isAuto = true;
  const { put, clock, gauge, lines } = await openScripted(stream);
  for (let i = 0; i < 30; i++) {
    await put(10);
    clock.advance(1_000);
    await settled();
  }
  const { aimed } = stream;
  assert.ok(aimed >= 32 && aimed < 300, String(aimed));
  assert.equal(gauge.at(-1), 0);
  assert.equal(lines.filter((line) => /distributes records by itself/.test(line)).length, 1);
  const asked = stream.lists.length;
  for (let i = 0; i < 10; i++) assert.equal(spreadOf(await put(10)).durable, 10);
  clock.advance(3_600_000);
  assert.deepEqual([stream.aimed, stream.lists.length], [aimed, asked]);
});

test("a service that refuses hash keys gets its records without, and none is lost to it", async () => {
  const stream = scriptedStream(4);
  const { answer } = stream;
  stream.answer = (request) =>
    request.text.includes("ExplicitHashKey")
      ? json({ __type: "ValidationException", message: "ExplicitHashKey is not supported" }, 400)
      : answer(request);
  const { put, gauge } = await openScripted(stream);
  const outcomes = await put(3);
  assert.deepEqual(
    outcomes.map(({ kind }) => kind),
    ["retryable", "retryable", "retryable"],
  );
  assert.equal(spreadOf(await put(3)).durable, 3);
  assert.equal(gauge.at(-1), 0);
});

test("with one record after the other every shard has its turn, also at one record a put", async () => {
  const stream = scriptedStream(5);
  const { put } = await openScripted(stream);
  for (let i = 0; i < 25; i++) await put(1);
  assert.deepEqual(countsOf(stream), new Array(5).fill(5));
});
