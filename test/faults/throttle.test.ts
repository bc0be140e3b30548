/** The service takes nothing for a while, or takes less than what comes. */
import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { sumOf } from "../support/prometheus.ts";
import { outageMs, testRows } from "./matrix.ts";
import type { Outcome, Run } from "./run-row.ts";

const impatient = ["--ack-timeout", "5s"];

async function throttled({ sink: { aws }, untilAcked }: Run): Promise<void> {
  const fault = aws.fault({ kind: "throttle" });
  await sleep(outageMs);
  fault.end();
  await untilAcked(3_000);
}

/** Nothing was stored while it was throttled, so nothing may be twice. */
function noneTwice({ verdict, metrics }: Outcome): void {
  assert.ok(
    (sumOf(metrics, "prometheus_remote_kinesis_records_throttled_total") ?? 0) > 0,
    "nothing was throttled",
  );
  const told = sumOf(metrics, "prometheus_remote_kinesis_duplicate_risk_lines_total") ?? 0;
  assert.ok(verdict.duplicated <= told, `${verdict.duplicated} lines are twice, and it knew of ${told}`);
}

await testRows([
  {
    name: "all throttled, kinesis",
    kind: "binary",
    sink: "kinesis",
    args: impatient,
    fault: throttled,
    check: noneTwice,
  },
  {
    name: "all throttled, kinesis with spool",
    kind: "bun",
    sink: "kinesis",
    spool: true,
    fault: throttled,
    check({ load, ...outcome }) {
      assert.equal(load.counts.unavailable, 0, "with a spool no sender notices");
      noneTwice({ load, ...outcome });
    },
  },
  {
    name: "all throttled, firehose",
    kind: "bun",
    sink: "firehose",
    args: impatient,
    fault: throttled,
    check: noneTwice,
  },
  {
    name: "resharded three times under load, kinesis",
    kind: "bun",
    sink: "kinesis",
    args: ["--record-bytes", "64KiB"],
    async fault({ sink: { aws } }) {
      for (const shards of [8, 2, 5]) {
        await sleep(2_000);
        aws.command({ kind: "reshard", shards });
      }
      await sleep(2_000);
    },
    check: ({ verdict }) => assert.equal(verdict.duplicated, 0),
  },
  {
    name: "one shard takes little, kinesis",
    kind: "bun",
    sink: "kinesis",
    linesPerSecond: 6_000,
    // One shard takes 1 MiB a second; this is a little more.
    args: impatient,
    async fault({ sink: { aws }, untilAcked }) {
      aws.command({ kind: "reshard", shards: 1 });
      await sleep(6_000);
      aws.command({ kind: "reshard", shards: 4 });
      await untilAcked(3_000);
    },
  },
  {
    name: "every call hangs while 200 senders come, kinesis",
    kind: "bun",
    sink: "kinesis",
    args: ["--put-timeout", "2s", "--ack-timeout", "5s"],
    senders: 200,
    linesPerSecond: 100_000,
    series: 2_000,
    async fault({ sink: { aws }, untilAcked }) {
      const fault = aws.fault({ kind: "hang" });
      await sleep(6_000);
      fault.end();
      await untilAcked(3_000);
    },
    check: ({ load }) => assert.ok(load.counts.unavailable > 0, "it took more than --pending-bytes"),
  },
]);
