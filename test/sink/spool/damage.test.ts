import assert from "node:assert/strict";
import { test } from "node:test";
import { openSpool } from "../../../src/sink/spool/open.ts";
import { CrashingFiles } from "../../support/crashing-files.ts";
import { put, readToMark, spoolMetrics, spoolOptions } from "../../support/spool.ts";
import { seededRandom } from "../../support/virtual-clock.ts";

const noHold = async () => ({ release: async () => undefined });
const decoder = new TextDecoder();
const directory = "/data/spool";
const first = `${directory}/000000000001.segment`;
const records = Array.from({ length: 4 }, (_, at) => `{"a":${at},"pad":"${"x".repeat(at * 9)}"}\n`);

/** A file system with these files in it. */
async function memory(contents: Readonly<Record<string, Uint8Array>> = {}): Promise<CrashingFiles> {
  const files = new CrashingFiles(seededRandom(1));
  for (const path of ["/data", directory]) await files.makeDirectory(path);
  for (const [path, bytes] of Object.entries(contents)) await (await files.create(path)).write(bytes, 0);
  return files;
}

/** The first segment after each record was put for itself; closed as on a good day, or left as a kill -9 leaves it. */
async function segmentBytes(
  how: "closed" | "killed",
  compression: "none" | "zstd" = "none",
): Promise<Uint8Array> {
  const files = await memory();
  const spool = await openSpool(spoolOptions(directory, { files, hold: noHold, compression }));
  for (const record of records) await put(spool, record);
  if (how === "closed") await spool.close();
  return files.contents(first)!.slice();
}

interface Read {
  readonly texts: readonly string[];
  readonly damaged: number;
  readonly files: CrashingFiles;
}

async function readBack(segment: Uint8Array): Promise<Read> {
  const files = await memory({ [first]: segment });
  const metrics = spoolMetrics();
  const spool = await openSpool(spoolOptions(directory, { files, metrics, hold: noHold }));
  const texts = (await readToMark(spool)).map(({ lines }) => decoder.decode(lines));
  const damaged = (await metrics.damagedFrames.get()).values[0]!.value;
  await spool.close();
  return { texts, damaged, files };
}

test("a flipped bit costs at most the frame it is in, and is counted", async () => {
  for (const compression of ["none", "zstd"] as const) {
    const segment = await segmentBytes("closed", compression);
    for (let at = 0; at < segment.length; at++) {
      for (const bit of [at % 8, (at + 3) % 8]) {
        const flipped = segment.slice();
        flipped[at]! ^= 1 << bit;
        const { texts, damaged, files } = await readBack(flipped);
        const isInFrame = at >= 32 && at < segment.length - 48;
        const where = `bit ${bit} of byte ${at}`;
        assert.equal(texts.length, records.length - Number(isInFrame), where);
        assert.deepEqual(
          texts.filter((text) => !records.includes(text)),
          [],
          where,
        );
        assert.equal(damaged, Number(isInFrame), where);
        const saved = files.paths().filter((path) => path.includes("/damaged/"));
        assert.equal(saved.length, Number(isInFrame), where);
      }
    }
  }
});

test("a segment that ends anywhere gives the frames that are whole; after a kill that is no damage", async () => {
  const segment = await segmentBytes("killed");
  for (let length = 0; length <= segment.length; length++) {
    for (const zeros of [0, 700]) {
      const torn = new Uint8Array(length + zeros);
      torn.set(segment.subarray(0, length));
      const { texts, damaged } = await readBack(torn);
      assert.deepEqual(texts, records.slice(0, texts.length));
      const whole = 32 + texts.reduce((sum, text) => sum + 48 + text.length, 0);
      assert.ok(whole <= Math.max(32, length), `${length}`);
      const next = records[texts.length];
      assert.ok(next === undefined || length < whole + 48 + next.length, `${length}`);
      assert.equal(damaged, 0);
    }
  }
});

