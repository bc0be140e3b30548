/** What the sink is asked to do at once follows what it can do. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Pace, type PutReport } from "../../src/batch/pace.ts";
import { sleep } from "../../src/clock.ts";
import { createMetrics } from "../../src/metrics.ts";
import { durable, type Outcome } from "../../src/sink/sink.ts";
import { VirtualClock } from "../support/virtual-clock.ts";
import { batcherOver, heldBatcher, lineOf, lost, throttled } from "./held-sink.ts";
import { Service } from "./service.ts";

const mebibyte = 1 << 20;

function paceOf(putsInFlightMax: number) {
  const clock = new VirtualClock();
  const metrics = createMetrics({ version: "test", runtime: "test" }).puts;
  const pace = new Pace({ clock, metrics, putsInFlightMax, putTimeoutMs: 10_000 });
  const gauges = async () => ({
    limit: (await metrics.putsInFlightLimit.get()).values[0]?.value,
    pace: (await metrics.paceBytesPerSecond.get()).values[0]?.value,
  });
  /** A put that takes `ms`. */
  const put = async (ms: number, report: Partial<PutReport> = {}) => {
    const startedMs = clock.monotonicMs();
    pace.began(mebibyte);
    await clock.advance(ms);
    const bytes = { bytes: mebibyte, durableBytes: mebibyte, durableRawBytes: mebibyte };
    pace.ended({ startedMs, throttled: false, ...bytes, ...report });
  };
  return { clock, pace, put, gauges };
}

test("all puts that are allowed may be under way until something speaks against it", async () => {
  const { pace, put, gauges } = paceOf(8);
  assert.deepEqual(await gauges(), { limit: 8, pace: 0 });
  for (let i = 0; i < 100; i++) await put(50);
  assert.deepEqual([pace.putsLimit, pace.delayMs, pace.putBytesMax], [8, 0, Number.POSITIVE_INFINITY]);
});

test("throttling lowers the limit by a factor, once for all puts under way; success raises it by steps", async () => {
  const { clock, pace, put, gauges } = paceOf(16);
  const startedMs = clock.monotonicMs();
  await put(50, { throttled: true });
  assert.equal(pace.putsLimit, 11);
  const beside = { startedMs, bytes: mebibyte, durableBytes: 0, durableRawBytes: 0, throttled: true };
  for (let i = 0; i < 5; i++) pace.ended(beside);
  assert.equal((await gauges()).limit, 11);
  for (let i = 0; i < 20; i++) await put(50, { throttled: true });
  assert.equal(pace.putsLimit, 2, "one that hangs does not stop all others");
  const limits: number[] = [];
  for (let i = 0; i < 150; i++) {
    await put(50);
    limits.push(pace.putsLimit);
  }
  assert.ok(limits[0] === 2 && limits[20]! < 9 && limits.at(-1) === 16, limits.join(" "));
});

test("puts that take clearly longer than usual lower the limit; slower for good is the new usual", async () => {
  const { pace, put } = paceOf(8);
  for (let i = 0; i < 20; i++) await put(50);
  for (let i = 0; i < 20; i++) await put(240);
  assert.equal(pace.putsLimit, 8, "not yet clearly");
  for (let i = 0; i < 10; i++) await put(1_000);
  assert.equal(pace.putsLimit, 2);
  for (let i = 0; i < 100; i++) await put(1_000);
  assert.equal(pace.putsLimit, 8);
});

test("large puts are not slow because small ones are quick", async () => {
  const { pace, put } = paceOf(8);
  for (let i = 0; i < 50; i++) {
    await put(2, { bytes: 500 });
    await put(400);
  }
  assert.equal(pace.putsLimit, 8);
});

test("throttling sets a pace at what was delivered; it grows, and is lifted when nothing throttles", async () => {
  const { clock, pace, put, gauges } = paceOf(4);
  for (let i = 0; i < 8; i++) await put(250);
  await put(250, { throttled: true, durableBytes: 0, durableRawBytes: 0 });
  const { pace: first = 0 } = await gauges();
  assert.ok(first > 2 * mebibyte && first < 4 * mebibyte, `${first} bytes a second`);
  assert.ok(pace.delayMs === 0 && pace.putBytesMax < 2 * mebibyte);
  pace.began(mebibyte);
  assert.ok(pace.delayMs > 250 && pace.delayMs < 500, `${pace.delayMs} ms`);
  await put(250, { throttled: true });
  const { pace: second = 0 } = await gauges();
  assert.ok(second < first, `${second} bytes a second after ${first}`);
  for (let i = 0; i < 40; i++) await put(250);
  const { pace: third = 0 } = await gauges();
  assert.ok(third > second * 1.3 && third < second * 2, `${third} bytes a second after ${second}`);
  await clock.advance(20_000);
  assert.deepEqual([pace.delayMs, (await gauges()).pace], [0, 0]);
});

test("after an outage in which everything is throttled, the pace is soon what it was before", async () => {
  const { clock, pace, put, gauges } = paceOf(4);
  for (let i = 0; i < 8; i++) await put(250);
  const nothing = { throttled: true, durableBytes: 0, durableRawBytes: 0 };
  await put(250, nothing);
  const { pace: before = 0 } = await gauges();
  for (let i = 0; i < 20; i++) {
    await clock.advance(2_000);
    await put(50, nothing);
  }
  const { pace: during = 0 } = await gauges();
  assert.ok(during < before / 10, `${during} bytes a second after ${before}`);
  const healedMs = clock.monotonicMs();
  while (((await gauges()).pace ?? 0) < before) {
    await clock.advance(pace.delayMs);
    await put(50);
  }
  const tookMs = clock.monotonicMs() - healedMs;
  assert.ok(tookMs < 8_000, `${tookMs} ms`);
});

