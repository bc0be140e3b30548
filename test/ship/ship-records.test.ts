import assert from "node:assert/strict";
import { test } from "node:test";
import { RefusedLinesError, SinkError } from "../../src/errors.ts";
import { lineOf, lost } from "../batch/held-sink.ts";
import { plain, shipping, textsOf } from "./shipping.ts";

test("frames go out in the order of the spool, several in one put", async () => {
  const { spool, sink, start, serve } = shipping();
  const frames = Array.from({ length: 20 }, (_, index) => `line ${index}\n`);
  for (const frame of frames) spool.add(frame);
  const shipper = start();
  await serve(1_500);
  assert.equal(textsOf(sink), frames.join(""));
  assert.equal(sink.puts.length, 1);
  assert.equal(shipper.shippedBytes, frames.join("").length);
  assert.deepEqual(spool.moves, [20]);
});

test("what comes into an empty spool is shipped after the linger", async () => {
  const { spool, sink, clock, start, serve } = shipping();
  start();
  await clock.advance(5_000);
  assert.equal(sink.puts.length, 0);
  spool.add("a\n");
  await serve(200);
  assert.equal(textsOf(sink), "a\n");
});

test("the cursor moves along what is durable without a gap, at most five times a second", async () => {
  const { spool, sink, clock, start } = shipping({ batcher: { putsInFlightMax: 3, batchBytesMax: 10 } });
  for (const name of ["a", "b", "c"]) spool.add(lineOf(10, name));
  start();
  await clock.advance(200);
  assert.equal(sink.puts.length, 3);
  sink.puts[2]!.answer();
  sink.puts[1]!.answer();
  await clock.advance(2_000);
  assert.deepEqual(spool.moves, []);
  sink.puts[0]!.answer();
  await clock.advance(150);
  assert.deepEqual(spool.moves, []);
  await clock.advance(100);
  assert.deepEqual(spool.moves, [3]);
});

test("no more is read than the window holds, and more as soon as something is durable", async () => {
  const { spool, sink, clock, start } = shipping({ windowBytesMax: 50, batcher: { batchBytesMax: 10 } });
  for (let index = 0; index < 20; index++) spool.add(lineOf(10));
  start();
  await clock.advance(1_000);
  assert.equal(spool.reads, 6, "five in the window, one at its door");
  sink.puts[0]!.answer();
  await clock.advance(100);
  assert.equal(spool.reads, 7);
});

test("a frame larger than the window goes alone", async () => {
  const { spool, sink, clock, start, serve } = shipping({
    windowBytesMax: 50,
    limits: { recordBytesMax: 90 },
  });
  spool.add(lineOf(20, "a"));
  spool.add(lineOf(80, "b"));
  spool.add(lineOf(20, "c"));
  start();
  await clock.advance(1_000);
  assert.equal(textsOf(sink), lineOf(20, "a"));
  await serve(2_000);
  assert.equal(textsOf(sink), lineOf(20, "a") + lineOf(80, "b") + lineOf(20, "c"));
});

test("an outage of days is waited for, and nothing is twice", async () => {
  const { spool, sink, clock, start, serve } = shipping();
  spool.add("a\n");
  spool.add("b\n");
  start();
  for (let hour = 0; hour < 72; hour++) {
    await clock.advance(3_600_000);
    for (const put of sink.puts.splice(0)) put.answer(put.texts.map(() => lost));
  }
  sink.puts.length = 0;
  await serve(20_000);
  assert.equal(textsOf(sink), "a\nb\n");
  assert.deepEqual(spool.moves, [2]);
});

test("lines that are in the quarantine count as shipped", async () => {
  const { spool, batcher, clock, start } = shipping();
  spool.add("poison\n");
  const append = () => Promise.reject(new RefusedLinesError("refused", []));
  start({ batcher: { ...plain(batcher), append } });
  await clock.advance(2_000);
  assert.deepEqual(spool.moves, [1]);
});

test("a line that is too long for the sink goes to the quarantine, its neighbours to the sink", async () => {
  const { spool, sink, quarantine, metrics, start, serve } = shipping();
  spool.add(`a\n${lineOf(101, "x")}b\n`);
  spool.add("cut off");
  start();
  await serve(2_000);
  assert.equal(textsOf(sink), "a\nb\n");
  assert.deepEqual(quarantine.lines, [lineOf(101, "x"), "cut off\n"]);
  assert.deepEqual(quarantine.reasons, ["line_too_long", "not_lines"]);
  assert.deepEqual(spool.moves, [2]);
  assert.match(await metrics.text(), /quarantined_lines_total\{reason="line_too_long"\} 1/);
});

test("while the quarantine cannot be written its frame stays in the spool, and the others are shipped", async () => {
  const { spool, sink, quarantine, clock, start, serve } = shipping();
  quarantine.fails = true;
  spool.add(lineOf(101));
  spool.add("b\n");
  start();
  await serve(8_000);
  assert.equal(textsOf(sink), "b\n");
  assert.deepEqual(spool.moves, []);
  quarantine.fails = false;
  await clock.advance(7_000);
  assert.deepEqual(spool.moves, [2]);
});

test("an append that fails is tried again with the same lines, and what is in quarantine stays there", async () => {
  const { spool, quarantine, batcher, clock, start } = shipping({ windowBytesMax: 1_000_000 });
  const large = lineOf(100).repeat(3_000);
  spool.add(large);
  spool.add(`b\n${lineOf(101)}`);
  const appended: string[] = [];
  const append = (lines: Uint8Array) => {
    appended.push(new TextDecoder().decode(lines));
    return clock.monotonicMs() < 4_000 ? Promise.reject(new SinkError("defect", "a bug")) : Promise.resolve();
  };
  start({ batcher: { ...plain(batcher), append } });
  await clock.advance(30_000);
  assert.equal(appended.length, 4);
  for (const text of [large, "b\n"]) assert.equal(appended.filter((each) => each === text).length, 2);
  assert.deepEqual(quarantine.lines, [lineOf(101)]);
  assert.deepEqual(spool.moves, [2]);
});

test("a cursor that cannot be kept now is kept later, and shipping goes on", async () => {
  const { spool, sink, start, serve } = shipping();
  spool.failMove = new Error("ENOSPC");
  spool.add("a\n");
  start();
  await serve(3_000);
  spool.add("b\n");
  await serve(3_000);
  assert.equal(textsOf(sink), "a\nb\n");
  spool.failMove = undefined;
  await serve(6_000);
  assert.deepEqual(spool.moves, [2]);
});

test("a spool that cannot be read now is read later", async () => {
  const { spool, sink, clock, start, serve } = shipping();
  spool.failRead = new Error("EIO");
  spool.add("a\n");
  start();
  await clock.advance(20_000);
  spool.failRead = undefined;
  await serve(6_000);
  assert.equal(textsOf(sink), "a\n");
});
