import assert from "node:assert/strict";
import { test } from "node:test";
import { gunzipSync, zstdDecompressSync } from "node:zlib";
import { compressorOf, rawBytesThatFit } from "../../src/batch/compress.ts";
import { assertLinesFit, cutAt } from "../../src/batch/pack.ts";
import { Packer } from "../../src/batch/packer.ts";
import type { Compression } from "../../src/compression.ts";
import { LineSource } from "../../src/plan/series.ts";
import { seededRandom } from "../support/virtual-clock.ts";
import { lineOf } from "./held-sink.ts";

const bytesOf = (text: string) => new TextEncoder().encode(text);
const mebibyte = 1 << 20;

function packer(
  recordBytesMax: number,
  compression: Compression,
  flag?: number,
  target = recordBytesMax,
): Packer {
  const limits = { recordBytesMax, recordBytesTarget: target, putRecordsMax: 500, putBytesMax: 4 * mebibyte };
  return new Packer({ limits, compression, recordBytesMax: flag });
}

test("lines are cut behind the last whole line that fits: one below, at and above the limit", () => {
  const lines = bytesOf("aaa\nbbb\nccc\n");
  assert.deepEqual(
    [4, 5, 7, 8, 9, 11, 12, 13].map((bytesMax) => cutAt(lines, 0, bytesMax)),
    [4, 4, 4, 8, 8, 8, 12, 12],
  );
  assert.equal(cutAt(lines, 4, 4), 8);
  assert.throws(() => cutAt(lines, 0, 3), RangeError);
  assert.throws(() => cutAt(lines, 4, 3), RangeError);
});

test("lines fit when each is at most the limit and the last one ends", () => {
  assertLinesFit(bytesOf(`${lineOf(10)}\n${lineOf(9)}${lineOf(10)}`), 10);
  assert.throws(() => assertLinesFit(bytesOf(`${lineOf(10)}${lineOf(11)}\n`), 10), RangeError);
  assert.throws(() => assertLinesFit(bytesOf(lineOf(11)), 10), RangeError);
  assert.throws(() => assertLinesFit(bytesOf("a\nb"), 10), RangeError);
});

test("records hold whole lines up to the limit, in order and without gaps", async () => {
  const random = seededRandom(3);
  for (let round = 0; round < 200; round++) {
    const lines = Array.from({ length: 1 + Math.floor(random() * 20) }, () =>
      lineOf(1 + Math.floor(random() * 30)),
    );
    const all = bytesOf(lines.join(""));
    const records = await packer(30, "none").pack(all);
    let at = 0;
    for (const { data, start, end } of records) {
      assert.deepEqual([start, data.length], [at, end - start]);
      assert.ok(data.length <= 30 && data.at(-1) === 0x0a);
      // As few records as can be: the next line would not have fitted.
      const nextEnd = all.indexOf(0x0a, end) + 1;
      assert.ok(end === all.length || nextEnd - start > 30);
      at = end;
    }
    assert.equal(at, all.length);
  }
});

for (const [name, decompress] of [
  ["gzip", gunzipSync],
  ["zstd", zstdDecompressSync],
] as const) {
  test(`each ${name} record is complete by itself, and all of them in a row are one valid file`, async () => {
    const lines = bytesOf(Array.from({ length: 500 }, (_, i) => `{"name":"x","time":${i}}\n`).join(""));
    const records = await packer(mebibyte, name, 1_000).pack(lines);
    assert.ok(records.length > 10);
    for (const { data, start, end } of records) {
      assert.deepEqual(Uint8Array.from(decompress(data)), lines.slice(start, end));
      assert.ok(data.length < end - start);
    }
    const file = Buffer.concat(records.map(({ data }) => data));
    assert.deepEqual(Uint8Array.from(name === "gzip" ? gunzipSync(file) : unzstd(file)), lines);
  });

  test(`incompressible bytes that are said to fit do fit as ${name}`, async () => {
    const random = seededRandom(5);
    for (const limit of [66, 100, 1_000, 65_536, 131_072, 1_024_000, mebibyte]) {
      const raw = Uint8Array.from({ length: rawBytesThatFit(limit, name) }, () => random() * 256);
      const data = await compressorOf(name)?.(raw);
      assert.ok(
        data !== undefined && data.length <= limit,
        `${raw.length} became ${data?.length}, of ${limit}`,
      );
      assert.deepEqual(Uint8Array.from(decompress(data)), raw);
    }
  });
}

