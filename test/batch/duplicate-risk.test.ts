/** Lines that may be in the sink twice are counted, exactly, by why. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Outcome } from "../../src/sink/sink.ts";
import { denied, durable, heldBatcher, lost } from "./held-sink.ts";

const unconfirmed: Outcome = { ...lost, unconfirmed: true } as Outcome;

async function risks(metrics: ReturnType<typeof heldBatcher>["metrics"]) {
  const { values } = await metrics.duplicateRisk.get();
  const counted = values.filter(({ value }) => value > 0);
  return Object.fromEntries(counted.map(({ labels, value }) => [labels.cause, value]));
}

test("late: lines that become durable after their append was answered 503", async () => {
  const { sink, clock, append, metrics, batcher } = heldBatcher({ lingerMs: 0, ackTimeoutMs: 5_000 });
  const appended = append("a\nb\nc\n");
  await clock.advance(2_000);
  const inTime = append("d\n");
  await clock.advance(3_000);
  assert.equal(appended.state, "timeout");
  assert.deepEqual(await risks(metrics), {});
  sink.puts[0]?.answer();
  sink.puts[1]?.answer();
  await clock.settle();
  assert.deepEqual([inTime.state, await risks(metrics), batcher.pendingBytes], ["durable", { late: 3 }, 0]);
});

test("unconfirmed: each attempt that may have stored a line is a copy more", async () => {
  const { sink, clock, append, metrics } = heldBatcher({ lingerMs: 0, ackTimeoutMs: 60_000 });
  const appended = append("a\nb\n");
  for (let attempt = 0; attempt < 3; attempt++) {
    await clock.advance(10_000);
    sink.puts[attempt]?.answer([unconfirmed]);
    await clock.settle();
  }
  await clock.advance(10_000);
  sink.puts[3]?.answer([durable]);
  await clock.settle();
  assert.deepEqual([appended.state, await risks(metrics)], ["durable", { unconfirmed: 6 }]);
});

test("late: of a batch only the lines whose append has failed", async () => {
  const { sink, clock, append, metrics } = heldBatcher({ lingerMs: 100, ackTimeoutMs: 5_000 });
  append("a\nb\n");
  await clock.advance(50);
  const second = append("c\nd\ne\n");
  await clock.advance(4_951);
  sink.puts[0]?.answer();
  await clock.settle();
  assert.deepEqual([second.state, await risks(metrics)], ["durable", { late: 2 }]);
});

test("partial: durable lines of an append of which others failed", async () => {
  const { sink, clock, append, metrics } = heldBatcher({ lingerMs: 0, recordBytesMax: 4 });
  const spanning = append("a\nb\nc\nd\n\n\n\n\n");
  const whole = append("e\nf\n");
  await clock.advance(0);
  assert.deepEqual(sink.puts[0]?.texts, ["a\nb\n", "c\nd\n", "\n\n\n\n", "e\nf\n"]);
  sink.puts[0]?.answer([durable, denied, durable, durable]);
  await clock.settle();
  assert.deepEqual([spanning.state, whole.state], ["denied", "durable"]);
  assert.deepEqual(await risks(metrics), { partial: 6 });
});

test("partial and late: an append over several batches", async () => {
  const { sink, clock, append, metrics } = heldBatcher({
    lingerMs: 0,
    batchBytesMax: 4,
    recordBytesMax: 4,
    ackTimeoutMs: 5_000,
  });
  const appended = append("a\nb\nc\nd\n");
  await clock.advance(0);
  assert.equal(sink.puts.length, 2);
  sink.puts[0]?.answer();
  await clock.advance(5_000);
  assert.equal(appended.state, "timeout");
  assert.deepEqual(await risks(metrics), { partial: 2 });
  sink.puts[1]?.answer();
  await clock.settle();
  assert.deepEqual(await risks(metrics), { partial: 2, late: 2 });
});

test("unconfirmed: lines that were put again though the first attempt may have stored them", async () => {
  const { sink, clock, append, metrics } = heldBatcher({ lingerMs: 0, recordBytesMax: 4 });
  const appended = append("a\nb\nc\nd\n");
  await clock.advance(0);
  sink.puts[0]?.answer([unconfirmed, lost]);
  await clock.advance(100);
  assert.deepEqual(await risks(metrics), {});
  // What was unconfirmed once stays so.
  sink.puts[1]?.answer([lost, lost]);
  await clock.advance(200);
  sink.puts[2]?.answer();
  await clock.settle();
  assert.deepEqual([appended.state, await risks(metrics)], ["durable", { unconfirmed: 2 }]);
});

test("unconfirmed: lines that may be stored though their append fails", async () => {
  const { sink, clock, append, metrics } = heldBatcher({ lingerMs: 0 });
  const appended = append("a\nb\n");
  await clock.advance(0);
  sink.puts[0]?.answer([{ ...unconfirmed, retryAfterMs: 60_000 } as Outcome]);
  await clock.settle();
  assert.deepEqual([appended.state, await risks(metrics)], ["network", { unconfirmed: 2 }]);
});

test("an answer with outcomes missing leaves all its records unconfirmed", async () => {
  const { sink, clock, append, metrics } = heldBatcher({ lingerMs: 0, recordBytesMax: 2 });
  append("a\nb\n");
  await clock.advance(0);
  sink.puts[0]?.answer([durable]);
  await clock.advance(100);
  sink.puts[1]?.answer();
  await clock.settle();
  assert.deepEqual(await risks(metrics), { unconfirmed: 2 });
});

test("a timeout tells what the sink said last of its batch", async () => {
  const { sink, clock, batcher } = heldBatcher({ lingerMs: 0 });
  const appended = batcher.append(new TextEncoder().encode("a\n"), 20_000);
  const rejected = assert.rejects(appended, {
    message: "Not durable after 20000 ms; last: throttled: shard 3 is full",
  });
  await clock.advance(0);
  sink.puts[0]?.answer([
    { kind: "retryable", throttled: true, reason: "throttled", message: "shard 3 is full" },
  ]);
  await clock.advance(20_000);
  await rejected;
});

test("a wait that the service asks for is kept; one beyond the deadline fails at once, and is told", async () => {
  const asks = (retryAfterMs: number): Outcome => ({ ...lost, retryAfterMs }) as Outcome;
  const { sink, clock, batcher } = heldBatcher({ lingerMs: 0 });
  const appended = batcher.append(new TextEncoder().encode("a\n"));
  const rejected = assert.rejects(appended, {
    name: "SinkError",
    reason: "network",
    retryAfterMs: 30_000,
    message: "Not durable in time; last: network: lost",
  });
  await clock.advance(0);
  sink.puts[0]?.answer([asks(7_000)]);
  await clock.advance(6_999);
  assert.equal(sink.puts.length, 1);
  await clock.advance(1);
  assert.equal(sink.puts.length, 2);
  sink.puts[1]?.answer([asks(30_000)]);
  await clock.settle();
  await rejected;
  assert.deepEqual([batcher.pendingBytes, clock.pendingTimers], [0, 0]);
});
