import assert from "node:assert/strict";
import { test } from "node:test";
import type { Log, LogFields } from "../src/log.ts";
import { limitLog } from "../src/log-limit.ts";

function recorder() {
  const events: string[] = [];
  const note =
    (level: string) =>
    (message: string, fields: LogFields = {}) => {
      events.push(`${level} ${message} ${fields["n"]} ${fields["suppressed"] ?? "-"}`);
    };
  const log: Log = { debug: note("debug"), info: note("info"), warn: note("warn"), error: note("error") };
  return { log, events };
}

test("a message is written burst times an interval, then counted and told with the next one", () => {
  const { log, events } = recorder();
  let nowMs = 1_000;
  const limited = limitLog(log, { monotonicMs: () => nowMs }, { burst: 2, intervalMs: 10_000 });
  for (let n = 0; n < 5; n++) limited.warn("put failed", { n });
  limited.info("something else", { n: 9 });
  nowMs += 9_999;
  limited.warn("put failed", { n: 5 });
  nowMs += 1;
  limited.warn("put failed", { n: 6 });
  nowMs += 10_000;
  limited.warn("put failed", { n: 7 });
  assert.deepEqual(events, [
    "warn put failed 0 -",
    "warn put failed 1 -",
    "info something else 9 -",
    "warn put failed 6 4",
    "warn put failed 7 -",
  ]);
});
