/** Single records fail in an answer with status 200, as both services do when a part of them is in trouble. */
import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { sumOf } from "../support/prometheus.ts";
import { testRows } from "./matrix.ts";
import type { Outcome, Row } from "./run-row.ts";

const loadMs = 6_000;
/** So that one put holds many records, of which some fail. */
const smallRecords = ["--record-bytes", "16KiB"];

function retried({ metrics, verdict }: Outcome): void {
  assert.ok(
    (sumOf(metrics, "prometheus_remote_kinesis_records_retried_total") ?? 0) > 0,
    "no record was retried",
  );
  assert.equal(verdict.duplicated, 0, "records that failed were not stored, so nothing can be twice");
}

const rows: readonly Row[] = [
  { sink: "kinesis", kind: "bun", share: 0.1, compression: "none" },
  { sink: "kinesis", kind: "binary", share: 0.5, compression: "zstd" },
  { sink: "firehose", kind: "binary", share: 0.1, compression: "gzip" },
  { sink: "firehose", kind: "bun", share: 0.5, compression: "none" },
].map(({ sink, kind, share, compression }) => ({
  name: `${share * 100} % of the records fail, ${sink}, ${compression}`,
  kind: kind as Row["kind"],
  sink: sink as Row["sink"],
  args: [...smallRecords, "--compression", compression],
  check: retried,
  async fault({ sink: { aws } }) {
    const fault = aws.fault({ kind: "entries", share });
    await sleep(loadMs);
    fault.end();
  },
}));

await testRows([
  {
    name: "nothing goes wrong, kinesis",
    kind: "bun",
    sink: "kinesis",
    check: ({ verdict }) => assert.equal(verdict.duplicated, 0),
    fault: () => sleep(loadMs),
  },
  ...rows,
  {
    name: "10 % of the records are stored and said to have failed, kinesis",
    kind: "bun",
    sink: "kinesis",
    args: smallRecords,
    async fault({ sink: { aws } }) {
      const fault = aws.fault({ kind: "entries", share: 0.1, stored: true });
      await sleep(loadMs);
      fault.end();
    },
  },
]);
