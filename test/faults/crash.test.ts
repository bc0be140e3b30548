/** The program itself is ended, with and without warning, while its senders write. */
import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { testRows } from "./matrix.ts";
import type { Outcome, Row, Run } from "./run-row.ts";

/** Kills grow denser and the pauses after them longer. */
async function killOften({ killAndRestart }: Run): Promise<void> {
  for (let kill = 0; kill < 5; kill++) {
    await sleep(2_500 - kill * 400);
    await killAndRestart(kill * 200);
  }
}

/** What is in the spool when it is killed while the sink takes nothing goes there afterwards. */
async function killDuringOutage(run: Run): Promise<void> {
  const outage = run.sink.aws.fault({ kind: "reset", at: "before-reading" });
  await killOften(run);
  outage.end();
}

async function stopTwice({ stopAndRestart }: Run): Promise<void> {
  for (let stop = 0; stop < 2; stop++) {
    await sleep(2_500);
    await stopAndRestart();
  }
}

const targets: readonly Pick<Row, "sink" | "spool" | "kind">[] = [
  { sink: "file", kind: "bun" },
  { sink: "kinesis", kind: "binary" },
  { sink: "kinesis", spool: true, kind: "bun" },
  { sink: "s3", kind: "binary" },
];

function titled(what: string, { sink, spool }: Pick<Row, "sink" | "spool">): string {
  return `${what}, ${sink}${spool === true ? " with spool" : ""}`;
}

await testRows([
  ...targets.map((target) => ({
    ...target,
    name: titled("kill -9 every few seconds", target),
    fault: killOften,
  })),
  ...targets.map((target) => ({
    ...target,
    name: titled("SIGTERM twice under load", target),
    fault: stopTwice,
    check: ({ verdict }: Outcome) => assert.equal(verdict.duplicated, 0),
  })),
  {
    name: "kill -9 every few seconds while the sink is down, kinesis with spool",
    kind: "binary",
    sink: "kinesis",
    spool: true,
    fault: killDuringOutage,
  },
  {
    name: "kill -9 every few seconds while the sink is down, s3",
    kind: "bun",
    sink: "s3",
    fault: killDuringOutage,
  },
] satisfies readonly Row[]);
