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

function wasThrottled({ metrics }: Outcome): void {
  assert.ok(
    (sumOf(metrics, "prometheus_remote_kinesis_records_throttled_total") ?? 0) > 0,
    "nothing was throttled",
  );
}

await testRows([
  {
    name: "all throttled, kinesis",
    kind: "binary",
    sink: "kinesis",
    args: impatient,
    fault: throttled,
    check: wasThrottled,
  },
  {
    name: "all throttled, kinesis with spool",
    kind: "bun",
    sink: "kinesis",
    spool: true,
    fault: throttled,
    check({ load, ...outcome }) {
      assert.equal(load.counts.unavailable, 0, "with a spool no sender notices");
      wasThrottled({ load, ...outcome });
    },
  },
  {
    name: "all throttled, firehose",
    kind: "bun",
    sink: "firehose",
    args: impatient,
    fault: throttled,
    check: wasThrottled,
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
    name: "every call hangs while 60 senders come, kinesis",
    kind: "bun",
    sink: "kinesis",
    args: ["--put-timeout", "2s", "--ack-timeout", "5s"],
    pendingBytes: "4MiB",
    senders: 60,
    linesPerSecond: 10_000,
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
