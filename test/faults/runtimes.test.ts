/** Everything at once, on each runtime and in the executable. */
import { setTimeout as sleep } from "node:timers/promises";
import { programKinds } from "../support/program.ts";
import { testRows } from "./matrix.ts";
import type { Row, Run } from "./run-row.ts";

async function everything({ sink: { aws }, killAndRestart, stopAndRestart, untilAcked }: Run): Promise<void> {
  // Not of the credentials: without any a start is refused.
  const service = "kinesis";
  const faults = [
    aws.fault({ service, kind: "entries", share: 0.2 }),
    aws.fault({ service, kind: "reset", at: "after-storing", probability: 0.1 }),
    aws.fault({ service, kind: "reset", at: "before-reading", probability: 0.1 }),
    aws.fault({ service, kind: "error", code: "InternalFailure", status: 500, probability: 0.1 }),
    aws.fault({ service, kind: "hang", probability: 0.05 }),
    aws.fault({ service, kind: "throttle", afterMs: 2_000, forMs: 2_000 }),
  ];
  await sleep(1_500);
  aws.command({ kind: "expire-tokens" });
  aws.command({ kind: "reshard", shards: 7 });
  await sleep(1_500);
  await killAndRestart(200);
  aws.command({ kind: "shift-clock", minutes: 10 });
  await sleep(2_500);
  await stopAndRestart();
  await sleep(1_500);
  for (const fault of faults) fault.end();
  await untilAcked(2_000);
}

await testRows(
  programKinds.flatMap((kind): Row[] => {
    const row = { kind, sink: "kinesis", tokenLifetimeMs: 3_600_000, fault: everything } as const;
    const args = ["--put-timeout", "1s", "--record-bytes", "64KiB"];
    return [
      { ...row, name: "everything at once, kinesis", args },
      { ...row, name: "everything at once, kinesis with spool", args, spool: true },
    ];
  }),
);
