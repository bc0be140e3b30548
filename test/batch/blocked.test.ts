/** While the sink takes nothing until someone changes something: who waits hears it at once, one batch in 5 s asks. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Log, LogFields } from "../../src/log.ts";
import { durable, type Outcome } from "../../src/sink/sink.ts";
import { silentLog } from "../support/silent-log.ts";
import { batcherOver, denied, heldBatcher, lineOf, lost, throttled } from "./held-sink.ts";
import { Service } from "./service.ts";

const all =
  (outcome: Outcome) =>
  (texts: readonly string[]): readonly Outcome[] =>
    texts.map(() => outcome);

function recorder(): { log: Log; told: string[] } {
  const told: string[] = [];
  const at = (message: string, fields: LogFields = {}) => {
    told.push(`${message}: ${fields["message"] ?? fields["blockedMs"]}`);
  };
  return { log: { ...silentLog, info: at, warn: at, error: at }, told };
}

test("a blocked sink fails appends at once, also those that linger or wait, without touching it", async () => {
  const { sink, clock, append, batcher } = heldBatcher({ putsInFlightMax: 1, batchBytesMax: 10 });
  const hit = append(lineOf(10, "a"));
  const waits = append(lineOf(10, "b"));
  const lingers = append(lineOf(5, "c"));
  await clock.settle();
  sink.puts[0]?.answer([denied]);
  await clock.settle();
  assert.deepEqual([hit.state, waits.state, lingers.state], ["denied", "denied", "denied"]);
  assert.deepEqual([batcher.pendingBytes, clock.pendingTimers], [0, 0]);
  await clock.advance(4_999);
  const later = append(lineOf(10, "d"));
  await clock.settle();
  assert.deepEqual([later.state, later.message, sink.puts.length], ["denied", "not allowed", 1]);
  assert.throws(() => batcher.assertRoom(), { name: "SinkError", message: "not allowed" });
});

test("a batch between two attempts fails too when its turn comes and the sink is blocked", async () => {
  const { sink, clock, append } = heldBatcher({ lingerMs: 0 });
  const retries = append("a\n");
  await clock.advance(0);
  sink.puts[0]?.answer([throttled]);
  await clock.settle();
  append("b\n");
  await clock.advance(0);
  sink.puts[1]?.answer([denied]);
  await clock.advance(1_000);
  assert.deepEqual([retries.state, sink.puts.length], ["denied", 2]);
});

test("every 5 s one batch finds out; the others fail without a put until it has", async () => {
  const { sink, clock, append, batcher, metrics } = heldBatcher({ lingerMs: 0 });
  append("a\n");
  await clock.advance(0);
  const sinceMs = clock.now();
  sink.puts[0]?.answer([denied]);
  await clock.advance(5_000);
  batcher.assertRoom();
  const probe = append("b\n");
  await clock.advance(0);
  const beside = append("c\n");
  await clock.advance(0);
  assert.deepEqual([probe.state, beside.state, sink.puts.length], ["waiting", "denied", 2]);
  sink.puts[1]?.answer([denied]);
  await clock.advance(4_000);
  assert.deepEqual(batcher.blocked, { reason: "denied", message: "not allowed", sinceMs });
  assert.equal(append("d\n").state, "waiting");
  await clock.settle();
  assert.equal((await metrics.sinkBlocked.get()).values[0]?.value, 1);
  await clock.advance(1_000);
  const last = append("e\n");
  await clock.advance(0);
  sink.puts[2]?.answer();
  await clock.settle();
  assert.deepEqual([last.state, batcher.blocked], ["durable", undefined]);
  assert.equal((await metrics.sinkBlocked.get()).values[0]?.value, 0);
  const after = append("f\n");
  await clock.advance(0);
  sink.puts[3]?.answer();
  await clock.settle();
  assert.equal(after.state, "durable");
});

test("a probe that finds the network down leaves the block, and the next one comes 5 s later", async () => {
  const { sink, clock, append } = heldBatcher({ lingerMs: 0, ackTimeoutMs: 4_000 });
  append("a\n");
  await clock.advance(0);
  sink.puts[0]?.answer([denied]);
  await clock.advance(5_000);
  append("b\n");
  for (let i = 0; i < 400; i++) {
    await clock.advance(10);
    sink.puts.at(-1)?.answer([lost]);
  }
  const putsOfProbe = sink.puts.length - 1;
  assert.ok(putsOfProbe > 2, "the probe is retried like any batch");
  const refused = append("c\n");
  await clock.advance(0);
  assert.deepEqual([refused.state, sink.puts.length], ["denied", 1 + putsOfProbe]);
  await clock.advance(5_000);
  const next = append("d\n");
  await clock.advance(0);
  sink.puts.at(-1)?.answer();
  await clock.settle();
  assert.equal(next.state, "durable");
});

test("a put of which some records are durable says that the sink is not blocked", async () => {
  const { sink, clock, append, batcher } = heldBatcher({ lingerMs: 0, recordBytesMax: 2 });
  const appended = [append("a\n"), append("b\n")];
  await clock.advance(0);
  sink.puts[0]?.answer([durable, denied]);
  await clock.settle();
  assert.deepEqual([appended.map(({ state }) => state), batcher.blocked], [["durable", "denied"], undefined]);
});

test("the log says once a minute that the sink is blocked, and once that it is over", async () => {
  const { log, told } = recorder();
  const service = new Service(all(denied));
  const { append, clock } = batcherOver(service, { lingerMs: 0, log });
  for (let second = 0; second < 61; second++) {
    append("a\n");
    await clock.advance(1_000);
  }
  const text = "the sink is blocked: someone has to change something: not allowed";
  assert.deepEqual([told, service.puts.length], [[text, text], 13]);
  service.decide = all(durable);
  await clock.advance(5_000);
  append("a\n");
  append("b\n");
  await clock.advance(0);
  append("c\n");
  await clock.advance(0);
  assert.deepEqual(told, [text, text, "the sink takes records again: 66000"]);
});

test("a block that nobody has asked about for long is no reason not to be ready", async () => {
  const { append, clock, batcher } = batcherOver(new Service(all(denied)), { lingerMs: 0 });
  append("a\n");
  await clock.advance(30_000);
  assert.equal(batcher.blocked?.reason, "denied");
  await clock.advance(1);
  assert.equal(batcher.blocked, undefined);
});

const patient = { ackTimeoutMs: Number.POSITIVE_INFINITY, lingerMs: 0 };

test("with endless patience a block of an hour fails nothing, and is asked about every 5 s", async () => {
  const { log, told } = recorder();
  const service = new Service(all(denied));
  const { append, clock, batcher } = batcherOver(service, { ...patient, log, batchBytesMax: 10 });
  const appended = Array.from({ length: 20 }, (_, i) => append(lineOf(10, String.fromCharCode(97 + i))));
  await clock.advance(3_600_000);
  assert.ok(appended.every(({ state }) => state === "waiting"));
  assert.ok(service.puts.length >= 720 && service.puts.length <= 730, `${service.puts.length} puts`);
  assert.ok(told.length <= 61, `${told.length} lines in the log`);
  assert.equal(batcher.blocked?.reason, "denied");
  service.decide = all(durable);
  await clock.advance(5_000);
  assert.ok(appended.every(({ state }) => state === "durable"));
  assert.deepEqual([service.lines.length, batcher.pendingBytes, clock.pendingTimers], [20, 0, 0]);
});

test("with endless patience retries never give up, whatever the service asks, and defects are retried", async () => {
  const outcomes: Outcome[] = [lost, throttled, { ...throttled, retryAfterMs: 1e12 } as Outcome];
  let puts = 0;
  const service = new Service((texts) => {
    if (++puts % 4 === 0) throw new Error("a bug");
    return texts.map(() => outcomes[puts % 4 === 3 ? 2 : puts % 2]!);
  });
  const { append, clock, batcher } = batcherOver(service, patient);
  const appended = append("a\n");
  await clock.advance(7_200_000);
  assert.equal(appended.state, "waiting");
  assert.ok(puts > 200, `${puts} puts in two hours`);
  service.decide = all(durable);
  await clock.advance(61_000);
  assert.deepEqual([appended.state, batcher.pendingBytes, clock.pendingTimers], ["durable", 0, 0]);
});

test("with endless patience a quarantine that fails is asked again, and the block of a breaker passes", async () => {
  const refused: Outcome = { kind: "refused", scope: "record", reason: "Bad", message: "bad" };
  const service = new Service(all(refused));
  const { append, clock, quarantine, batcher } = batcherOver(service, patient);
  quarantine.fails = true;
  const one = append("a\n");
  await clock.advance(60_000);
  quarantine.fails = false;
  await clock.advance(5_000);
  assert.deepEqual([one.state, quarantine.lines], ["RefusedLinesError", ["a\n"]]);
  const many = append("b\n".repeat(30));
  await clock.advance(60_000);
  assert.deepEqual([many.state, quarantine.lines.length], ["waiting", 16]);
  assert.match(batcher.blocked?.message ?? "", /^16 lines in a row/);
  service.decide = (texts) => texts.map((text) => (text.includes("b") ? refused : durable));
  const good = append("c\n");
  await clock.advance(120_000);
  assert.deepEqual(
    [good.state, many.state, many.lines.length, quarantine.lines.length, batcher.pendingBytes],
    ["durable", "RefusedLinesError", 30, 31, 0],
  );
});
