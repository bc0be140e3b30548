import assert from "node:assert/strict";
import { test } from "node:test";
import { ConfigError } from "../../../src/errors.ts";
import { type OpenSpoolOptions, openSpool } from "../../../src/sink/spool/open.ts";
import { encodeSegmentHeader } from "../../../src/sink/spool/segment.ts";
import { crc32c } from "../../../src/wire/crc32c.ts";
import { CrashingFiles, fault } from "../../support/crashing-files.ts";
import { HandClock } from "../../support/file-sink.ts";
import { silentLog } from "../../support/silent-log.ts";
import { begin, never, putDurable, readToMark, spoolMetrics, spoolOptions } from "../../support/spool.ts";
import { seededRandom } from "../../support/virtual-clock.ts";

const directory = "/spool";
const noHold = async () => ({ release: async () => undefined });
const segmentPath = (number: number) => `${directory}/${String(number).padStart(12, "0")}.segment`;
const line = (at: number) => `{"a":${at}}\n`;
const textOf = ({ lines }: { readonly lines: Uint8Array }) => new TextDecoder().decode(lines);

/** A closed spool with `count` segments of one line each. */
async function spooled(count: number): Promise<{ files: CrashingFiles; options: OpenSpoolOptions }> {
  const files = new CrashingFiles(seededRandom(1));
  const options = spoolOptions(directory, { files, hold: noHold, segmentBytes: 1 });
  const spool = await openSpool(options);
  for (let at = 1; at <= count; at++) await putDurable(spool, line(at));
  await spool.close();
  return { files, options };
}

async function write(files: CrashingFiles, path: string, bytes: Uint8Array): Promise<void> {
  const file = await (files.contents(path) === undefined ? files.create(path) : files.openToWrite(path));
  await file.write(bytes, 0);
}

test("foreign files and directories are left alone", async () => {
  const { files, options } = await spooled(2);
  await write(files, `${directory}/notes.txt`, new Uint8Array(3));
  await write(files, `${directory}/1.segment`, new Uint8Array(3));
  await write(files, `${directory}/000000000000.segment`, new Uint8Array(3));
  await files.makeDirectory(segmentPath(9));
  const spool = await openSpool(options);
  assert.deepEqual((await readToMark(spool)).map(textOf), [line(1), line(2)]);
  await spool.close();
  assert.ok(files.contents(`${directory}/notes.txt`) !== undefined);
});

test("empty segments and segments of zeros hold nothing and go away", async () => {
  const { files, options } = await spooled(1);
  await write(files, segmentPath(2), new Uint8Array(0));
  await write(files, segmentPath(3), new Uint8Array(5000));
  const metrics = spoolMetrics();
  const spool = await openSpool({ ...options, metrics });
  const frames = await readToMark(spool);
  assert.deepEqual(frames.map(textOf), [line(1)]);
  assert.equal((await metrics.damagedFrames.get()).values[0]!.value, 0);
  await spool.moveCursor({ position: frames[0]!.end, object: undefined });
  assert.equal(spool.status().segments, 1);
  await spool.close();
});

test("a spool of a later version is refused, whether its segments or its cursor say so", async () => {
  const later = encodeSegmentHeader({ segment: 7, createdMs: 1 });
  later[8] = 2;
  new DataView(later.buffer).setUint32(28, crc32c(later.subarray(0, 28)), true);
  const { files, options } = await spooled(1);
  await write(files, segmentPath(7), later);
  const isRefusal = (error: unknown) => {
    assert.ok(error instanceof ConfigError && error.exitCode === 1);
    assert.match(error.message, /format 2, this program knows 1; use the program that wrote it/);
    return true;
  };
  await assert.rejects(openSpool(options), isRefusal);
  const other = await spooled(1);
  const spool = await openSpool(other.options);
  await spool.moveCursor(spool.cursor);
  await spool.close();
  const bytes = other.files.contents(`${directory}/cursor`)!.subarray(4096);
  bytes[8] = 2;
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const end = 24 + view.getUint32(12, true);
  view.setUint32(end, crc32c(bytes.subarray(0, end)), true);
  await assert.rejects(openSpool(other.options), isRefusal);
});

test("a cursor that is damaged or gone means starting with the oldest segment", async () => {
  for (const spoil of ["zeros", "removed", "cut"] as const) {
    const { files, options } = await spooled(2);
    const path = `${directory}/cursor`;
    if (spoil === "zeros") files.contents(path)!.fill(0);
    else if (spoil === "removed") await files.remove(path);
    else await (await files.openToWrite(path)).truncate(10);
    const spool = await openSpool(options);
    assert.deepEqual(spool.cursor.position, { segment: 1, offsetBytes: 32 });
    assert.deepEqual((await readToMark(spool, spool.cursor.position)).map(textOf), [line(1), line(2)]);
    await spool.close();
  }
});

