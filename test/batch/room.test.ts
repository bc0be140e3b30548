/** The ceiling is shared fairly: what is large finds its room, and what is small is not shut out for it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Room } from "../../src/batch/room.ts";
import { OverloadedError } from "../../src/errors.ts";
import { createMetrics } from "../../src/metrics.ts";
import { VirtualClock } from "../support/virtual-clock.ts";

function roomOf(pendingBytesMax: number, deliverable = { bytes: Number.POSITIVE_INFINITY }) {
  const clock = new VirtualClock();
  const metrics = createMetrics({ version: "test", runtime: "test" }).puts;
  const room = new Room({ clock, metrics, pendingBytesMax, deliverableBytes: () => deliverable.bytes });
  const takes = (bytes: number): boolean => {
    try {
      room.take(bytes);
      return true;
    } catch (error) {
      assert.ok(error instanceof OverloadedError);
      return false;
    }
  };
  return { clock, room, takes, deliverable };
}

test("an append near the ceiling gets in among small ones that always fit", async () => {
  const { clock, room, takes } = roomOf(100);
  const held: number[] = [];
  let largeAtMs: number | undefined;
  // A small one each 10 ms, decided 80 ms later: without a reservation pending would stay near 80 for ever.
  for (let i = 0; i < 2_000; i++) {
    if (takes(10)) held.push(i);
    if (held[0] !== undefined && held[0] <= i - 8) {
      held.shift();
      room.give(10);
    }
    if (i % 250 === 0 && i > 0 && largeAtMs === undefined && takes(90)) largeAtMs = i * 10;
    await clock.advance(10);
  }
  assert.ok(largeAtMs !== undefined && largeAtMs <= 7_500, `large got in after ${largeAtMs} ms`);
});

test("room that nobody comes for is free again, and is not reserved again at once", async () => {
  const { clock, takes, room } = roomOf(100);
  assert.ok(takes(60));
  assert.ok(!takes(90));
  assert.ok(takes(10), "small ones fit until the large one may be back");
  await clock.advance(2_000);
  assert.ok(!takes(10));
  assert.ok(!takes(30));
  room.give(70);
  assert.ok(takes(10), "beside the reserved room there is room for 10");
  assert.ok(!takes(10));
  await clock.advance(8_000);
  assert.ok(takes(60), "nobody came");
  assert.ok(!takes(90));
  await clock.advance(3_000);
  assert.ok(takes(20), "small ones have their time now");
});

test("one as large as the reservation takes it, and it is gone", async () => {
  const { clock, takes, room } = roomOf(100);
  assert.ok(takes(60));
  assert.ok(!takes(50));
  await clock.advance(3_000);
  room.give(20);
  assert.ok(!takes(30));
  assert.ok(takes(50));
  assert.ok(takes(10));
  assert.equal(room.pendingBytes, 100);
});

test("while puts are paced only as much is accepted as can be delivered, and nothing pending means room", () => {
  const { room, takes, deliverable } = roomOf(100);
  deliverable.bytes = 30;
  assert.ok(takes(40));
  assert.throws(() => room.assertAny(), {
    message: "Cannot take more lines: 40 of 100 pending bytes are used, 30 at the pace the sink takes now",
  });
  room.give(20);
  room.assertAny();
  assert.ok(takes(10));
  assert.ok(!takes(1));
  deliverable.bytes = Number.POSITIVE_INFINITY;
  assert.ok(takes(70));
  assert.ok(!takes(1));
});
