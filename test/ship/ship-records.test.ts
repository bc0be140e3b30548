import assert from "node:assert/strict";
import { test } from "node:test";
import { type BatcherOptions, createBatcher } from "../../src/batch/batcher.ts";
import { RefusedLinesError, SinkError } from "../../src/errors.ts";
import { createMetrics } from "../../src/metrics.ts";
import { type ShipRecordsOptions, shipRecords } from "../../src/ship/ship-records.ts";
import type { SinkLimits } from "../../src/sink/sink.ts";
import { HeldSink, lineOf, lost } from "../batch/held-sink.ts";
import { MemoryQuarantine } from "../support/memory-quarantine.ts";
import { silentLog } from "../support/silent-log.ts";
import { seededRandom, VirtualClock } from "../support/virtual-clock.ts";
import { MemorySpool } from "./memory-spool.ts";

interface Wanted {
  readonly batcher?: Partial<BatcherOptions>;
  readonly limits?: Partial<SinkLimits>;
  readonly windowBytesMax?: number;
}

/** A shipper from a spool in memory to a sink that answers when the test says so. */
function shipping({ batcher: wanted = {}, limits = {}, windowBytesMax = 10_000 }: Wanted = {}) {
  const spool = new MemorySpool();
  const sink = new HeldSink({ recordBytesMax: 100, ...limits });
  const clock = new VirtualClock();
  const quarantine = new MemoryQuarantine();
  const metrics = createMetrics({ version: "test", runtime: "test" });
  const batcher = createBatcher({
    ...{ sink, quarantine, clock, metrics, random: seededRandom(1), log: silentLog },
    ...{ compression: "none", lingerMs: 100, batchBytesMax: 1_000, recordBytesMax: undefined },
    ...{ putsInFlightMax: 1, pendingBytesMax: windowBytesMax, putTimeoutMs: 10_000 },
    ackTimeoutMs: Number.POSITIVE_INFINITY,
    ...wanted,
  });
  const options = { spool, batcher, quarantine, sinkName: sink.name, windowBytesMax };
  const start = (more: Partial<ShipRecordsOptions> = {}) =>
    shipRecords({ ...options, clock, log: silentLog, metrics, ...more });
  /** Lets each put that comes in the next `ms` be durable at once. */
  const serve = async (ms: number) => {
    for (let passedMs = 0; passedMs < ms; passedMs += 10) {
      await clock.advance(10);
      answerAll(sink);
    }
  };
  return { spool, sink, clock, quarantine, metrics, batcher, start, serve };
}

/** Answers every put that has not been; a second answer to one changes nothing. */
function answerAll(sink: HeldSink): void {
  for (const put of sink.puts) put.answer();
}

function textsOf(sink: HeldSink): string {
  return sink.puts.flatMap(({ texts }) => texts).join("");
}

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

test("the cursor moves along what is durable without a gap, not faster than once a second", async () => {
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
  await clock.advance(900);
  assert.deepEqual(spool.moves, []);
  await clock.advance(200);
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

test("an append that fails is tried again", async () => {
  const { spool, batcher, clock, start } = shipping();
  spool.add("a\n");
  let attempts = 0;
  const append = () => {
    attempts++;
    return attempts < 3 ? Promise.reject(new SinkError("defect", "a bug")) : Promise.resolve();
  };
  start({ batcher: { ...plain(batcher), append } });
  await clock.advance(30_000);
  assert.equal(attempts, 3);
  assert.deepEqual(spool.moves, [1]);
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

/** A batcher whose members can be replaced one by one. */
function plain(batcher: ShipRecordsOptions["batcher"]): ShipRecordsOptions["batcher"] {
  const { lineBytesMax, pendingBytes, blocked } = batcher;
  return {
    ...{ lineBytesMax, pendingBytes, blocked },
    append: (lines) => batcher.append(lines),
    assertRoom: () => batcher.assertRoom(),
    drain: (timeoutMs) => batcher.drain(timeoutMs),
  };
}
