import assert from "node:assert/strict";
import { test } from "node:test";
import { backoffMs, throttledBackoff, transientBackoff } from "../src/retry.ts";
import { seededRandom } from "./support/virtual-clock.ts";

test("the bound of the delay doubles with each attempt up to the cap", () => {
  const bounds = (options: typeof transientBackoff) =>
    [1, 2, 3, 4, 6, 7, 40, 10_000].map((attempt) => backoffMs(attempt, options, () => 1));
  assert.deepEqual(bounds(transientBackoff), [50, 100, 200, 400, 1_600, 2_000, 2_000, 2_000]);
  assert.deepEqual(bounds(throttledBackoff), [500, 1_000, 2_000, 4_000, 5_000, 5_000, 5_000, 5_000]);
});

test("the jitter is full: delays spread evenly from 0 to the bound", () => {
  const random = seededRandom(1);
  const delays = Array.from({ length: 10_000 }, () => backoffMs(3, transientBackoff, random));
  for (let quarter = 0; quarter < 4; quarter++) {
    const within = delays.filter((delay) => delay >= quarter * 50 && delay < (quarter + 1) * 50).length;
    assert.ok(within > 2_300 && within < 2_700, `${within} of 10000 in quarter ${quarter}`);
  }
});
