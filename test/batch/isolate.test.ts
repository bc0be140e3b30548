/** What the sink refuses for good is found line by line; everything around it is delivered. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { gunzipSync } from "node:zlib";
import { durable, type Outcome } from "../../src/sink/sink.ts";
import { batcherOver, throttled } from "./held-sink.ts";
import { hasPoison, refusedRecord, refusesPut, refusesRecord, Service } from "./service.ts";

/** So many lines; those at `poison` are refused. */
function linesWith(count: number, poison: readonly number[]): string[] {
  return Array.from({ length: count }, (_, i) => `${poison.includes(i) ? "poison" : "good"} ${i}\n`);
}

for (const [scope, decide, putsPerLevel] of [
  ["put", refusesPut(hasPoison), 2],
  ["record", refusesRecord(hasPoison), 1],
] as const) {
  for (const count of [1, 2, 3, 1_000, 1_024]) {
    test(`scope ${scope}: one of ${count} lines costs at most log2 of the lines in further puts`, async () => {
      const at = Math.floor(count * 0.6);
      const lines = linesWith(count, [at]);
      const service = new Service(decide);
      const { append, clock, quarantine, batcher } = batcherOver(service);
      const appended = append(lines.join(""));
      await clock.advance(100);
      assert.equal(appended.state, "RefusedLinesError");
      assert.deepEqual([appended.lines, quarantine.lines], [[lines[at]], [lines[at]]]);
      assert.deepEqual(new Set(service.lines), new Set(lines.toSpliced(at, 1)));
      assert.equal(service.lines.length, count - 1);
      const most = 1 + putsPerLevel * Math.ceil(Math.log2(count));
      assert.ok(service.puts.length <= most, `${service.puts.length} puts, at most ${most}`);
      assert.deepEqual([batcher.pendingBytes, clock.pendingTimers], [0, 0]);
    });
  }
}

test("the records of a refused put are told apart before any of them is cut", async () => {
  const service = new Service(refusesPut(hasPoison));
  const { append, clock, quarantine } = batcherOver(service, { recordBytesMax: 20 });
  const appended = Array.from({ length: 16 }, (_, i) =>
    append(`${i === 5 ? "poison" : "good"} ${i} 345678901\n`),
  );
  await clock.advance(100);
  assert.deepEqual(
    appended.map(({ state }) => state),
    appended.map((_, i) => (i === 5 ? "RefusedLinesError" : "durable")),
  );
  assert.equal(quarantine.lines.length, 1);
  assert.ok(service.puts.length <= 1 + 2 * Math.log2(16), `${service.puts.length} puts`);
});

test("the message says how many lines, why, and where they are", async () => {
  const service = new Service(refusesRecord(hasPoison));
  const { append, clock, metrics } = batcherOver(service);
  const appended = append(linesWith(10, [2, 7]).join(""));
  await clock.advance(100);
  assert.equal(
    appended.message,
    "service: refuses 2 lines for good; they are in quarantine in quarantine/service.ndjson. BadRecord: bad record",
  );
  const { values } = await metrics.quarantinedLines.get();
  assert.deepEqual(
    values.map(({ labels, value }) => [labels.reason, value]),
    [["BadRecord", 2]],
  );
});

test("appends that share a record with a refused line are durable", async () => {
  const service = new Service(refusesPut(hasPoison));
  const { append, clock } = batcherOver(service);
  const appended = [append("a\nb\n"), append("c\npoison\nd\n"), append("e\n")];
  await clock.advance(100);
  assert.deepEqual(
    appended.map(({ state }) => state),
    ["durable", "RefusedLinesError", "durable"],
  );
  assert.equal(service.lines.length, 5);
  assert.deepEqual(new Set(service.lines), new Set(["a\n", "b\n", "c\n", "d\n", "e\n"]));
});

test("compressed records are cut by their lines and compressed again", async () => {
  const service = new Service(refusesRecord(hasPoison));
  service.read = (record) => gunzipSync(record).toString();
  const { append, clock, quarantine } = batcherOver(service, { compression: "gzip" });
  const lines = linesWith(64, [0, 63]);
  const appended = append(lines.join(""));
  await clock.advance(100);
  // Compression ends when it does, not when the clock says so.
  const untilMs = performance.now() + 10_000;
  while (appended.state === "waiting" && performance.now() < untilMs) await clock.settle();
  assert.deepEqual([appended.state, quarantine.lines], ["RefusedLinesError", [lines[0], lines[63]]]);
  assert.equal(service.lines.length, 62);
  assert.deepEqual(new Set(service.lines), new Set(lines.slice(1, 63)));
});

test("an append with a refused line waits for its other lines, and 503 wins over 400", async () => {
  let isSlow = true;
  const decide = (texts: readonly string[]): readonly Outcome[] =>
    texts.map((text) =>
      hasPoison(text) ? refusedRecord : isSlow && text.includes("slow") ? throttled : durable,
    );
  const options = { recordBytesMax: 10, ackTimeoutMs: 20_000 };
  const late = batcherOver(new Service(decide), options);
  const patient = late.append("poison\nslow 1\n");
  await late.clock.advance(3_000);
  assert.deepEqual([patient.state, late.quarantine.lines], ["waiting", ["poison\n"]]);
  isSlow = false;
  await late.clock.advance(10_000);
  assert.deepEqual([patient.state, patient.lines], ["RefusedLinesError", ["poison\n"]]);

  isSlow = true;
  const lost = batcherOver(new Service(decide), options);
  const failed = lost.append("poison\nslow 1\n");
  await lost.clock.advance(21_000);
  assert.match(failed.state, /^(throttled|timeout)$/);
});

