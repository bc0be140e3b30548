import assert from "node:assert/strict";
import { test } from "node:test";
import { OverloadedError } from "../../src/errors.ts";
import { heldBatcher, lineOf } from "./held-sink.ts";

test("appends within the linger share one put, and all get their answer from it", async () => {
  const { sink, clock, append, batcher } = heldBatcher();
  const first = append("a\n");
  await clock.advance(99);
  const second = append("b\nc\n");
  assert.equal(sink.puts.length, 0);
  await clock.advance(1);
  assert.deepEqual(sink.puts[0]?.texts, ["a\nb\nc\n"]);
  await clock.advance(500);
  assert.deepEqual([first.state, second.state], ["waiting", "waiting"]);
  sink.puts[0]?.answer();
  await clock.settle();
  assert.deepEqual([first.state, second.state], ["durable", "durable"]);
  assert.deepEqual([batcher.pendingBytes, clock.pendingTimers, sink.puts.length], [0, 0, 1]);
});

test("a batch that is exactly full leaves at once; one byte less lingers", async () => {
  const { sink, clock, append } = heldBatcher({ batchBytesMax: 100 });
  append(lineOf(99));
  await clock.settle();
  assert.equal(sink.puts.length, 0);
  append("\n");
  await clock.settle();
  assert.deepEqual(
    sink.puts.map(({ texts }) => texts.join("").length),
    [100],
  );
});

test("an append that does not fit sends the open batch and starts the next", async () => {
  const { sink, clock, append } = heldBatcher({ batchBytesMax: 100 });
  append(lineOf(60, "a"));
  append(lineOf(60, "b"));
  await clock.settle();
  assert.deepEqual(
    sink.puts.map(({ texts }) => texts),
    [[lineOf(60, "a")]],
  );
  await clock.advance(100);
  assert.deepEqual(sink.puts[1]?.texts, [lineOf(60, "b")]);
});

test("while the puts are busy the next batch fills beyond its linger", async () => {
  const { sink, clock, append } = heldBatcher({ putsInFlightMax: 1 });
  append("a\n");
  await clock.advance(100);
  append("b\n");
  await clock.advance(1_000);
  append("c\n");
  await clock.advance(1_000);
  assert.equal(sink.puts.length, 1);
  sink.puts[0]?.answer();
  await clock.settle();
  assert.deepEqual(sink.puts[1]?.texts, ["b\nc\n"]);
});

test("a slow put delays no other while more of them may be under way", async () => {
  const { sink, clock, append } = heldBatcher({ putsInFlightMax: 2, lingerMs: 0 });
  const slow = append("slow\n");
  await clock.advance(0);
  const quick = append("quick\n");
  await clock.advance(0);
  sink.puts[1]?.answer();
  await clock.settle();
  assert.deepEqual([slow.state, quick.state], ["waiting", "durable"]);
});

test("batches leave in the order they were filled", async () => {
  const { sink, clock, append } = heldBatcher({ putsInFlightMax: 1, batchBytesMax: 10 });
  for (const name of ["a", "b", "c", "d"]) append(lineOf(10, name));
  for (let i = 0; i < 4; i++) {
    await clock.settle();
    sink.puts[i]?.answer();
  }
  await clock.settle();
  assert.deepEqual(
    sink.puts.map(({ texts }) => texts[0]?.[0]),
    ["a", "b", "c", "d"],
  );
});

test("lines larger than a batch are cut into several, and answered when the last is durable", async () => {
  const { sink, clock, append, batcher } = heldBatcher({ batchBytesMax: 100, recordBytesMax: 100 });
  const lines = Array.from({ length: 9 }, (_, i) => lineOf(30, String(i)));
  const whole = append(lines.join(""));
  await clock.advance(100);
  sink.puts[0]?.answer();
  await clock.settle();
  assert.deepEqual([whole.state, batcher.pendingBytes, sink.puts.length], ["waiting", 180, 3]);
  sink.puts[2]?.answer();
  await clock.settle();
  assert.equal(whole.state, "waiting");
  sink.puts[1]?.answer();
  await clock.settle();
  assert.deepEqual([whole.state, batcher.pendingBytes], ["durable", 0]);
  const put = sink.puts.flatMap(({ texts }) => texts).join("");
  assert.equal(put, lines.join(""));
});

