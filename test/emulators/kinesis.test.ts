import assert from "node:assert/strict";
import { test } from "node:test";
import { createKinesisSink } from "../../src/sink/kinesis.ts";
import { neverAborted } from "../support/aws-stand-in.ts";
import { type KinesisEmulator, startKinesalite, startKinesisLocal } from "../support/kinesis-emulator.ts";

/** Emulators hold the limit of before October 2025. */
const putBytesMax = 5 * 1024 * 1024;
const emulators = { kinesalite: startKinesalite, "kinesis-local": startKinesisLocal };

async function withEmulator(
  start: () => Promise<KinesisEmulator>,
  run: (emulator: KinesisEmulator) => Promise<void>,
): Promise<void> {
  const emulator = await start();
  try {
    await run(emulator);
  } finally {
    await emulator.close();
  }
}

const line = (i: number, bytes: number) => `{"name":"m","time":${i},"pad":"${"x".repeat(bytes)}"}\n`;
const textOf = (records: readonly Uint8Array[]) => records.map((record) => new TextDecoder().decode(record));

for (const [name, start] of Object.entries(emulators)) {
  test(`${name} gives back every line of every record, from all shards`, () =>
    withEmulator(start, async (emulator) => {
      await emulator.createStream("metrics", 4);
      const sink = createKinesisSink({
        client: emulator.client,
        stream: "metrics",
        random: Math.random,
        putBytesMax,
      });
      const lines = Array.from({ length: 3_000 }, (_, i) => line(i, i % 200));
      const records = Array.from({ length: 300 }, (_, i) =>
        new TextEncoder().encode(lines.slice(i * 10, i * 10 + 10).join("")),
      );
      const outcomes = await sink.put(records, neverAborted);
      assert.deepEqual(new Set(outcomes.map(({ kind }) => kind)), new Set(["durable"]));
      const shards = await emulator.read("metrics");
      assert.equal(shards.length, 4);
      // 75 a shard are expected; 30 is six standard deviations away.
      for (const shard of shards) assert.ok(shard.length >= 30, shards.map((s) => s.length).join(" "));
      const read = shards
        .flatMap(textOf)
        .join("")
        .split(/(?<=\n)/);
      const byText = (a: string, b: string) => (a < b ? -1 : 1);
      assert.deepEqual(read.sort(byText), [...lines].sort(byText));
    }));

  test(`${name} takes a put at its limits, and names a stream that does not exist`, () =>
    withEmulator(start, async (emulator) => {
      await emulator.createStream("metrics", 1);
      const options = { client: emulator.client, random: Math.random, putBytesMax };
      const sink = createKinesisSink({ ...options, stream: "metrics" });
      const { recordBytesMax, putRecordsMax } = sink.limits;
      const largest = new Uint8Array(recordBytesMax).map((_, i) => i & 0xff);
      const large = [largest, largest, largest, largest];
      assert.deepEqual(
        new Set((await sink.put(large, neverAborted)).map(({ kind }) => kind)),
        new Set(["durable"]),
      );
      const many = Array.from({ length: putRecordsMax }, (_, i) => new TextEncoder().encode(`${i}`));
      assert.deepEqual(
        new Set((await sink.put(many, neverAborted)).map(({ kind }) => kind)),
        new Set(["durable"]),
      );
      const read = (await emulator.read("metrics")).flat();
      assert.equal(read.length, large.length + many.length);
      assert.ok(read.slice(0, 4).every((record) => Buffer.from(record).equals(largest)));

      const [missing] = await createKinesisSink({ ...options, stream: "no-such" }).put(
        many.slice(0, 1),
        neverAborted,
      );
      assert.ok(missing?.kind === "permanent", JSON.stringify(missing));
      assert.equal(missing.reason, "ResourceNotFoundException");
    }));
}
