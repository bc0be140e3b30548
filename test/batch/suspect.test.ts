/** A record that alone fails, again and again, for a reason that nobody knows: in the end it is the record. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { durable, type Outcome } from "../../src/sink/sink.ts";
import { seededRandom } from "../support/virtual-clock.ts";
import { batcherOver } from "./held-sink.ts";
import { hasPoison, Service } from "./service.ts";

const suspect: Outcome = {
  kind: "retryable",
  throttled: false,
  unconfirmed: true,
  suspect: true,
  reason: "unknown",
  message: "TooStrangeException: no",
};

function linesWith(count: number, poison: number): string {
  return Array.from({ length: count }, (_, i) => `${i === poison ? "poison" : "good"} ${i}\n`).join("");
}

test("its bad line is found and goes to quarantine within the ack timeout, its neighbours are delivered", async () => {
  const service = new Service((texts) => texts.map((text) => (hasPoison(text) ? suspect : durable)));
  const { append, clock, quarantine, batcher } = batcherOver(service);
  const appended = append(linesWith(1_000, 600));
  await clock.advance(24_000);
  assert.equal(appended.state, "RefusedLinesError");
  assert.match(appended.message, /refuses 1 line for good.*\. unknown: TooStrangeException: no$/);
  assert.deepEqual(quarantine.lines, ["poison 600\n"]);
  assert.equal(new Set(service.lines).size, 999);
  assert.deepEqual([service.lines.length, batcher.pendingBytes, clock.pendingTimers], [999, 0, 0]);
});

test("while nothing is taken it is not the record, however often it fails", async () => {
  const service = new Service((texts) => texts.map(() => suspect));
  const { append, clock, quarantine } = batcherOver(service, { recordBytesMax: 100 });
  const appended = append(linesWith(40, 1));
  await clock.advance(26_000);
  assert.deepEqual([appended.state, quarantine.lines], ["unknown", []]);
  const records = Math.max(...service.puts.map((texts) => texts.length));
  assert.ok(records <= 2 * (service.puts[0]?.length ?? 0), `${records} records: each is cut once at most`);
});

test("of records that fail by chance, half of all, none is taken for bad", async () => {
  const random = seededRandom(7);
  const service = new Service((texts) => texts.map(() => (random() < 0.5 ? suspect : durable)));
  const { append, clock, quarantine } = batcherOver(service, { recordBytesMax: 100 });
  const appended = [];
  for (let i = 0; i < 200; i++) {
    appended.push(append(linesWith(30, 1)));
    await clock.advance(100);
  }
  await clock.advance(25_000);
  assert.ok(appended.every(({ state }) => state === "durable"));
  assert.deepEqual(quarantine.lines, []);
  assert.equal(service.lines.length, 200 * 30);
});

test("what the sink said is told once where its message names the reason", async () => {
  const outcome: Outcome = { ...suspect, throttled: true, reason: "SlowDown", message: "SlowDown: less" };
  const { append, clock } = batcherOver(new Service((texts) => texts.map(() => outcome)));
  const appended = append("a\n");
  await clock.advance(26_000);
  assert.match(appended.message, /; last: SlowDown: less$/);
});
