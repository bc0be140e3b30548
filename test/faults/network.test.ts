/** Connections hang and break, calls fail, and answers are not what they should be. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Fault } from "../support/fake-aws/fault.ts";
import { testRows } from "./matrix.ts";
import type { Row, Run } from "./run-row.ts";

/** Short, so that a hang is found out while the test runs. */
const quick = ["--put-timeout", "1s", "--ack-timeout", "4s"];

function during(ms: number, ...faults: readonly Fault[]): (run: Run) => Promise<void> {
  return async ({ sink: { aws }, untilAcked }) => {
    const handles = faults.map((fault) => aws.fault(fault));
    await sleep(ms);
    for (const handle of handles) handle.end();
    await untilAcked(2_000);
  };
}

const resets: readonly Fault[] = (
  ["before-reading", "mid-body", "before-storing", "after-storing", "mid-answer"] as const
).map((at, seed) => ({ kind: "reset", at, probability: 0.15, seed }));

const forms: readonly Fault[] = (
  ["malformed", "cut", "empty", "html", "fewer-entries", "more-entries", "no-proof"] as const
).map((form, seed) => ({ kind: "answer", form, probability: 0.1, seed }));

const errors: readonly Fault[] = [500, 502, 503, 504].map((status, seed) => {
  const stored = seed % 2 === 1;
  return { kind: "error", code: "InternalFailure", status, stored, probability: 0.15, seed };
});

const rows: readonly (Pick<Row, "sink" | "kind" | "spool"> & { what: string; faults: readonly Fault[] })[] = [
  { what: "every call hangs", sink: "kinesis", kind: "bun", faults: [{ kind: "hang" }] },
  {
    what: "every call is stored and hangs",
    sink: "firehose",
    kind: "binary",
    faults: [{ kind: "hang", stored: true }],
  },
  { what: "connections are reset at any moment", sink: "kinesis", kind: "binary", faults: resets },
  { what: "connections are reset at any moment", sink: "firehose", kind: "bun", faults: resets },
  { what: "5xx with and without storing", sink: "kinesis", kind: "bun", faults: errors },
  { what: "answers are malformed", sink: "kinesis", kind: "bun", faults: forms },
  { what: "answers are malformed", sink: "firehose", kind: "binary", faults: forms },
  { what: "every call hangs", sink: "kinesis", kind: "binary", spool: true, faults: [{ kind: "hang" }] },
];

await testRows(
  rows.map(({ what, sink, kind, spool = false, faults }) => ({
    name: `${what}, ${sink}${spool ? " with spool" : ""}`,
    kind,
    sink,
    spool,
    args: quick,
    fault: during(6_000, ...faults),
  })),
);