test("without compression a record holds as many lines as the sink takes", () => {
  assert.equal(rawBytesThatFit(mebibyte, "none"), mebibyte);
  assert.equal(compressorOf("none"), undefined);
});

for (const compression of ["gzip", "zstd"] as const) {
  test(`records grow to the sink's target once it is known how well ${compression} does`, async () => {
    const source = new LineSource({ series: 10_000, samplesPerSecond: 10_000 }, seededRandom(1));
    const packing = packer(mebibyte, compression, undefined, 100_000);
    const sizes: number[][] = [];
    for (let batch = 0; batch < 6; batch++) {
      const records = await packing.pack(bytesOf(source.next(11_000)));
      assert.deepEqual([records[0]?.start, records.at(-1)?.end], [0, records.at(-1)?.end]);
      sizes.push(records.map(({ data }) => data.length));
    }
    assert.ok(
      sizes[0]!.every((size) => size < 70_000),
      `${sizes[0]}`,
    );
    for (const size of sizes.slice(1).map((each) => each[0]!)) {
      assert.ok(size > 90_000 && size < 104_000, `${size} of 100000`);
    }
  });

  test(`lines that suddenly compress badly still fit a record, with ${compression}`, async () => {
    const random = seededRandom(2);
    const packing = packer(100_000, compression);
    const easy = bytesOf(lineOf(100).repeat(20_000));
    for (let i = 0; i < 20; i++) await packing.pack(easy);
    const hard = Uint8Array.from({ length: 1_500_000 }, () => 32 + random() * 90);
    for (let at = 99; at < hard.length; at += 100) hard[at] = 0x0a;
    const records = await packing.pack(hard);
    let at = 0;
    for (const { data, start, end } of records) {
      assert.equal(start, at);
      assert.ok(data.length <= 100_000, `${data.length}`);
      assert.equal(hard[end - 1], 0x0a);
      at = end;
    }
    assert.equal(at, hard.length);
    assert.ok(records.length < 40, `${records.length}`);
  });
}

test("a small rest goes into the record before it, a large one becomes its own", async () => {
  const source = new LineSource({ series: 10_000, samplesPerSecond: 10_000 }, seededRandom(1));
  const packing = packer(mebibyte, "gzip", undefined, 100_000);
  const all = bytesOf(source.next(20_000));
  const fill = (await packing.pack(all).then(() => packing.pack(all)))[0]!.end;
  const recordsOf = async (bytes: number) =>
    (await packing.pack(all.subarray(0, all.lastIndexOf(0x0a, bytes) + 1))).length;
  assert.deepEqual(
    [await recordsOf(fill), await recordsOf(fill * 1.1), await recordsOf(fill * 1.2)],
    [1, 1, 2],
  );
});

test("a bound that was asked for holds before compression, and above what suits the sink", async () => {
  const lines = bytesOf(lineOf(100).repeat(1_000));
  const none = await packer(mebibyte, "none", 50_000, 20_000).pack(lines);
  assert.deepEqual(
    none.map(({ data }) => data.length),
    [50_000, 50_000],
  );
  const target = await packer(mebibyte, "none", undefined, 20_000).pack(lines);
  assert.equal(target.length, 5);
  const gzip = packer(mebibyte, "gzip", 50_000, 20_000);
  for (let i = 0; i < 5; i++) assert.equal((await gzip.pack(lines)).length, 2);
  assert.equal((await gzip.pack(lines.subarray(0, 51_000))).length, 2);
});

/** All frames of a file, as the zstd program reads it. */
function unzstd(file: Uint8Array): Uint8Array {
  const magic = Buffer.of(0x28, 0xb5, 0x2f, 0xfd);
  const frames: Uint8Array[] = [];
  for (let start = 0; start < file.length; ) {
    const next = Buffer.from(file).indexOf(magic, start + 1);
    const end = next < 0 ? file.length : next;
    frames.push(zstdDecompressSync(file.subarray(start, end)));
    start = end;
  }
  return Buffer.concat(frames);
}
