import assert from "node:assert/strict";
import { test } from "node:test";
import { beginByChance } from "../../../src/sink/kinesis/by-chance.ts";
import { durable, type Outcome } from "../../../src/sink/sink.ts";
import { manualClock } from "../../support/aws-stand-in.ts";

const throttled: Outcome = { kind: "retryable", throttled: true, reason: "r", message: "m" };

/** Judges an answer: a number is a record taken by that shard, `x` one that was throttled. */
function judged(answers: readonly string[], pauseMs = 0): readonly boolean[] {
  const clock = manualClock();
  const begin = beginByChance(clock, () => 0.5);
  return answers.map((answer) => {
    const entries = [...answer].map((shard) => (shard === "x" ? {} : { ShardId: shard }));
    const outcomes = [...answer].map((shard) => (shard === "x" ? throttled : durable));
    const told = begin(answer.length).judge!(outcomes, entries);
    clock.advance(pauseMs);
    return told.some((outcome) => outcome.kind === "retryable" && outcome.elsewhere === true);
  });
}

test("a throttled record has elsewhere to go only where several shards take most of the records", () => {
  assert.deepEqual(judged(["12x"]), [true]);
  assert.deepEqual(judged(["111111x"]), [false]);
  assert.deepEqual(judged(["12xx"]), [false]);
  assert.deepEqual(judged(["xxxx"]), [false]);
  assert.deepEqual(judged(["12345", "x"]), [false, true]);
});

test("what was seen a while ago says nothing of the room there is now", () => {
  assert.deepEqual(judged(["12345", "x"], 900), [false, true]);
  assert.deepEqual(judged(["12345", "x"], 2_500), [false, false]);
});

test("a record that nobody takes is soon told to wait", () => {
  assert.deepEqual(judged(["123", "x", "x", "x", "x"]), [false, true, true, false, false]);
});

test("a call that failed as a whole is told as it is", () => {
  const plan = beginByChance(manualClock(), Math.random)(2);
  const outcomes = [throttled, throttled];
  assert.equal(plan.judge!(outcomes, undefined), outcomes);
});
