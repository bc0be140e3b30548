import assert from "node:assert/strict";
import { test } from "node:test";
import { watchSpool } from "../../src/command/watch-spool.ts";
import { createLog } from "../../src/log.ts";
import type { Obstacle } from "../../src/ship/shipper.ts";
import { VirtualClock } from "../support/virtual-clock.ts";

/** A spool whose oldest lines are as old as the test says, and what the log says of it. */
function watched(ageMs: number | undefined) {
  const clock = new VirtualClock();
  const lines: string[] = [];
  const write = (line: string) => lines.push(line.slice(line.indexOf("msg=")).trimEnd());
  const state = { ageMs, bytes: 1_000, offsetBytes: 0 };
  const status = () => ({
    bytes: state.bytes,
    segments: 2,
    oldestMs: state.ageMs === undefined ? undefined : clock.now() - state.ageMs,
    full: undefined,
  });
  const shipper: { shippedBytes: number; blocked: Obstacle | undefined } = {
    shippedBytes: 0,
    blocked: undefined,
  };
  const log = createLog({ level: "info", format: "text", clock, write });
  const watch = watchSpool({
    spool: {
      directory: "/spool",
      status,
      get cursor() {
        return { position: { segment: 1, offsetBytes: state.offsetBytes }, object: undefined };
      },
    },
    shipper,
    usualAgeMs: 1_000,
    reportIntervalMs: 60_000,
    clock,
    log,
  });
  return { clock, lines, state, shipper, watch };
}

test("nothing is said while lines are shipped as usual", async () => {
  const { clock, lines, state } = watched(undefined);
  await clock.advance(5_000);
  state.ageMs = 30_000;
  await clock.advance(5_000);
  state.ageMs = undefined;
  await clock.advance(3_600_000);
  assert.deepEqual(lines, []);
});

test("what an earlier run has left is told at the start, and when it is shipped", async () => {
  const { clock, lines, state } = watched(7_200_000);
  assert.equal(lines.length, 1);
  assert.match(
    lines[0]!,
    /^msg="an earlier run has left lines in the spool" spool=\/spool bytes=1000 segments=2/,
  );
  assert.match(lines[0]!, /oldest=2023-11-14T20:13:20.000Z$/);
  await clock.advance(10_000);
  state.ageMs = 500;
  await clock.advance(5_000);
  assert.deepEqual(lines.slice(1), ['msg="shipping has caught up" seconds=12']);
});

test("while shipping is behind it is told once a minute how much is left and how long it takes", async () => {
  const { clock, lines, state, shipper, watch } = watched(undefined);
  assert.equal(watch.behind, undefined);
  state.ageMs = 3_600_000;
  await clock.advance(1_000);
  assert.equal(watch.behind, "shipping is behind, the oldest lines in the spool are 3600 s old");
  assert.deepEqual(lines.splice(0), ['msg="shipping is behind" spoolBytes=1000 oldestAgeSeconds=3600']);
  await clock.advance(30_000);
  state.ageMs = 3_000_000;
  shipper.shippedBytes = 6_000_000;
  state.offsetBytes = 200;
  await clock.advance(31_000);
  const progress = "bytesPerSecond=100000 leftSeconds=240";
  assert.deepEqual(lines.splice(0), [
    `msg="shipping is still behind" spoolBytes=800 oldestAgeSeconds=3000 ${progress}`,
  ]);
  shipper.blocked = { reason: "denied", message: "not allowed", sinceMs: 0 };
  await clock.advance(60_000);
  assert.match(lines[0]!, /bytesPerSecond=0 leftSeconds=unknown blocked="not allowed"$/);
  assert.equal(lines.length, 1);
});

test("a spool that looks empty for a moment has not caught up", async () => {
  const { clock, lines, state } = watched(3_600_000);
  await clock.advance(5_500);
  state.ageMs = undefined;
  await clock.advance(1_000);
  state.ageMs = 3_600_000;
  await clock.advance(5_000);
  assert.equal(lines.length, 1);
});

test("after its end nothing is told and no timer is left", async () => {
  const { clock, lines, watch } = watched(3_600_000);
  watch.end();
  await clock.advance(600_000);
  assert.equal(lines.length, 1);
  assert.equal(clock.pendingTimers, 0);
});