test("a cursor in the middle of a frame ships that frame once more; one behind the end has shipped it", async () => {
  for (const [offsetBytes, expected] of [
    [40, [line(1), line(2)]],
    [1_000_000, [line(2)]],
  ] as const) {
    const { options } = await spooled(2);
    const before = await openSpool(options);
    await before.moveCursor({ position: { segment: 1, offsetBytes }, object: undefined });
    await before.close();
    const spool = await openSpool(options);
    assert.deepEqual((await readToMark(spool, spool.cursor.position)).map(textOf), expected);
    await spool.close();
  }
});

test("a segment that somebody removes is told and passed over; one that is cut gives what is left", async () => {
  const { files, options } = await spooled(3);
  const metrics = spoolMetrics();
  const errors: string[] = [];
  const log = { ...silentLog, error: (message: string) => errors.push(message) };
  const spool = await openSpool({ ...options, metrics, log });
  await files.remove(segmentPath(2));
  await (await files.openToWrite(segmentPath(3))).truncate(50);
  assert.deepEqual((await readToMark(spool)).map(textOf), [line(1)]);
  assert.match(errors.join("\n"), /a segment of the spool was removed by someone/);
  assert.equal((await metrics.damagedFrames.get()).values[0]!.value, 1);
  await putDurable(spool, line(4));
  await files.remove(files.paths().findLast((path) => path.endsWith(".segment"))!);
  await putDurable(spool, line(5));
  assert.ok((await readToMark(spool)).map(textOf).includes(line(5)));
  await spool.close();
});

test("a spool whose directory is away for a while has lost nothing when it is back", async () => {
  const { files, options } = await spooled(2);
  const clock = new HandClock();
  const metrics = spoolMetrics();
  const spool = await openSpool({ ...options, clock, metrics });
  let isAway = true;
  files.before = ({ operation }) => {
    if (isAway && (operation === "open" || operation === "status")) throw fault("ENOENT");
  };
  const first = spool.read(begin, never);
  for (let at = 0; at < 30; at++) {
    await new Promise((resolve) => setImmediate(resolve));
    clock.advance(1000);
  }
  isAway = false;
  const ticking = setInterval(() => clock.advance(1000), 1);
  try {
    assert.equal(textOf((await first)!), line(1));
    assert.deepEqual((await readToMark(spool)).map(textOf), [line(1), line(2)]);
  } finally {
    clearInterval(ticking);
  }
  assert.equal((await metrics.damagedFrames.get()).values[0]!.value, 0);
  await spool.close();
});

test("what the disk cannot read is tried again, then passed over and kept; the rest is read", async () => {
  const files = new CrashingFiles(seededRandom(1));
  const long = (at: number) => `{"a":${at},"pad":"${"x".repeat(9000)}"}\n`;
  const options = spoolOptions(directory, { files, hold: noHold });
  const first = await openSpool(options);
  for (let at = 0; at < 4; at++) await putDurable(first, long(at));
  await first.close();
  const clock = new HandClock();
  const metrics = spoolMetrics();
  // The second page of the segment is bad, within the first frame.
  const spool = await openSpool({ ...options, clock, metrics, files: badPage(files, segmentPath(1), 1) });
  const ticking = setInterval(() => clock.advance(1000), 1);
  try {
    assert.deepEqual((await readToMark(spool)).map(textOf), [long(1), long(2), long(3)]);
  } finally {
    clearInterval(ticking);
  }
  assert.equal((await metrics.damagedFrames.get()).values[0]!.value, 1);
  await spool.moveCursor({ position: { segment: 2, offsetBytes: 32 }, object: undefined });
  await spool.close();
  assert.ok(files.contents(`${directory}/damaged/000000000001.segment`) !== undefined);
});

test("no segment has a number that another had, also when all are shipped", async () => {
  const { options } = await spooled(3);
  for (const expected of [4, 5, 6]) {
    const spool = await openSpool(options);
    await putDurable(spool, line(0));
    let last = await spool.read(begin, never);
    while (last!.start.segment < expected) last = await spool.read(last!.end, never);
    await spool.moveCursor({ position: last!.end, object: undefined });
    await spool.close();
  }
});

function badPage(files: CrashingFiles, path: string, page: number): CrashingFiles {
  const { open } = files;
  const isBad = (position: number, length: number) =>
    position < (page + 1) * 4096 && position + length > page * 4096;
  files.open = async (opened) => {
    const file = await open.call(files, opened);
    if (opened !== path) return file;
    return {
      ...file,
      read: (bytes, position) =>
        isBad(position, bytes.length) ? Promise.reject(fault("EIO")) : file.read(bytes, position),
    };
  };
  return files;
}
