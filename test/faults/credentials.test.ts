/** Signatures are refused: tokens expire in the middle, and clocks disagree. */
import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { testRows } from "./matrix.ts";
import type { Outcome, Run } from "./run-row.ts";

/** The senders notice nothing: the program helps itself. */
function nobodyNoticed({ load, verdict }: Outcome): void {
  assert.equal(load.counts.unavailable, 0);
  assert.equal(verdict.duplicated, 0);
}

async function expireTokens({ sink: { aws } }: Run): Promise<void> {
  for (let round = 0; round < 3; round++) {
    await sleep(1_500);
    aws.command({ kind: "expire-tokens" });
  }
  await sleep(1_500);
}

function shiftClock(minutes: number): (run: Run) => Promise<void> {
  return async ({ sink: { aws } }) => {
    aws.command({ kind: "shift-clock", minutes });
    await sleep(3_000);
    aws.command({ kind: "shift-clock", minutes: -minutes });
    await sleep(3_000);
  };
}

await testRows([
  {
    name: "tokens expire three times, kinesis",
    kind: "binary",
    sink: "kinesis",
    tokenLifetimeMs: 3_600_000,
    fault: expireTokens,
    check: nobodyNoticed,
  },
  {
    name: "tokens expire three times, firehose",
    kind: "bun",
    sink: "firehose",
    tokenLifetimeMs: 3_600_000,
    fault: expireTokens,
    check: nobodyNoticed,
  },
  {
    name: "tokens hold two seconds each, kinesis",
    kind: "bun",
    sink: "kinesis",
    tokenLifetimeMs: 2_000,
    fault: () => sleep(7_000),
    check: nobodyNoticed,
  },
  {
    name: "clock 10 minutes ahead and back, kinesis",
    kind: "bun",
    sink: "kinesis",
    fault: shiftClock(10),
    check: nobodyNoticed,
  },
  {
    name: "clock 10 minutes behind and back, firehose",
    kind: "binary",
    sink: "firehose",
    fault: shiftClock(-10),
    check: nobodyNoticed,
  },
]);
