import assert from "node:assert/strict";
import { test } from "node:test";
import { BufferPool } from "../../src/batch/buffer-pool.ts";
import { durable, type Outcome } from "../../src/sink/sink.ts";
import { batcherOver, heldBatcher, lineOf } from "./held-sink.ts";

const kib = 1024;

test("buffers come in sizes that double up to the largest: one below, at and above each", () => {
  const pool = new BufferPool(100 * kib, 1 << 20);
  const sizes = [
    0,
    1,
    16 * kib - 1,
    16 * kib,
    16 * kib + 1,
    64 * kib,
    64 * kib + 1,
    100 * kib,
    100 * kib + 1,
  ];
  assert.deepEqual(
    sizes.map((bytes) => pool.take(bytes).length),
    [16, 16, 16, 16, 32, 64, 100, 100].map((size) => size * kib).concat(100 * kib + 1),
  );
  assert.equal(new BufferPool(1_000, 5_000).take(3).length, 1_000);
});

test("what is given back is taken again; no more is kept than allowed, and no odd sizes", () => {
  const pool = new BufferPool(64 * kib, 100 * kib);
  const [one, two, small] = [pool.take(64 * kib), pool.take(64 * kib), pool.take(1)];
  for (const buffer of [one, two, small]) pool.give(buffer);
  pool.give(new Uint8Array(1_000));
  assert.equal(pool.keptBytes, 80 * kib);
  assert.equal(pool.take(40 * kib), one);
  assert.notEqual(pool.take(40 * kib), two);
  assert.equal(pool.take(1), small);
  assert.equal(pool.keptBytes, 0);
});

test("a put that is deaf to its abort owns its bytes until it ends, whatever happens meanwhile", async () => {
  const { sink, clock, append, batcher } = heldBatcher({
    lingerMs: 0,
    ackTimeoutMs: 2_000,
    putTimeoutMs: 500,
  });
  const records: Uint8Array[] = [];
  const put = sink.put.bind(sink);
  sink.put = (data, signal) => {
    records.push(...data);
    return put(data, signal);
  };
  append(lineOf(900, "a"));
  await clock.advance(0);
  const [deaf] = records;
  for (let i = 0; i < 30; i++) {
    append(lineOf(900, "b"));
    await clock.advance(100);
    sink.puts.at(-1)?.answer();
  }
  assert.equal(new TextDecoder().decode(deaf), lineOf(900, "a"));
  assert.ok(batcher.pendingBytes >= 900);
  sink.puts[0]?.answer();
  await clock.settle();
  assert.equal(batcher.pendingBytes, 0);
});

test("batches that grow beside each other do not share a buffer", async () => {
  const { sink, clock, append } = heldBatcher(
    {
      lingerMs: 10,
      batchBytesMax: 200_000,
      pendingBytesMax: 10_000_000,
      recordBytesMax: 1_000,
      putsInFlightMax: 4,
    },
    { putBytesMax: 1_000_000 },
  );
  const held: (readonly Uint8Array[])[] = [];
  const put = sink.put.bind(sink);
  sink.put = (records, signal) => {
    held.push(records);
    return put(records, signal);
  };
  for (let i = 0; i < 40; i++) {
    for (let n = 0; n < 1 + (i % 5); n++)
      append(lineOf(1_000, String.fromCharCode(97 + (i % 26))).repeat(17));
    await clock.advance(20);
    for (const [at, records] of held.entries()) {
      assert.deepEqual(
        records.map((record) => new TextDecoder().decode(record)),
        sink.puts[at]!.texts,
      );
    }
    if (i % 2 === 1) {
      sink.puts.shift()?.answer();
      held.shift();
      await clock.settle();
    }
  }
});

test("through an outage memory stays near what is pending, also where a batch just outgrew a buffer", async () => {
  const lost: Outcome = { kind: "retryable", throttled: false, reason: "network", message: "lost" };
  let heldBytes = 0;
  const buffers = new Set<ArrayBufferLike>();
  const { append, clock, batcher } = batcherOver(
    {
      name: "lost:",
      limits: { recordBytesMax: 1 << 20, putRecordsMax: 500, putBytesMax: 4 << 20 },
      put: (records) => {
        for (const { buffer } of records) {
          if (buffers.size === 0 || !buffers.has(buffer)) heldBytes += buffer.byteLength;
          buffers.add(buffer);
        }
        return Promise.resolve(records.map(() => lost));
      },
      close: () => Promise.resolve(),
    },
    { lingerMs: 0, batchBytesMax: 4 << 20, pendingBytesMax: 64 << 20, putsInFlightMax: 4 },
  );
  const appended = [append(lineOf(1_000))];
  // Just above a size: a buffer would be half empty.
  for (let i = 0; i < 30; i++) {
    appended.push(append(lineOf(1_000).repeat(270)));
    await clock.advance(100);
  }
  const pendingBytes = batcher.pendingBytes;
  assert.ok(pendingBytes > 8_000_000, `${pendingBytes} pending`);
  assert.ok(heldBytes < pendingBytes * 1.25 + (1 << 20), `${heldBytes} held for ${pendingBytes} pending`);
  assert.ok(appended.every(({ state }) => state === "waiting"));
  await clock.advance(60_000);
  assert.deepEqual([batcher.pendingBytes, clock.pendingTimers], [0, 0]);
  assert.ok(appended.every(({ state }) => state !== "durable"));
});

test("the next batch does not show bytes of the one before", async () => {
  const texts: string[] = [];
  const { append, clock } = batcherOver({
    name: "texts:",
    limits: { recordBytesMax: 1 << 20, putRecordsMax: 500, putBytesMax: 4 << 20 },
    put: (records) => {
      texts.push(...records.map((record) => new TextDecoder().decode(record)));
      return Promise.resolve(records.map(() => durable));
    },
    close: () => Promise.resolve(),
  });
  for (const [i, bytes] of [9_000, 10, 500, 3, 9_500].entries()) {
    const line = lineOf(bytes, String(i));
    append(line);
    await clock.advance(100);
    assert.equal(texts.at(-1), line);
  }
});