test("what waited too long for its turn takes nobody else's", async () => {
  const service = new Service((texts) => texts.map(() => durable), { recordBytesMax: 200_000 });
  const { clock, append } = batcherOver(service, { batchBytesMax: 2_000_000, pendingBytesMax: 20_000_000 });
  append(lineOf(1_000));
  await clock.advance(500);
  service.decide = (texts) => texts.map(() => throttled);
  const early = Array.from({ length: 3 }, () => append(lineOf(150_000).repeat(12)));
  await clock.advance(28_000);
  assert.ok(early.every(({ state }) => state !== "waiting" && state !== "durable"));
  service.decide = (texts) => texts.map(() => durable);
  const later = append(lineOf(1_000));
  await clock.advance(2_500);
  assert.equal(later.state, "durable");
});

test("where less is possible than before, the pace grows slowly from what was delivered", async () => {
  const { clock, pace, put, gauges } = paceOf(4);
  for (let i = 0; i < 8; i++) await put(250);
  const nothing = { throttled: true, durableBytes: 0, durableRawBytes: 0 };
  const putInTurn = async (report?: Partial<PutReport>) => {
    await clock.advance(pace.delayMs);
    await put(50, report);
  };
  for (let i = 0; i < 20; i++) await putInTurn(nothing);
  await putInTurn();
  await putInTurn(nothing);
  const { pace: low = 0 } = await gauges();
  for (let i = 0; i < 4; i++) await putInTurn();
  const { pace: later = 0 } = await gauges();
  assert.ok(later > low && later < low + 8 * 0.05 * 4 * mebibyte, `${later} bytes a second after ${low}`);
});

/** A service that takes so many bytes a second, and throttles what is more, record by record. */
function limitedService(bytesPerSecond: number, now: () => number) {
  let tokens = bytesPerSecond;
  let atMs = 0;
  let throttledBytes = 0;
  const service = new Service(
    (texts) => {
      tokens = Math.min(bytesPerSecond, tokens + ((now() - atMs) * bytesPerSecond) / 1000);
      atMs = now();
      return texts.map((text): Outcome => {
        if (tokens < text.length) {
          throttledBytes += text.length;
          return throttled;
        }
        tokens -= text.length;
        return durable;
      });
    },
    { recordBytesMax: 25_000, putBytesMax: 500_000 },
  );
  return { service, throttled: () => throttledBytes };
}

test("with many times as much as the service takes, its capacity is used for what is acked in time", async () => {
  const bytesPerSecond = 200_000;
  let now = () => 0;
  const limited = limitedService(bytesPerSecond, () => now());
  const { clock, batcher } = batcherOver(limited.service, {
    lingerMs: 200,
    batchBytesMax: 500_000,
    pendingBytesMax: 50_000_000,
    putsInFlightMax: 4,
  });
  now = () => clock.monotonicMs();
  // Senders that wait for their answer and come again: all of them at once bring what takes 60 s.
  const body = new TextEncoder().encode(lineOf(1_000).repeat(80));
  const seconds = 120;
  let ackedBytes = 0;
  let ended = false;
  const senders = Array.from({ length: 150 }, async (_, i) => {
    await sleep(clock, i * 10);
    while (!ended) {
      try {
        await batcher.append(body);
        ackedBytes += body.length;
      } catch {
        await sleep(clock, 2_000);
      }
    }
  });
  await clock.advance(seconds * 1_000);
  const acked = ackedBytes / seconds / bytesPerSecond;
  ended = true;
  await clock.advance(60_000);
  await Promise.all(senders);
  const wasted = limited.throttled() / (limited.service.lines.length * 1_000);
  assert.ok(acked > 0.8, `${acked} of the capacity was acked`);
  assert.ok(wasted < 0.5, `${wasted} times as much was throttled as was taken`);
  assert.equal(batcher.pendingBytes, 0);
});

test("a record that goes elsewhere is put again soon, and slows nothing down", async () => {
  const { sink, clock, append, metrics } = heldBatcher({ lingerMs: 0, putsInFlightMax: 8 });
  append("a\n");
  await clock.advance(0);
  sink.puts[0]?.answer([{ ...throttled, elsewhere: true } as Outcome]);
  await clock.advance(50);
  assert.equal(sink.puts.length, 2);
  assert.equal((await metrics.puts.putsInFlightLimit.get()).values[0]?.value, 8);
  assert.equal((await metrics.puts.paceBytesPerSecond.get()).values[0]?.value, 0);
});

test("a batch between two attempts holds no permit, and goes before what is new", async () => {
  const { sink, clock, append } = heldBatcher({ lingerMs: 0, putsInFlightMax: 1 });
  append("a\n");
  await clock.advance(0);
  sink.puts[0]?.answer([lost]);
  await clock.settle();
  append("b\n");
  await clock.advance(0);
  assert.deepEqual(sink.puts[1]?.texts, ["b\n"], "while a waits, b is put");
  append("c\n");
  await clock.advance(100);
  sink.puts[1]?.answer();
  await clock.settle();
  assert.deepEqual(sink.puts[2]?.texts, ["a\n"], "what is put again goes first");
  sink.puts[2]?.answer();
  await clock.settle();
  assert.deepEqual(sink.puts[3]?.texts, ["c\n"]);
});
