import assert from "node:assert/strict";
import { test } from "node:test";
import { sleep, systemClock, within } from "../src/clock.ts";
import { seededRandom, VirtualClock } from "./support/virtual-clock.ts";

test("a sleep ends when its time is over, and leaves nothing behind", async () => {
  const clock = new VirtualClock();
  const abort = new AbortController();
  let over = false;
  const slept = sleep(clock, 100, abort.signal).then(() => {
    over = true;
  });
  await clock.advance(99);
  assert.equal(over, false);
  await clock.advance(1);
  assert.equal(over, true);
  await slept;
  abort.abort(new Error("too late to matter"));
  assert.equal(clock.pendingTimers, 0);
});

test("a sleep that is aborted rejects at once with the signal's reason, and its timer is gone", async () => {
  const clock = new VirtualClock();
  const reason = new Error("stop");
  const abort = new AbortController();
  const slept = sleep(clock, 100, abort.signal);
  abort.abort(reason);
  await assert.rejects(slept, reason);
  assert.equal(clock.pendingTimers, 0);
  await assert.rejects(sleep(clock, 100, AbortSignal.abort(reason)), reason);
  assert.equal(clock.pendingTimers, 0);
});

test("the system's clock runs a timer once, or never when it is cancelled", async () => {
  const startMs = systemClock.monotonicMs();
  const ran: string[] = [];
  const cancel = systemClock.after(1, () => ran.push("cancelled"));
  cancel();
  await new Promise<void>((resolve) => systemClock.after(5, resolve));
  assert.deepEqual(ran, []);
  assert.ok(systemClock.monotonicMs() > startMs);
  assert.ok(Math.abs(systemClock.now() - Date.now()) < 1_000);
});

test("the virtual clock runs timers in the order of their moments, each after the last has settled", async () => {
  const clock = new VirtualClock(1_000);
  const ran: string[] = [];
  clock.after(20, () => ran.push(`b at ${clock.monotonicMs()}`));
  clock.after(10, () => {
    ran.push(`a at ${clock.now()}`);
    void Promise.resolve()
      .then(() => new Promise<void>((resolve) => setTimeout(resolve, 0)).then(clock.hold()))
      .then(() => ran.push("settled"));
  });
  clock.after(20, () => ran.push("c"));
  await clock.advance(19);
  assert.deepEqual([ran[0], clock.monotonicMs(), clock.pendingTimers], ["a at 1010", 19, 2]);
  await clock.advance(1);
  assert.deepEqual(ran, ["a at 1010", "settled", "b at 20", "c"]);
});

test("the virtual clock says when it waits in vain", async () => {
  const clock = new VirtualClock();
  await assert.rejects(clock.resolve(new Promise(() => undefined)), /no timer is left/);
  clock.after(50, () => undefined);
  await assert.rejects(
    clock.runUntil(() => false, 10),
    /10 ms of virtual time are over/,
  );
  assert.equal(await clock.resolve(sleep(clock, 50).then(() => "done")), "done");
});

test("a seed repeats its numbers, and another seed has others", () => {
  const draw = (seed: number) => Array.from({ length: 5 }, seededRandom(seed));
  assert.deepEqual(draw(1), draw(1));
  assert.notDeepEqual(draw(1), draw(2));
  assert.ok(draw(3).every((number) => number >= 0 && number < 1));
});

test("what settles in time is given as it is, and its timer is gone", async () => {
  const clock = new VirtualClock();
  const late = () => assert.fail("not late");
  assert.equal(await within(clock, 100, Promise.resolve(7), late), 7);
  const reason = new Error("its own");
  await assert.rejects(within(clock, 100, Promise.reject(reason), late), reason);
  assert.equal(clock.pendingTimers, 0);
});

test("what is late is replaced at that moment by what late gives or throws, and may still reject unheard", async () => {
  const clock = new VirtualClock();
  let fail: (reason: Error) => void = () => undefined;
  const never = new Promise<string>((_, reject) => {
    fail = reject;
  });
  let given: string | undefined;
  const replaced = within(clock, 100, never, () => "late").then((value) => {
    given = value;
  });
  const refused = assert.rejects(
    within(clock, 100, never, () => {
      throw new Error("too late");
    }),
    /too late/,
  );
  await clock.advance(99);
  assert.equal(given, undefined);
  await clock.advance(1);
  await Promise.all([replaced, refused]);
  assert.equal(given, "late");
  fail(new Error("nobody listens"));
  await clock.settle();
});
