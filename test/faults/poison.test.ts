/** The service refuses single records for what they hold: one series' lines go to the quarantine, all others pass. */
import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { testRows } from "./matrix.ts";
import type { Outcome, Row } from "./run-row.ts";

/** In a few lines of most requests. */
const text = '"series":"33"';

const rows: readonly (Pick<Row, "sink" | "kind" | "spool"> & {
  scope: "entry" | "call";
  args: readonly string[];
})[] = [
  { sink: "kinesis", kind: "bun", scope: "entry", args: [] },
  { sink: "kinesis", kind: "binary", scope: "call", args: ["--compression", "zstd"] },
  { sink: "firehose", kind: "bun", scope: "call", args: ["--compression", "gzip"] },
  { sink: "kinesis", kind: "binary", scope: "entry", spool: true, args: [] },
];

function onlyPoisonIsKept({ quarantined, verdict }: Outcome): void {
  assert.ok(quarantined.length > 0, "nothing is in quarantine");
  assert.deepEqual(quarantined.filter((line) => !line.includes(text)).slice(0, 3), []);
  assert.equal(verdict.duplicated, 0);
}

await testRows(
  rows.map(({ scope, sink, kind, spool = false, args }) => ({
    name: `one series is refused by ${scope}, ${sink}${spool ? " with spool" : ""}`,
    ...{ sink, kind, spool, args },
    async fault({ sink: { aws } }) {
      const fault = aws.fault({ kind: "poison", scope, text });
      await sleep(6_000);
      fault.end();
    },
    check(outcome) {
      onlyPoisonIsKept(outcome);
      const { refused } = outcome.load.counts;
      if (spool) assert.equal(refused, 0, "the ack comes before the sink sees the line");
      else assert.ok(refused > 0, "no request was answered 400");
    },
  })),
);
