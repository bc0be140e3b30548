import assert from "node:assert/strict";
import { test } from "node:test";
import { createMetrics } from "../../src/metrics.ts";
import { History, keepHistory } from "../../src/page/history.ts";
import { quantileMs, read } from "../../src/page/readings.ts";
import { VirtualClock } from "../support/virtual-clock.ts";

function started() {
  const clock = new VirtualClock();
  const metrics = createMetrics({ version: "1", runtime: "test" });
  const history = new History();
  const spool = { waitingBytes: 0 };
  const look = () => read(metrics, clock.monotonicMs(), spool);
  const kept = keepHistory(history, clock, look);
  return { clock, metrics, history, look, kept, spool };
}

test("rates are those between two readings, samples and histograms together", async () => {
  const { clock, metrics, history, kept } = started();
  await clock.settle();
  metrics.items.samples.received.inc(1_000);
  metrics.items.histograms.received.inc(500);
  metrics.items.samples.written.inc(900);
  metrics.requests.inc({ proto: "v1", code: "204" }, 20);
  metrics.requests.inc({ proto: "v2", code: "503" }, 5);
  metrics.spoolPuts.pendingBytes.set(77);
  await clock.advance(10_000);
  const [point] = history.points;
  assert.equal(point?.receivedPerSecond, 150);
  assert.equal(point?.durablePerSecond, 90);
  assert.deepEqual(point?.answeredPerSecond, { "2xx": 2, "4xx": 0, "5xx": 0.5 });
  assert.equal(point?.pendingBytes, 77);
  assert.equal(point?.ackMedianMs, undefined);
  kept.close();
  assert.equal(clock.pendingTimers, 0);
});

test("an hour is kept and no more", async () => {
  const { clock, history, kept } = started();
  await clock.advance(3 * 3_600_000);
  assert.equal(history.points.length, 360);
  assert.ok(clock.monotonicMs() - history.points[0]!.atMs <= 3_600_000);
  kept.close();
});

test("the last minute forgets what came before it", async () => {
  const { clock, metrics, history, look, kept } = started();
  await clock.settle();
  metrics.items.samples.received.inc(600);
  await clock.advance(30_000);
  const early = history.lastMinute(await look());
  assert.deepEqual([early.receivedPerSecond, early.spanMs], [20, 30_000]);
  await clock.advance(30_000);
  assert.equal(history.lastMinute(await look()).receivedPerSecond, 10);
  await clock.advance(10_000);
  assert.equal(history.lastMinute(await look()).receivedPerSecond, 0);
  kept.close();
});

test("a second after the start a burst is no rate of a second", async () => {
  const { clock, metrics, history, look, kept } = started();
  await clock.settle();
  metrics.items.samples.received.inc(1_000);
  await clock.advance(1_000);
  assert.equal(history.lastMinute(await look()).receivedPerSecond, 100);
  kept.close();
});

test("durations between two readings are told as Prometheus would", async () => {
  const { clock, metrics, look, kept } = started();
  for (let at = 0; at < 100; at++) metrics.ackDuration.observe(20);
  const before = await look();
  assert.equal(quantileMs(before.ack, (await look()).ack, 0.5), undefined);
  for (let at = 0; at < 90; at++) metrics.ackDuration.observe(0.15);
  for (let at = 0; at < 10; at++) metrics.ackDuration.observe(60);
  const after = await look();
  // Half of 100: the 50th of the 90 between 100 and 250 ms.
  assert.equal(Math.round(quantileMs(before.ack, after.ack, 0.5) ?? 0), 183);
  // Above the last bound nothing more is known than the bound.
  assert.equal(quantileMs(before.ack, after.ack, 0.99), 25_000);
  kept.close();
  await clock.settle();
});

test("how fast the spool fills is known after half a minute", async () => {
  const { clock, history, look, kept, spool } = started();
  await clock.settle();
  for (let second = 0; second < 60; second += 10) {
    spool.waitingBytes = second * 1_000;
    await clock.advance(10_000);
    if (second === 10) assert.equal(history.growth(await look()), 0);
  }
  assert.equal(Math.round(history.growth(await look())), 1_000);
  kept.close();
});
