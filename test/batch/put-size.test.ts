/** Over a slow link puts become as small as they have to be, and large again when it is quick. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { PutSize } from "../../src/batch/put-size.ts";
import type { Clock } from "../../src/clock.ts";
import { durable, type Sink } from "../../src/sink/sink.ts";
import { batcherOver, lineOf } from "./held-sink.ts";

const kibibyte = 1024;

test("half after a put that did not end in its time, once for all under way; double while they are quick", () => {
  const size = new PutSize(10_000);
  size.ended(0, 5_000, 4_000 * kibibyte, false);
  assert.equal(size.bytesMax, Number.POSITIVE_INFINITY, "it failed, but not for its size");
  size.ended(0, 10_000, 4_000 * kibibyte, false);
  size.ended(1, 10_000, 4_000 * kibibyte, false);
  assert.equal(size.bytesMax, 2_000 * kibibyte);
  size.ended(10_000, 20_000, 2_000 * kibibyte, false);
  assert.equal(size.bytesMax, 1_000 * kibibyte);
  size.ended(20_000, 25_000, 1_000 * kibibyte, true);
  assert.equal(size.bytesMax, 1_000 * kibibyte, "in time, but with no room for more");
  size.ended(25_000, 25_100, 100, true);
  assert.equal(size.bytesMax, 1_000 * kibibyte, "small ones say nothing");
  for (let i = 0; i < 5; i++) size.ended(30_000, 30_100, Math.min(size.bytesMax, 4_000 * kibibyte), true);
  assert.ok(size.bytesMax >= 4_000 * kibibyte);
  for (let i = 0; i < 10; i++) size.ended(40_000 + i, 50_000 + i * 10_000, 1_000 * kibibyte, false);
  assert.ok(size.bytesMax >= 64 * kibibyte, "there is a least size");
});

test("a put that hangs while others of its size are quick was not too large", () => {
  const size = new PutSize(10_000);
  size.ended(1_000, 1_100, 600 * kibibyte, true);
  size.ended(0, 10_000, 1_000 * kibibyte, false);
  assert.equal(size.bytesMax, Number.POSITIVE_INFINITY);
  size.ended(11_000, 11_100, 100 * kibibyte, true);
  size.ended(10_500, 20_500, 1_000 * kibibyte, false);
  assert.equal(size.bytesMax, 500 * kibibyte, "small ones say nothing of it");
});

/** A link that all puts share, of so many bytes a second; a put that is given up leaves it. */
function slowLink(clock: () => Clock, bytesPerSecond: number) {
  const lines: string[] = [];
  const underWay = new Set<{ leftBytes: number; end: () => void }>();
  const step = () => {
    for (const each of underWay) {
      each.leftBytes -= bytesPerSecond / 10 / underWay.size;
      if (each.leftBytes <= 0) each.end();
    }
    if (underWay.size > 0) clock().after(100, step);
  };
  const sink: Sink = {
    name: "slow:",
    limits: { recordBytesMax: 1_000_000, putRecordsMax: 500, putBytesMax: 4_000_000 },
    put: (records, signal) =>
      new Promise((resolve) => {
        const answer = (isTaken: boolean) => {
          underWay.delete(put);
          if (isTaken)
            for (const record of records) lines.push(...Buffer.from(record).toString().split("\n"));
          const lost = { kind: "retryable", throttled: false, unconfirmed: true } as const;
          resolve(records.map(() => (isTaken ? durable : { ...lost, reason: "aborted", message: "late" })));
        };
        const leftBytes = records.reduce((sum, { length }) => sum + length, 0);
        const put = { leftBytes, end: () => answer(true) };
        signal.addEventListener("abort", () => answer(false));
        underWay.add(put);
        if (underWay.size === 1) clock().after(100, step);
      }),
    close: () => Promise.resolve(),
  };
  return { sink, lines };
}

test("what would take longer than one put may is delivered in smaller ones", async () => {
  let clock: () => Clock = () => assert.fail("no clock");
  const { sink, lines } = slowLink(() => clock(), 50_000);
  const options = { lingerMs: 0, batchBytesMax: 2_000_000, pendingBytesMax: 4_000_000 };
  const made = batcherOver(sink, { ...options, ackTimeoutMs: Number.POSITIVE_INFINITY });
  clock = () => made.clock;
  const appended = made.append(lineOf(1_000).repeat(1_500));
  await made.clock.advance(90_000);
  assert.equal(appended.state, "durable");
  assert.equal(lines.filter((line) => line !== "").length, 1_500);
});
