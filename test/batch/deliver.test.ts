/** Per record: what an attempt took is answered at once, and only what it did not take is put again. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Outcome } from "../../src/sink/sink.ts";
import { denied, durable, heldBatcher, lineOf, lost, throttled } from "./held-sink.ts";

/** Three appends that become three records of one put. */
async function threeRecords(limits: { putRecordsMax?: number; putBytesMax?: number } = {}) {
  const held = heldBatcher({ lingerMs: 0, recordBytesMax: 10 }, limits);
  const appended = ["a", "b", "c"].map((name) => held.append(lineOf(10, name)));
  await held.clock.advance(0);
  return { ...held, states: () => appended.map(({ state }) => state) };
}

test("a throttled record does not fail appends whose records are durable, and alone is put again", async () => {
  const { sink, clock, states, metrics } = await threeRecords();
  assert.equal(sink.puts[0]?.texts.length, 3);
  sink.puts[0]?.answer([durable, throttled, durable]);
  await clock.settle();
  assert.deepEqual(states(), ["durable", "waiting", "durable"]);
  await clock.advance(500);
  assert.deepEqual(sink.puts[1]?.texts, [lineOf(10, "b")]);
  sink.puts[1]?.answer();
  await clock.settle();
  assert.deepEqual([states()[1], clock.pendingTimers], ["durable", 0]);
  const { values } = await metrics.puts.recordsPut.get();
  assert.equal(values[0]?.value, 3);
});

test("a permanent failure is answered at once, and its record is not put again", async () => {
  const { sink, clock, states, batcher } = await threeRecords();
  sink.puts[0]?.answer([durable, denied, lost]);
  await clock.settle();
  assert.deepEqual(states(), ["durable", "denied", "waiting"]);
  await clock.advance(50);
  assert.deepEqual(sink.puts[1]?.texts, [lineOf(10, "c")]);
  sink.puts[1]?.answer();
  await clock.settle();
  assert.deepEqual([states()[2], batcher.pendingBytes], ["durable", 0]);
});

const misaligned: readonly (readonly [string, readonly Outcome[]])[] = [
  ["too few", [durable, durable]],
  ["too many", [durable, durable, durable, durable]],
  ["none", []],
];
for (const [name, outcomes] of misaligned) {
  test(`an answer with ${name} outcomes confirms nothing: which belongs to which is unknown`, async () => {
    const { sink, clock, states } = await threeRecords();
    sink.puts[0]?.answer(outcomes);
    await clock.settle();
    assert.deepEqual(states(), ["waiting", "waiting", "waiting"]);
    await clock.advance(60);
    assert.equal(sink.puts[1]?.texts.length, 3);
    sink.puts[1]?.answer();
    await clock.settle();
    assert.deepEqual(states(), ["durable", "durable", "durable"]);
  });
}

test("a sink that rejects fails its own put as a defect, and the next put goes on", async () => {
  const { sink, clock, states, append, batcher } = await threeRecords();
  sink.puts[0]?.reject(new Error("a bug"));
  await clock.settle();
  assert.deepEqual(states(), ["defect", "defect", "defect"]);
  const next = append("d\n");
  await clock.advance(0);
  sink.puts[1]?.answer();
  await clock.settle();
  assert.deepEqual([next.state, batcher.pendingBytes, clock.pendingTimers], ["durable", 0, 0]);
});

test("puts keep the sink's limit of records, and one put's lines do not wait for the next", async () => {
  const { sink, clock, states } = await threeRecords({ putRecordsMax: 2 });
  assert.deepEqual(sink.puts[0]?.texts.length, 2);
  sink.puts[0]?.answer();
  await clock.settle();
  assert.deepEqual(states(), ["durable", "durable", "waiting"]);
  assert.deepEqual(sink.puts[1]?.texts, [lineOf(10, "c")]);
  sink.puts[1]?.answer();
  await clock.settle();
  assert.equal(states()[2], "durable");
});

for (const [putBytesMax, expected] of [
  [19, 1],
  [20, 2],
  [29, 2],
  [30, 3],
] as const) {
  test(`a put of at most ${putBytesMax} bytes takes ${expected} records of 10`, async () => {
    const { sink, batcher, clock } = await threeRecords({ putBytesMax });
    assert.equal(sink.puts[0]?.texts.length, expected);
    for (let i = 0; batcher.pendingBytes > 0; i++) {
      sink.puts[i]?.answer();
      await clock.settle();
    }
    assert.deepEqual(
      sink.puts.flatMap(({ texts }) => texts),
      ["a", "b", "c"].map((name) => lineOf(10, name)),
    );
  });
}

test("an append over several records fails with the first of them that fails for good", async () => {
  const { sink, clock, append } = heldBatcher({ lingerMs: 0, recordBytesMax: 10 });
  const spanning = append(["a", "b", "c"].map((name) => lineOf(10, name)).join(""));
  const after = append(lineOf(10, "d"));
  await clock.advance(0);
  sink.puts[0]?.answer([durable, lost, denied, durable]);
  await clock.settle();
  assert.deepEqual([spanning.state, after.state], ["denied", "durable"]);
});

test("two appends in one record share its fate", async () => {
  const { sink, clock, append } = heldBatcher({ lingerMs: 0 });
  const both = [append("a\n"), append("b\n")];
  await clock.advance(0);
  sink.puts[0]?.answer([denied]);
  await clock.settle();
  assert.deepEqual(
    both.map(({ state }) => state),
    ["denied", "denied"],
  );
});
