/** What systemd is told, and when. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { beginSupervision } from "../../src/command/supervision.ts";
import type { Supervisor } from "../../src/platform.ts";
import { supervisorOf } from "../../src/runtime/systemd.ts";
import { silentLog } from "../support/silent-log.ts";
import { VirtualClock } from "../support/virtual-clock.ts";

function begin(supervisor: Supervisor | undefined, clock = new VirtualClock()) {
  const platform = { supervisor } as Parameters<typeof beginSupervision>[0]["platform"];
  return { clock, supervision: beginSupervision({ platform, clock, outageLog: silentLog }, "Receiving") };
}

test("READY comes first, then three words per watchdog period until it stops", async () => {
  const told: string[] = [];
  const tell = async (states: readonly string[]) =>
    void told.push(`${clock.monotonicMs()} ${states.join(" ")}`);
  const clock = new VirtualClock();
  const { supervision } = begin({ watchdogMs: 30_000, tell }, clock);
  await clock.advance(25_000);
  await supervision.stopping();
  await clock.advance(60_000);
  assert.deepEqual(told, [
    "0 READY=1 STATUS=Receiving",
    "0 WATCHDOG=1",
    "10000 WATCHDOG=1",
    "20000 WATCHDOG=1",
    "25000 STOPPING=1 STATUS=Draining",
  ]);
});

test("without a watchdog only the beginning and the end are told; without a supervisor nothing is", async () => {
  const told: string[] = [];
  const supervisor = {
    watchdogMs: undefined,
    tell: async (states: readonly string[]) => void told.push(...states),
  };
  const { clock, supervision } = begin(supervisor);
  await clock.advance(60_000);
  await supervision.stopping();
  assert.deepEqual(told, ["READY=1", "STATUS=Receiving", "STOPPING=1", "STATUS=Draining"]);
  await begin(undefined).supervision.stopping();
});

test("a supervisor that cannot be told is said to be so, and the words go on", async () => {
  let words = 0;
  const tell = async () => {
    words++;
    throw new Error("systemd-notify is not installed");
  };
  const { clock, supervision } = begin({ watchdogMs: 3_000, tell });
  await clock.advance(10_000);
  await supervision.stopping();
  assert.ok(words > 8, `${words}`);
});

test("the environment says whether systemd waits, and for whose words", async () => {
  const ran: string[] = [];
  const run = async (program: string, args: readonly string[]) => void ran.push([program, ...args].join(" "));
  const watchdog = (env: Record<string, string>) =>
    supervisorOf({ NOTIFY_SOCKET: "/run/systemd/notify", ...env }, 42, run)?.watchdogMs;
  assert.equal(supervisorOf({}, 42, run), undefined);
  assert.equal(supervisorOf({ NOTIFY_SOCKET: "" }, 42, run), undefined);
  assert.equal(watchdog({}), undefined);
  assert.equal(watchdog({ WATCHDOG_USEC: "60000000" }), 60_000);
  assert.equal(watchdog({ WATCHDOG_USEC: "60000000", WATCHDOG_PID: "42" }), 60_000);
  assert.equal(watchdog({ WATCHDOG_USEC: "60000000", WATCHDOG_PID: "41" }), undefined);
  assert.equal(watchdog({ WATCHDOG_USEC: "0" }), undefined);
  assert.equal(watchdog({ WATCHDOG_USEC: "soon" }), undefined);
  await supervisorOf({ NOTIFY_SOCKET: "@s" }, 42, run)?.tell(["READY=1", "STATUS=a b"]);
  assert.deepEqual(ran, ["systemd-notify READY=1 STATUS=a b"]);
});

test("a systemd-notify that cannot be run is an error that names it", async () => {
  const supervisor = supervisorOf({ NOTIFY_SOCKET: "/nowhere/notify" }, 1);
  await assert.rejects(supervisor?.tell(["READY=1"]) ?? Promise.resolve(), /systemd-notify READY=1/);
});
