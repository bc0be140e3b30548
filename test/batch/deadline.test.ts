/** Every wait of the batcher ends: deadlines of puts and acks, and the drain. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { heldBatcher, lineOf, lost } from "./held-sink.ts";

test("a put is aborted after its timeout, and its records are put again", async () => {
  const { sink, clock, append } = heldBatcher({ lingerMs: 0, putTimeoutMs: 10_000 });
  const appended = append("a\n");
  await clock.advance(9_999);
  assert.equal(sink.puts[0]?.signal.aborted, false);
  await clock.advance(1);
  assert.equal(sink.puts[0]?.signal.aborted, true);
  sink.puts[0]?.answer([lost]);
  await clock.advance(60);
  assert.equal(sink.puts.length, 2);
  sink.puts[1]?.answer();
  await clock.settle();
  assert.equal(appended.state, "durable");
});

test("a put gets no more time than its batch has left", async () => {
  const { sink, clock, append } = heldBatcher({ lingerMs: 0, putTimeoutMs: 60_000, ackTimeoutMs: 5_000 });
  append("a\n");
  await clock.advance(4_999);
  assert.equal(sink.puts[0]?.signal.aborted, false);
  await clock.advance(1);
  assert.equal(sink.puts[0]?.signal.aborted, true);
});

test("an append is answered in time though its put hangs and does not heed its signal", async () => {
  const { sink, clock, append, batcher } = heldBatcher({ lingerMs: 0, ackTimeoutMs: 5_000 });
  const appended = append("a\n");
  await clock.advance(4_999);
  assert.equal(appended.state, "waiting");
  await clock.advance(1);
  assert.equal(appended.state, "timeout");
  // Its bytes are still held by the put, so they still count.
  assert.equal(batcher.pendingBytes, 2);
  sink.puts[0]?.answer();
  await clock.settle();
  assert.deepEqual([batcher.pendingBytes, clock.pendingTimers], [0, 0]);
});

test("how long an append waited is told in whole milliseconds", async () => {
  const { clock, batcher } = heldBatcher({ lingerMs: 0, ackTimeoutMs: 5_000 });
  const appended = batcher.append(new TextEncoder().encode("a\n"), 4_999.806_169_000_018);
  const rejected = assert.rejects(appended, { message: "Not durable after 5000 ms" });
  await clock.advance(5_000);
  await rejected;
});

test("each append has its own time, and the batch that of the last", async () => {
  const { sink, clock, append } = heldBatcher({ putsInFlightMax: 1, lingerMs: 0, ackTimeoutMs: 5_000 });
  append("busy\n");
  await clock.advance(1_000);
  const early = append("early\n");
  await clock.advance(3_000);
  const late = append("late\n");
  await clock.advance(2_000);
  assert.deepEqual([early.state, late.state], ["timeout", "waiting"]);
  sink.puts[0]?.answer();
  await clock.settle();
  await clock.advance(2_999);
  assert.deepEqual(
    [sink.puts[1]?.texts, sink.puts[1]?.signal.aborted, late.state],
    [["early\nlate\n"], false, "waiting"],
  );
  sink.puts[1]?.answer();
  await clock.settle();
  assert.deepEqual([early.state, late.state], ["timeout", "durable"]);
});

test("a batch nobody waits for any more is not put", async () => {
  const { sink, clock, append, batcher } = heldBatcher({
    putsInFlightMax: 1,
    lingerMs: 0,
    ackTimeoutMs: 5_000,
  });
  append("busy\n");
  await clock.advance(1);
  append("forgotten\n");
  await clock.advance(6_000);
  sink.puts[0]?.answer();
  await clock.settle();
  assert.deepEqual([sink.puts.length, batcher.pendingBytes, clock.pendingTimers], [1, 0, 0]);
});

test("nothing is put after the deadline, though a put of the same batch used it up", async () => {
  const { sink, clock, append, batcher } = heldBatcher(
    { putsInFlightMax: 1, lingerMs: 0, ackTimeoutMs: 5_000, recordBytesMax: 10 },
    { putRecordsMax: 1 },
  );
  append(lineOf(10) + lineOf(10));
  await clock.advance(7_000);
  sink.puts[0]?.answer([lost]);
  await clock.advance(10_000);
  assert.deepEqual([sink.puts.length, batcher.pendingBytes, clock.pendingTimers], [1, 0, 0]);
});

test("retries end with the deadline, and tell what the last attempt said", async () => {
  const { sink, clock, append, batcher } = heldBatcher({ lingerMs: 0, ackTimeoutMs: 5_000 });
  const appended = append("a\n");
  for (let i = 0; appended.state === "waiting"; i++) {
    await clock.advance(10);
    sink.puts.at(-1)?.answer([lost]);
    assert.ok(i < 501, "still waiting after 5 s");
  }
  assert.equal(appended.state, "network");
  assert.ok(sink.puts.length > 3);
  assert.deepEqual([batcher.pendingBytes, clock.pendingTimers], [0, 0]);
});

test("parts of one append that fail after its timeout reach nobody, and harm nobody", async () => {
  const { sink, clock, append, batcher } = heldBatcher({
    lingerMs: 0,
    ackTimeoutMs: 5_000,
    batchBytesMax: 100,
  });
  const appended = append(lineOf(90).repeat(3));
  await clock.advance(6_000);
  assert.equal(appended.state, "timeout");
  sink.puts[0]?.reject(new Error("a bug"));
  sink.puts[1]?.answer([lost]);
  await clock.advance(10_000);
  assert.deepEqual([batcher.pendingBytes, clock.pendingTimers], [0, 0]);
});

test("a drain sends what lingers, and what still comes, at once", async () => {
  const { sink, clock, append, batcher } = heldBatcher({ lingerMs: 20_000 });
  append("a\n");
  const drained = batcher.drain(10_000);
  await clock.settle();
  assert.deepEqual(sink.puts[0]?.texts, ["a\n"]);
  append("b\n");
  await clock.settle();
  assert.deepEqual(sink.puts[1]?.texts, ["b\n"]);
  for (const put of sink.puts) put.answer();
  assert.equal(await drained, 0);
  await clock.settle();
  assert.equal(clock.pendingTimers, 0);
});

test("a drain without anything pending ends at once", async () => {
  const { batcher, clock } = heldBatcher();
  assert.equal(await batcher.drain(10_000), 0);
  assert.equal(clock.pendingTimers, 0);
});

test("a drain that takes too long says how many bytes are left", async () => {
  const { sink, clock, append, batcher } = heldBatcher({ putsInFlightMax: 1, batchBytesMax: 10 });
  append(lineOf(10));
  append(lineOf(8));
  const drained = batcher.drain(1_000);
  await clock.settle();
  sink.puts[0]?.answer();
  await clock.advance(1_000);
  assert.equal(await drained, 8);
});

test("all drains under way end when nothing is pending any more", async () => {
  const { sink, clock, append, batcher } = heldBatcher();
  append("a\n");
  const drained = Promise.all([batcher.drain(10_000), batcher.drain(20_000)]);
  await clock.settle();
  sink.puts[0]?.answer();
  await clock.settle();
  assert.equal(clock.pendingTimers, 0);
  assert.deepEqual(await drained, [0, 0]);
});
