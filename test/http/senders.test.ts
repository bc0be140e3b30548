import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { Senders } from "../../src/http/senders.ts";
import type { Log, LogFields } from "../../src/log.ts";
import { silentLog } from "../support/silent-log.ts";
import { testApp } from "../support/test-app.ts";

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
  const senders = new Senders(log);
  senders.served("a", 1, undefined);
  senders.served("a", 2, undefined);
  senders.served(null, 1, undefined);
  assert.equal(told.length, 3);
  for (let i = 0; i < 1_000; i++) senders.served("x".repeat(1_000) + i, 1, undefined);
  for (let i = 0; i < 1_000; i++) senders.served(`y${i}`, 1, undefined);
  assert.ok(told.length <= 50);
  assert.ok(told.every((text) => text.length < 200));
});
