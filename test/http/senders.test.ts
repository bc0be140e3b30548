import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { Senders } from "../../src/http/senders.ts";
import type { Log, LogFields } from "../../src/log.ts";
import { silentLog } from "../support/silent-log.ts";
import { testApp } from "../support/test-app.ts";
import { VirtualClock } from "../support/virtual-clock.ts";

function recorder(): { log: Log; told: string[] } {
  const told: string[] = [];
  const info = (message: string, fields: LogFields = {}) => {
    told.push(`${message}: ${fields["sender"]} ${fields["remoteWrite"]} ${fields["peer"]}`);
  };
  return { log: { ...silentLog, info }, told };
}

test("the first durable samples of a sender are told once, not what was refused or failed", async () => {
  const { log, told } = recorder();
  const { post, sink } = testApp({ log });
  const body = new Uint8Array(readFileSync(new URL("../golden/rw1/0000.snappy", import.meta.url)));
  sink.decide = () => ({
    kind: "retryable",
    throttled: true,
    retryAfterMs: 60_000,
    reason: "SlowDown",
    message: "not now",
  });
  assert.equal((await post(body, { "user-agent": "Prometheus/3.14.0" })).status, 503);
  assert.deepEqual(told, []);
  sink.decide = () => ({ kind: "durable" });
  for (let i = 0; i < 3; i++) await post(body, { "user-agent": "Prometheus/3.14.0" });
  assert.deepEqual(told, ["first samples are durable: Prometheus/3.14.0 1.0 192.0.2.1"]);
});

test("each name and version is a sender, and names without end are not kept", () => {
  const { log, told } = recorder();
  const senders = new Senders({ log, clock: new VirtualClock() });
  senders.served("a", 1, undefined);
  senders.served("a", 2, undefined);
  senders.served(null, 1, undefined);
  assert.equal(told.length, 3);
  for (let i = 0; i < 1_000; i++) senders.served("x".repeat(1_000) + i, 1, undefined);
  for (let i = 0; i < 1_000; i++) senders.served(`y${i}`, 1, undefined);
  assert.ok(told.length <= 50);
  assert.ok(told.every((text) => text.length < 200));
});

test("senders are told apart by address, name and version, with their last answer", async () => {
  const clock = new VirtualClock();
  const senders = new Senders({ log: silentLog, clock });
  const one = { address: "192.0.2.1", agent: "Prometheus/3.14.0", version: 1 } as const;
  senders.answered({ ...one, written: 10, status: 204 });
  await clock.advance(1_000);
  senders.answered({ ...one, version: 2, written: 5, status: 204 });
  senders.answered({ ...one, written: 0, status: 503 });
  senders.answered({ address: undefined, agent: null, version: undefined, written: 0, status: 415 });
  const list = senders.list();
  assert.deepEqual(
    list.map(({ version, requests, written, status }) => [version, requests, written, status]),
    [
      [undefined, 1, 0, 415],
      [1, 2, 10, 503],
      [2, 1, 5, 204],
    ],
  );
  assert.equal(list[1]!.lastSeenMs - list[1]!.firstSeenMs, 1_000);
});

test("a flood of names pushes out no sender whose samples became durable, and holds little memory", () => {
  const senders = new Senders({ log: silentLog, clock: new VirtualClock() });
  senders.answered({ address: "192.0.2.1", agent: "real", version: 1, written: 10, status: 204 });
  for (let at = 0; at < 1_000; at++) {
    const agent = `${at} ${"x".repeat(10_000)}`;
    senders.answered({ address: "192.0.2.9", agent, version: 1, written: 0, status: 400 });
  }
  const list = senders.list();
  assert.equal(list.length, 50);
  assert.equal(list.at(-1)?.agent, "real");
  assert.ok(list.every(({ agent = "" }) => agent.length <= 200));
  // Where all of them are real, the one that is silent for the longest time goes.
  for (let at = 0; at < 100; at++) {
    senders.answered({ address: `192.0.2.${at}`, agent: "real too", version: 1, written: 1, status: 204 });
  }
  assert.equal(senders.list().length, 50);
  assert.equal(senders.list()[0]?.address, "192.0.2.99");
  assert.ok(!senders.list().some(({ agent }) => agent === "real"));
});