test("a line longer than a batch is taken up to the record's limit", async () => {
  const { sink, clock, append } = heldBatcher({ batchBytesMax: 100, recordBytesMax: 400 });
  const long = append(lineOf(400) + lineOf(20));
  await clock.advance(100);
  assert.deepEqual(
    sink.puts.map(({ texts }) => texts.map((text) => text.length)),
    [[400], [20]],
  );
  for (const put of sink.puts) put.answer();
  await clock.settle();
  assert.equal(long.state, "durable");
});

test("lines that cannot be sent are refused alone, and leave nothing behind", async () => {
  const { sink, clock, append, batcher } = heldBatcher({ recordBytesMax: 100, batchBytesMax: 1_000 });
  const neighbour = append("a\n");
  const refused = [append(lineOf(101)), append("b\n".repeat(300) + lineOf(101)), append("no end")];
  await clock.settle();
  assert.equal(batcher.pendingBytes, 2);
  await clock.advance(100);
  sink.puts[0]?.answer();
  await clock.settle();
  assert.deepEqual(
    refused.map(({ state }) => state),
    ["RangeError", "RangeError", "RangeError"],
  );
  assert.deepEqual([neighbour.state, sink.puts.length], ["durable", 1]);
  assert.deepEqual([batcher.pendingBytes, clock.pendingTimers], [0, 0]);
});

test("the ceiling: what reaches it is taken, what goes over it and all that follows is not", async () => {
  const { sink, clock, append, batcher } = heldBatcher({ pendingBytesMax: 100, putsInFlightMax: 1 });
  append(lineOf(60));
  assert.equal(append(lineOf(41)).state, "waiting");
  await clock.settle();
  assert.equal(batcher.pendingBytes, 60);
  const last = append(lineOf(40));
  await clock.settle();
  assert.deepEqual([last.state, batcher.pendingBytes], ["waiting", 100]);
  assert.throws(() => batcher.assertRoom(), OverloadedError);
  await assert.rejects(batcher.append(new TextEncoder().encode("\n")), (error) => {
    assert.ok(error instanceof OverloadedError && error.retryAfterMs > 0);
    return true;
  });
  await clock.advance(100);
  sink.puts[0]?.answer();
  await clock.settle();
  batcher.assertRoom();
  assert.equal(append(lineOf(100)).state, "waiting");
  assert.equal(batcher.pendingBytes, 100);
});

test("lines over the ceiling are taken while nothing else is pending", async () => {
  const { append, batcher, clock } = heldBatcher({ pendingBytesMax: 100, recordBytesMax: 500 });
  const large = append(lineOf(101));
  await clock.settle();
  assert.deepEqual([large.state, batcher.pendingBytes], ["waiting", 101]);
});

test("no lines are durable at once", async () => {
  const { append, clock } = heldBatcher();
  const nothing = append("");
  await clock.settle();
  assert.equal(nothing.state, "durable");
});

test("a batch grows without losing a byte, and copies what it is given: the caller reuses its own", async () => {
  const { sink, clock, batcher } = heldBatcher(
    { batchBytesMax: 1 << 20, pendingBytesMax: 1 << 21 },
    { putBytesMax: 1 << 20 },
  );
  const scratch = new Uint8Array(201_000);
  let expected = "";
  const appended = [40_000, 30_000, 1, 200_000, 64 * 1024, 150_000].map((bytes, i) => {
    const text = lineOf(1_000, String(i)).repeat(Math.floor(bytes / 1_000)) + lineOf((bytes % 1_000) + 1);
    expected += text;
    const lines = scratch.subarray(0, new TextEncoder().encodeInto(text, scratch).written);
    const promise = batcher.append(lines);
    scratch.fill(0x7a);
    return promise;
  });
  await clock.advance(100);
  assert.equal(sink.puts.length, 1);
  assert.ok(sink.puts[0]?.texts.join("") === expected, "the put holds exactly what was appended");
  sink.puts[0]?.answer();
  await Promise.all(appended);
  await clock.settle();
  assert.equal(batcher.pendingBytes, 0);
});
