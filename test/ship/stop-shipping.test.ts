import assert from "node:assert/strict";
import { test } from "node:test";
import { lineOf, lost } from "../batch/held-sink.ts";
import { answerAll, plain, shipping, textsOf } from "./shipping.ts";

test("stop ships the rest without lingering, keeps the cursor and ends", async () => {
  const { spool, sink, clock, start, serve } = shipping({ batcher: { lingerMs: 3_600_000 } });
  const shipper = start();
  spool.add("a\n");
  await clock.advance(100);
  spool.add("b\n");
  const state = watch(shipper.stop(25_000));
  await serve(1_000);
  assert.equal(textsOf(sink), "a\nb\n");
  assert.deepEqual(spool.moves.at(-1), 2);
  assert.equal(state.ended, true);
});

test("stop with an empty spool ends at once", async () => {
  const { clock, start } = shipping();
  const shipper = start();
  await clock.advance(100);
  const state = watch(shipper.stop(25_000));
  await clock.settle();
  assert.equal(state.ended, true);
});

test("stop ends with its time: what is not durable stays in the spool for the next start", async () => {
  const { spool, sink, clock, start } = shipping({ batcher: { batchBytesMax: 10 } });
  for (const name of ["a", "b", "c"]) spool.add(lineOf(10, name));
  const shipper = start();
  await clock.advance(200);
  const state = watch(shipper.stop(10_000));
  await clock.advance(1_000);
  sink.puts[0]!.answer();
  await clock.advance(8_900);
  assert.equal(state.ended, false);
  await clock.advance(200);
  assert.equal(state.ended, true);
  assert.deepEqual(spool.moves, [1]);
});

test("the last fifth of the time to stop in is for what is under way: no more is read", async () => {
  const { spool, sink, clock, start } = shipping({ windowBytesMax: 10, batcher: { batchBytesMax: 10 } });
  for (let index = 0; index < 100; index++) spool.add(lineOf(10));
  const shipper = start();
  const state = watch(shipper.stop(10_000));
  await clock.advance(8_100);
  answerAll(sink);
  await clock.advance(100);
  assert.equal(sink.puts.length, 1);
  assert.equal(state.ended, true);
  assert.deepEqual(spool.moves, [1]);
});

test("a second stop with less time ends the first one earlier", async () => {
  const { spool, clock, start } = shipping();
  spool.add("a\n");
  const shipper = start();
  const first = watch(shipper.stop(Number.POSITIVE_INFINITY));
  await clock.advance(3_600_000);
  assert.equal(first.ended, false);
  const second = watch(shipper.stop(1_000));
  await clock.advance(1_100);
  assert.deepEqual([first.ended, second.ended], [true, true]);
});

test("stop does not wait for a sink that takes nothing until someone changes something", async () => {
  const { spool, batcher, clock, start } = shipping();
  spool.add("a\n");
  const blocked = { reason: "AccessDenied", message: "not allowed", sinceMs: 1 };
  const append = () => new Promise<void>(() => undefined);
  const shipper = start({ batcher: { ...plain(batcher), append, blocked } });
  await clock.advance(100);
  assert.equal(shipper.blocked, blocked);
  const state = watch(shipper.stop(25_000));
  await clock.settle();
  assert.equal(state.ended, true);
});

test("stop without an end of time goes on until the spool is empty, however long the sink is away", async () => {
  const { spool, sink, clock, start, serve } = shipping();
  for (let index = 0; index < 50; index++) spool.add(lineOf(50));
  const shipper = start();
  const state = watch(shipper.stop(Number.POSITIVE_INFINITY));
  for (let minute = 0; minute < 600; minute++) {
    await clock.advance(60_000);
    for (const put of sink.puts.splice(0)) put.answer(put.texts.map(() => lost));
  }
  assert.equal(state.ended, false);
  await serve(30_000);
  assert.equal(state.ended, true);
  assert.equal(spool.status().bytes, 0);
});

function watch(end: Promise<void>): { ended: boolean } {
  const state = { ended: false };
  void end.then(() => {
    state.ended = true;
  });
  return state;
}
