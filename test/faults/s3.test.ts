/** S3 behind the spool: no sender notices what goes wrong there, and every object holds whole lines. */
import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import type { Fault } from "../support/fake-aws/fault.ts";
import { testRows } from "./matrix.ts";
import type { Outcome, Row } from "./run-row.ts";

function nobodyNoticed({ load, verdict }: Outcome): void {
  assert.equal(load.counts.unavailable, 0);
  assert.equal(verdict.duplicated, 0, "an object is put again under its own key");
}

const slowDown: Fault = { kind: "error", code: "SlowDown", status: 503, probability: 0.7 };
const lostAnswers: Fault = { kind: "reset", at: "after-storing", probability: 0.5 };
const broken: readonly Fault[] = (["before-reading", "mid-body", "mid-answer"] as const).map((at, seed) => {
  return { kind: "reset", at, probability: 0.3, seed };
});

const rows: readonly {
  what: string;
  kind: Row["kind"];
  faults: readonly Fault[];
  args?: readonly string[];
}[] = [
  { what: "nothing goes wrong", kind: "bun", faults: [] },
  { what: "SlowDown", kind: "binary", faults: [slowDown] },
  { what: "every call hangs", kind: "bun", faults: [{ kind: "hang" }] },
  { what: "stored, and the answer is lost", kind: "binary", faults: [lostAnswers] },
  {
    what: "connections are reset at any moment",
    kind: "bun",
    faults: broken,
    args: ["--compression", "none"],
  },
];

await testRows([
  ...rows.map(({ what, kind, faults, args = [] }) => ({
    name: `${what}, s3`,
    kind,
    sink: "s3" as const,
    args,
    check: nobodyNoticed,
    async fault({ sink: { aws } }: Parameters<Row["fault"]>[0]) {
      const handles = faults.map((fault) => aws.fault(fault));
      await sleep(6_000);
      for (const handle of handles) handle.end();
    },
  })),
  {
    name: "tokens expire three times, s3",
    kind: "binary",
    sink: "s3",
    tokenLifetimeMs: 3_600_000,
    check: nobodyNoticed,
    async fault({ sink: { aws } }) {
      for (let round = 0; round < 3; round++) {
        await sleep(2_000);
        aws.command({ kind: "expire-tokens" });
      }
    },
  },
]);
