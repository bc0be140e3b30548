import assert from "node:assert/strict";
import { test } from "node:test";
import { systemClock } from "../../src/clock.ts";
import { createKinesisSink } from "../../src/sink/kinesis.ts";
import { sinkContract } from "../contract/sink.ts";
import { neverAborted } from "../support/aws-stand-in.ts";
import { type KinesisEmulator, startKinesalite, startKinesisLocal } from "../support/kinesis-emulator.ts";

/** Emulators hold the limit of before October 2025. */
const putBytesMax = 5 * 1024 * 1024;
const emulators = { kinesalite: startKinesalite, "kinesis-local": startKinesisLocal };
const linesOf = (records: readonly Uint8Array[]) =>
  records.flatMap((record) => new TextDecoder().decode(record).match(/[^\n]*\n/g) ?? []);
const byText = (a: string, b: string) => (a < b ? -1 : 1);

for (const [name, start] of Object.entries(emulators)) registerTests(name, start);

function registerTests(name: string, start: () => Promise<KinesisEmulator>): void {
  /** One for all tests; each has streams of its own. */
  let running: Promise<KinesisEmulator> | undefined;
  let streams = 0;
  const open = async (shards: number, stream = `metrics-${++streams}`) => {
    running ??= start();
    const emulator = await running;
    await emulator.createStream(stream, shards);
    const { client } = emulator;
    const sink = createKinesisSink({ client, stream, random: Math.random, clock: systemClock, putBytesMax });
    return { client, sink, read: () => emulator.read(stream) };
  };

  sinkContract(`kinesis on ${name}`, {
    async open() {
      const { sink, read } = await open(4);
      return { sink, readLines: async () => linesOf((await read()).flat()), close: () => sink.close() };
    },
  });

  test(`${name} gives back every line of every record, from all shards`, async () => {
    const { sink, read } = await open(4);
    const lines = Array.from({ length: 3_000 }, (_, i) => `{"time":${i},"pad":"${"x".repeat(i % 200)}"}\n`);
    const records = Array.from({ length: 300 }, (_, i) =>
      new TextEncoder().encode(lines.slice(i * 10, i * 10 + 10).join("")),
    );
    const outcomes = await sink.put(records, neverAborted);
    assert.deepEqual(new Set(outcomes.map(({ kind }) => kind)), new Set(["durable"]));
    const shards = await read();
    assert.equal(shards.length, 4);
    // 75 a shard are expected; 30 is six standard deviations away.
    for (const shard of shards) assert.ok(shard.length >= 30, shards.map((s) => s.length).join(" "));
    assert.deepEqual(linesOf(shards.flat()).sort(byText), [...lines].sort(byText));
  });

  test(`${name} names a stream that does not exist`, async () => {
    const { client } = await open(1);
    const sink = createKinesisSink({
      client,
      stream: "no-such",
      random: Math.random,
      clock: systemClock,
      putBytesMax,
    });
    const [outcome] = await sink.put([new Uint8Array(1)], neverAborted);
    assert.ok(outcome?.kind === "blocked", JSON.stringify(outcome));
    assert.equal(outcome.reason, "ResourceNotFoundException");
  });

  test(`${name} stops`, async () => {
    await (await running)?.close();
  });
}