test("where the quarantine takes nothing, the answer is 503 and nothing is lost", async () => {
  const service = new Service(refusesRecord(hasPoison));
  const { append, clock, quarantine, batcher, metrics } = batcherOver(service);
  quarantine.fails = true;
  const appended = append("a\npoison\n");
  await clock.advance(100);
  assert.equal(appended.state, "quarantine");
  assert.match(appended.message, /^Cannot put lines into quarantine.*disk is full$/);
  assert.equal(batcher.pendingBytes, 0);
  const { values } = await metrics.quarantinedLines.get();
  assert.deepEqual(values, []);
});

test("lines refused in one put go to quarantine in one call", async () => {
  const service = new Service(refusesRecord(hasPoison));
  const { append, clock, quarantine } = batcherOver(service);
  append(linesWith(8, [0, 1, 2, 3, 4, 5, 6]).join(""));
  await clock.advance(100);
  assert.deepEqual(quarantine.calls, [7]);
});

test("16 lines in a row without a durable record are kept, the 17th says that the sink is blocked", async () => {
  const service = new Service((texts) => texts.map(() => refusedRecord));
  const { append, clock, quarantine, batcher } = batcherOver(service, { lingerMs: 0 });
  // Across batches: 10, then 10.
  const first = append(linesWith(10, []).join(""));
  await clock.advance(0);
  assert.deepEqual([first.state, quarantine.lines.length], ["RefusedLinesError", 10]);
  const second = append(linesWith(10, []).join(""));
  await clock.advance(0);
  assert.deepEqual([second.state, quarantine.lines.length], ["BadRecord", 16]);
  assert.equal(
    batcher.blocked?.message,
    "16 lines in a row were refused and none was taken, so it is not the lines: " +
      "check stream, region and endpoint. bad record",
  );
  // A probe adds none.
  await clock.advance(5_000);
  const probe = append("x\n");
  await clock.advance(0);
  assert.deepEqual([probe.state, quarantine.lines.length], ["BadRecord", 16]);
  service.decide = refusesRecord(hasPoison);
  await clock.advance(5_000);
  const healed = append("x\n");
  await clock.advance(0);
  assert.deepEqual([healed.state, batcher.blocked], ["durable", undefined]);
  const poison = append("poison\n");
  await clock.advance(0);
  assert.deepEqual([poison.state, quarantine.lines.length], ["RefusedLinesError", 17]);
});

test("a sink that refuses everything is found out after few puts, however many lines there are", async () => {
  const service = new Service(refusesPut(() => true));
  const { append, clock, batcher, quarantine } = batcherOver(service, { batchBytesMax: 1 << 20 });
  const appended = append(linesWith(2_000, []).join(""));
  await clock.advance(100);
  assert.deepEqual([appended.state, quarantine.lines.length], ["Validation", 16]);
  assert.ok(service.puts.length <= 128, `${service.puts.length} puts`);
  const before = service.puts.length;
  await clock.advance(5_000);
  append(linesWith(2_000, []).join(""));
  await clock.advance(100);
  const probing = service.puts.length - before;
  assert.ok(probing <= 96, `${probing} puts to find out that it is so still`);
  assert.ok(batcher.blocked);
});

test("a long run of refused lines among good ones is all kept: the sink takes what stands around it", async () => {
  const poison = Array.from({ length: 300 }, (_, i) => 400 + i);
  for (const decide of [refusesPut(hasPoison), refusesRecord(hasPoison)]) {
    const service = new Service(decide);
    const { append, clock, quarantine, batcher } = batcherOver(service, { batchBytesMax: 100_000 });
    const appended = append(linesWith(1_000, poison).join(""));
    await clock.advance(100);
    assert.deepEqual([appended.state, batcher.blocked], ["RefusedLinesError", undefined]);
    assert.deepEqual([quarantine.lines.length, service.lines.length], [300, 700]);
  }
});

test("isolating a batch full of refused lines does not hold up the next batches", async () => {
  const service = new Service(refusesPut(hasPoison));
  const answer = service.decide;
  const { append, clock, batcher } = batcherOver(
    Object.assign(service, {
      put: async (records: readonly Uint8Array[]) => {
        const texts = records.map(service.read);
        service.puts.push(texts);
        await new Promise<void>((resolve) => clock.after(50, resolve));
        return answer(texts);
      },
    }),
    { lingerMs: 0, putsInFlightMax: 1 },
  );
  // Every second line: nearly as many puts as lines, 50 ms each.
  append(
    linesWith(
      400,
      Array.from({ length: 200 }, (_, i) => 2 * i),
    ).join(""),
  );
  await clock.advance(500);
  for (let i = 0; i < 10; i++) {
    const good = append(`good ${i}\n`);
    await clock.advance(200);
    assert.equal(good.state, "durable");
  }
  assert.ok(batcher.pendingBytes > 0, "the isolation is still under way");
});
