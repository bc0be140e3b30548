import assert from "node:assert/strict";
import { test } from "node:test";
import type { OpenSpoolOptions } from "../../../src/sink/spool/open.ts";
import type { Spool } from "../../../src/sink/spool/spool.ts";
import { CrashingFiles, fault } from "../../support/crashing-files.ts";
import { HandClock } from "../../support/file-sink.ts";
import {
  begin,
  never,
  put,
  putDurable,
  readTexts,
  readToMark,
  spoolMetrics,
  spoolOptions,
  withSpool,
} from "../../support/spool.ts";

const hold = async () => ({ release: async () => undefined });
const line = (at: number) => `{"a":${at},"pad":"${"x".repeat(900)}"}\n`;
const inMemory = (more: Partial<OpenSpoolOptions> = {}) =>
  spoolOptions("/spool", { files: new CrashingFiles(Math.random), hold, segmentBytes: 2000, ...more });

async function fill(spool: Spool): Promise<number> {
  for (let at = 0; ; at++) {
    const [outcome] = await put(spool, line(at));
    if (outcome!.kind !== "durable") return at;
  }
}

test("a spool without room refuses with what to do, and takes more once some of it is shipped", async () => {
  await withSpool(inMemory({ bytesMax: 10_000 }), async (spool) => {
    const count = await fill(spool);
    assert.ok(count >= 8, `${count}`);
    const [outcome] = await put(spool, line(100));
    assert.ok(outcome!.kind === "retryable" && outcome!.reason === "spool-full" && !outcome!.throttled);
    assert.match(
      outcome!.message,
      /the spool is full: \d+ of 10000 bytes are used.*0 s old;.*raise --spool-bytes/,
    );
    assert.equal(spool.status().full?.startsWith("the spool is full"), true);
    for (let at = 0, position = begin; at < 3; at++) {
      const frame = await spool.read(position, never);
      position = frame!.end;
      await spool.moveCursor({ position, object: undefined });
    }
    assert.equal(spool.status().full, undefined);
    await putDurable(spool, line(101));
  });
});

test("a spool of one segment that is shipped has room again", async () => {
  await withSpool(inMemory({ bytesMax: 10_000, segmentBytes: 1_000_000 }), async (spool) => {
    for (let round = 0; round < 3; round++) {
      const count = await fill(spool);
      assert.ok(count >= 8, `round ${round}: ${count}`);
      let position = spool.cursor.position;
      for (let at = 0; at < count; at++) position = (await spool.read(position, never))!.end;
      await spool.moveCursor({ position, object: undefined });
      assert.equal(spool.status().oldestMs, undefined);
    }
  });
});

test("lines that wait longer than the age limit make the spool full until they are shipped", async () => {
  const clock = new HandClock();
  await withSpool(inMemory({ clock, ageMaxMs: 60_000 }), async (spool) => {
    await putDurable(spool, line(0));
    clock.advance(60_001);
    const [outcome] = await put(spool, line(1));
    assert.ok(outcome!.kind === "retryable");
    assert.match(
      outcome!.message,
      /its oldest lines wait longer than --spool-age, 60 s; the oldest lines are 60 s old/,
    );
    const frame = await spool.read(begin, never);
    await spool.moveCursor({ position: frame!.end, object: undefined });
    await putDurable(spool, line(1));
  });
});

test("drop-oldest removes whole segments, counts what was in them and goes on", async () => {
  const metrics = spoolMetrics();
  const files = new CrashingFiles(Math.random);
  const options = inMemory({ files, bytesMax: 10_000, whenFull: "drop-oldest", metrics });
  await withSpool(options, async (spool) => {
    for (let at = 0; at < 30; at++) await putDurable(spool, line(at));
    assert.ok(spool.status().bytes <= 10_000);
    const texts = await readTexts(spool, spool.cursor.position);
    assert.deepEqual(
      texts,
      Array.from({ length: texts.length }, (_, at) => line(30 - texts.length + at)),
    );
    const dropped = (await metrics.droppedBytes.get()).values[0]!.value;
    assert.equal(dropped, Array.from({ length: 30 - texts.length }, (_, at) => line(at)).join("").length);
  });
});

test("drop-oldest with an age limit removes only segments in which all is too old", async () => {
  const clock = new HandClock();
  await withSpool(inMemory({ clock, ageMaxMs: 80_000, whenFull: "drop-oldest" }), async (spool) => {
    for (let at = 0; at < 20; at++) {
      await putDurable(spool, line(at));
      clock.advance(10_000);
    }
    const texts = await readTexts(spool);
    assert.ok(texts.length >= 8 && texts.length <= 12, `${texts.length}`);
    assert.equal(texts.at(-1), line(19));
  });
});

test("on a full disk shipping goes on, frees segments, and puts work again", async () => {
  const files = new CrashingFiles(Math.random);
  await withSpool(inMemory({ files }), async (spool) => {
    for (let at = 0; at < 6; at++) await putDurable(spool, line(at));
    let isFull = true;
    files.before = ({ operation, path }) => {
      // Writing over what is there needs no room.
      if (isFull && (operation === "create" || (operation === "write" && !path.endsWith("/cursor"))))
        throw fault("ENOSPC");
    };
    const [outcome] = await put(spool, line(6));
    assert.ok(outcome!.kind === "retryable" && outcome!.reason === "ENOSPC", JSON.stringify(outcome));
    assert.match(spool.status().full ?? "", /ENOSPC/);
    const before = spool.status().segments;
    const third = await spool.read(
      (await spool.read((await spool.read(begin, never))!.end, never))!.end,
      never,
    );
    await spool.moveCursor({ position: third!.end, object: undefined });
    assert.ok(spool.status().segments < before);
    isFull = false;
    const texts = (await readToMark(spool, third!.end)).map(({ lines }) => new TextDecoder().decode(lines));
    assert.deepEqual(texts, [line(3), line(4), line(5)]);
  });
});

test("no removed segment stays open: the disk has its space again at once", async () => {
  const files = new CrashingFiles(Math.random);
  const open = new Map<string, number>();
  let isFull = false;
  files.before = ({ operation, path }) => {
    if (isFull && operation === "write" && path.endsWith(".segment")) throw fault("ENOSPC");
    const change = { create: 1, open: 1, close: -1 }[operation as string] ?? 0;
    if (path.endsWith(".segment")) open.set(path, (open.get(path) ?? 0) + change);
  };
  await withSpool(inMemory({ files }), async (spool) => {
    await putDurable(spool, line(0));
    const frame = await spool.read(begin, never);
    const next = spool.read(frame!.end, never);
    isFull = true;
    await put(spool, line(1));
    await spool.moveCursor({ position: frame!.end, object: undefined });
    for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
    assert.ok(open.size > 0);
    assert.deepEqual(new Set(open.values()), new Set([0]));
    isFull = false;
    await putDurable(spool, line(2));
    assert.equal(new TextDecoder().decode((await next)!.lines), line(2));
  });
});
