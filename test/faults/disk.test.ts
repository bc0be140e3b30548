/** The disk under the archive or the spool has no room left for a while. */
import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { testRows } from "./matrix.ts";
import type { Outcome } from "./run-row.ts";
import { reasonForNoSmallDisk } from "./small-disk.ts";

function wasRefused({ load }: Outcome): void {
  assert.ok(load.counts.unavailable > 0, "no request met the full disk");
}

await testRows(
  [
    {
      name: "disk full twice, file",
      kind: "bun",
      sink: "file",
      disk: "archive",
      args: ["--ack-timeout", "2s"],
      check: wasRefused,
      async fault({ disk, untilAcked }) {
        for (let round = 0; round < 2; round++) {
          disk.fill();
          await sleep(4_000);
          disk.free();
          await untilAcked(2_000);
        }
      },
    },
    {
      name: "kill -9 while the disk is full, file",
      kind: "bun",
      sink: "file",
      disk: "archive",
      args: ["--ack-timeout", "2s"],
      check: wasRefused,
      async fault({ disk, untilAcked, killAndRestart }) {
        disk.fill();
        await sleep(2_000);
        await killAndRestart(0);
        await sleep(2_000);
        disk.free();
        await untilAcked(2_000);
      },
    },
    {
      name: "disk of the spool full twice, kinesis with spool",
      kind: "bun",
      sink: "kinesis",
      spool: true,
      disk: "spool",
      args: ["--ack-timeout", "2s"],
      check: wasRefused,
      async fault({ disk, untilAcked }) {
        for (let round = 0; round < 2; round++) {
          disk.fill();
          await sleep(3_000);
          disk.free();
          await untilAcked(2_000);
        }
      },
    },
    {
      name: "disk of the spool full, sink down and kill -9, s3",
      kind: "binary",
      sink: "s3",
      disk: "spool",
      args: ["--ack-timeout", "2s"],
      check: wasRefused,
      async fault({ disk, sink: { aws }, untilAcked, killAndRestart }) {
        const outage = aws.fault({ kind: "hang" });
        disk.fill();
        await sleep(2_000);
        await killAndRestart(0);
        await sleep(2_000);
        disk.free();
        await untilAcked(2_000);
        outage.end();
      },
    },
  ],
  reasonForNoSmallDisk,
);
