import assert from "node:assert/strict";
import { test } from "node:test";
import { RecentTroubles } from "../src/log-recent.ts";
import { silentLog } from "./support/silent-log.ts";
import { VirtualClock } from "./support/virtual-clock.ts";

test("warnings and errors are kept, the same ones as one with its times, the latest first", async () => {
  const clock = new VirtualClock();
  const troubles = new RecentTroubles(clock);
  const told: string[] = [];
  const log = troubles.watch({ ...silentLog, warn: (message) => told.push(message) });
  log.info("started");
  log.warn("cannot put", { reason: "SlowDown", records: 3 });
  log.error("cannot write");
  await clock.advance(5_000);
  log.warn("cannot put", { reason: "SlowDown", records: 7 });
  const startMs = new VirtualClock().now();
  assert.deepEqual(troubles.list(), [
    {
      ...{ level: "warn", message: "cannot put", fields: { reason: "SlowDown", records: 7 } },
      ...{ firstMs: startMs, lastMs: startMs + 5_000, count: 2 },
    },
    { level: "error", message: "cannot write", fields: {}, firstMs: startMs, lastMs: startMs, count: 1 },
  ]);
  assert.deepEqual(told, ["cannot put", "cannot put"]);
});

test("one message with a thousand reasons pushes out no other, and a thousand messages take little", () => {
  const troubles = new RecentTroubles(new VirtualClock());
  const log = troubles.watch(silentLog);
  log.error("the one that matters");
  for (let at = 0; at < 1_000; at++) log.warn("refused", { reason: `${at}` });
  assert.equal(troubles.list().length, 6);
  assert.equal(troubles.list().at(-1)?.message, "the one that matters");
  for (let at = 0; at < 1_000; at++) log.warn(`message ${at}`);
  assert.equal(troubles.list().length, 40);
  assert.equal(troubles.list()[0]?.message, "message 999");
});
