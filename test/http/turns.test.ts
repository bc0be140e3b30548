import assert from "node:assert/strict";
import { test } from "node:test";
import { OverloadedError } from "../../src/errors.ts";
import { Turns } from "../../src/http/turns.ts";
import { VirtualClock } from "../support/virtual-clock.ts";

test("turns go round the addresses, however many one of them asks for", async () => {
  const clock = new VirtualClock();
  const turns = new Turns(clock);
  const order: string[] = [];
  const asked = ["a", "a", "a", "b", "c", "a", "b"].map(async (address, i) => {
    const end = await turns.begin(address, 1_000);
    order.push(`${address}${i}`);
    end();
  });
  await clock.advance(0);
  await Promise.all(asked);
  assert.deepEqual(order, ["a0", "a1", "b3", "c4", "a2", "b6", "a5"]);
});

test("long work is followed by a pause of its length, short work by none", async () => {
  const clock = new VirtualClock();
  const turns = new Turns(clock);
  const begin = async (workMs: number) => {
    const end = await turns.begin("a", 10_000);
    await new Promise<void>((resolve) => clock.after(workMs, resolve));
    end();
    return clock.monotonicMs();
  };
  const ends = [begin(90), begin(2_000), begin(0)];
  await clock.advance(10_000);
  assert.deepEqual(await Promise.all(ends), [90, 2_090, 4_090]);
});

test("who waited too long for its turn is told, and keeps nobody", async () => {
  const clock = new VirtualClock();
  const turns = new Turns(clock);
  const end = await turns.begin("a", 1_000);
  const late = assert.rejects(turns.begin("b", 1_000), OverloadedError);
  const patient = turns.begin("b", 5_000);
  await clock.advance(1_000);
  await late;
  end();
  await clock.advance(2_000);
  (await patient)();
  assert.equal(clock.pendingTimers, 1);
});
