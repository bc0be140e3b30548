import assert from "node:assert/strict";
import { test } from "node:test";
import { LastHour } from "../../src/bill/hour.ts";

const minuteMs = 60_000;

test("what grew steadily has its pace, from the second minute on", () => {
  const hour = new LastHour();
  hour.see(0, { bytes: 1_000 });
  // A second after the start: ten bytes a second would be a minute's worth in one second.
  assert.deepEqual(hour.growth(1_000, { bytes: 1_600 }), { windowMs: 1_000, perSecond: { bytes: 10 } });
  assert.deepEqual(hour.growth(minuteMs, { bytes: 1_600 }), { windowMs: minuteMs, perSecond: { bytes: 10 } });
  assert.deepEqual(hour.growth(2 * minuteMs, { bytes: 2_200 }).perSecond, { bytes: 10 });
});

test("what happened more than an hour ago is forgotten: one minute below, at and above", () => {
  const hour = new LastHour();
  // 600 in the first minute, nothing afterwards.
  for (let minute = 0; minute <= 59; minute++)
    hour.see(minute * minuteMs, { records: minute === 0 ? 0 : 600 });
  const at = (minute: number) => {
    hour.see(minute * minuteMs, { records: 600 });
    return hour.growth(minute * minuteMs, { records: 600 });
  };
  assert.deepEqual(at(60), { windowMs: 60 * minuteMs, perSecond: { records: 600 / 3_600 } });
  assert.deepEqual(at(61), { windowMs: 60 * minuteMs, perSecond: { records: 0 } });
});

test("looks at any moments keep at most an hour and a minute", () => {
  const hour = new LastHour();
  for (let second = 0; second < 20_000; second += 7) {
    hour.see(second * 1_000, { x: second });
    const { windowMs, perSecond } = hour.growth(second * 1_000, { x: second });
    assert.ok(windowMs < 62 * minuteMs, `${windowMs}`);
    if (second > 4_000) assert.ok(windowMs >= 60 * minuteMs && Math.abs(perSecond["x"]! - 1) < 1e-9);
  }
});