test("bytes that are written over, cut out or put in cost what they touch", async () => {
  const segment = await segmentBytes("closed");
  const random = seededRandom(7);
  for (let round = 0; round < 500; round++) {
    const start = Math.floor(random() * segment.length);
    const end = Math.min(segment.length, start + Math.floor(random() * 200));
    const noise = Uint8Array.from({ length: end - start }, () => Math.floor(random() * 256));
    const damagedBytes = segment.slice();
    damagedBytes.set(noise, start);
    const { texts } = await readBack(damagedBytes);
    let at = 32;
    for (const record of records) {
      const stop = at + 48 + record.length;
      if (stop <= start || at >= end) assert.ok(texts.includes(record), `round ${round}`);
      at = stop;
    }
    assert.deepEqual(
      texts.filter((text) => !records.includes(text)),
      [],
    );
  }
});

test("random bytes are no frames, whatever they begin with", async () => {
  const random = seededRandom(3);
  const segment = await segmentBytes("killed");
  for (let round = 0; round < 300; round++) {
    const noise = Uint8Array.from({ length: Math.floor(random() * 3000) }, () =>
      // Many bytes that could begin a header.
      random() < 0.2 ? 0xff : Math.floor(random() * 256),
    );
    if (round % 3 === 0) noise.set(segment.subarray(0, Math.min(noise.length, Math.floor(random() * 100))));
    const { texts } = await readBack(noise);
    assert.deepEqual(
      texts.filter((text) => !records.includes(text)),
      [],
    );
  }
});

test("a frame of another segment or another place is none, though its checksums are right", async () => {
  const segment = await segmentBytes("closed");
  const files = await memory({ [`${directory}/000000000002.segment`]: segment });
  const spool = await openSpool(spoolOptions(directory, { files, hold: noHold }));
  assert.deepEqual(await readToMark(spool), []);
  await spool.close();
  const shifted = new Uint8Array(segment.length + 1);
  shifted.set(segment.subarray(0, 32));
  shifted.set(segment.subarray(32), 33);
  assert.deepEqual((await readBack(shifted)).texts, []);
});

test("damaged bytes are saved once, and the whole segment is kept where that is not possible", async () => {
  const segment = await segmentBytes("closed");
  segment[90]! ^= 1;
  const { files } = await readBack(segment);
  const saved = `${directory}/damaged/000000000001.segment-32.bytes`;
  assert.deepEqual(files.contents(saved), segment.slice(32, 32 + 48 + records[0]!.length));
  const full = await memory({ [first]: segment });
  full.before = ({ operation, path }) => {
    if (operation === "write" && path.includes("/damaged/"))
      throw Object.assign(new Error("full"), { code: "ENOSPC" });
  };
  const spool = await openSpool(spoolOptions(directory, { files: full, hold: noHold }));
  const frames = await readToMark(spool);
  await spool.moveCursor({ position: frames.at(-1)!.end, object: undefined });
  await spool.close();
  assert.deepEqual(full.contents(`${directory}/damaged/000000000001.segment`), segment);
});

test("bytes taken out of a segment or put into it are damage, not a write that never finished", async () => {
  const segment = await segmentBytes("closed");
  // In the second frame: the first is whole, and nothing behind is where it was written.
  const at = segment.indexOf(0xff, 33) + 60;
  const shorter = new Uint8Array([...segment.subarray(0, at), ...segment.subarray(at + 5)]);
  const longer = new Uint8Array([...segment.subarray(0, at), 1, 2, 3, ...segment.subarray(at)]);
  for (const changed of [shorter, longer]) {
    const { texts, damaged, files } = await readBack(changed);
    assert.deepEqual(texts, records.slice(0, 1));
    assert.ok(damaged >= 1, `${damaged}`);
    const saved = await files.list(`${directory}/damaged`);
    assert.ok(saved.length >= 1, saved.join());
  }
});
