import assert from "node:assert/strict";
import { test } from "node:test";
import { createCoolDown } from "../../../src/sink/kinesis/cool-down.ts";
import { manualClock } from "../../support/aws-stand-in.ts";

/** How long the shard rests from now, in ms, to 10 ms. */
function restMs(clock: ReturnType<typeof manualClock>, isCooling: () => boolean): number {
  let ms = 0;
  for (; isCooling(); ms += 10) clock.advance(10);
  return ms;
}

test("a shard that takes nothing rests longer each time, up to 5 s, and is fresh once it takes", () => {
  const clock = manualClock();
  const cool = createCoolDown(clock, () => 1);
  const rests: number[] = [];
  for (let i = 0; i < 8; i++) {
    cool.throttled("a", clock.monotonicMs(), false);
    rests.push(restMs(clock, () => cool.isCooling("a")));
  }
  assert.deepEqual(rests, [200, 400, 800, 1_600, 3_200, 5_000, 5_000, 5_000]);
  assert.equal(cool.isCooling("b"), false);
  cool.took("a", clock.monotonicMs());
  cool.throttled("a", clock.monotonicMs(), false);
  assert.equal(
    restMs(clock, () => cool.isCooling("a")),
    200,
  );
});

test("a shard that takes some of a put's records never rests long", () => {
  const clock = manualClock();
  const cool = createCoolDown(clock, () => 0);
  for (let i = 0; i < 5; i++) {
    cool.throttled("a", clock.monotonicMs(), true);
    assert.equal(
      restMs(clock, () => cool.isCooling("a")),
      100,
    );
  }
});

test("puts that were under way when a rest began neither lengthen nor end it", () => {
  const clock = manualClock();
  const cool = createCoolDown(clock, () => 1);
  clock.advance(1_000);
  cool.throttled("a", 900, false);
  clock.advance(50);
  cool.throttled("a", 950, false);
  cool.took("a", 950);
  assert.equal(
    restMs(clock, () => cool.isCooling("a")),
    150,
  );
});

test("shards that are gone are forgotten", () => {
  const clock = manualClock();
  const cool = createCoolDown(clock, () => 1);
  cool.throttled("a", 0, false);
  cool.throttled("b", 0, false);
  cool.keep(new Set(["b"]));
  assert.deepEqual([cool.isCooling("a"), cool.isCooling("b")], [false, true]);
});
