import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { openSpool } from "../../../src/sink/spool/open.ts";
import { sinkContract } from "../../contract/sink.ts";
import {
  begin,
  never,
  put,
  putDurable,
  readFrames,
  readTexts,
  spoolOptions,
  withSpool,
} from "../../support/spool.ts";
import { withTemporaryDirectory } from "../../support/temporary-directory.ts";

for (const compression of ["none", "zstd"] as const) {
  sinkContract(`spool (${compression})`, {
    open: async () => {
      const directory = await mkdtemp(join(tmpdir(), "spool-"));
      const spool = await openSpool(spoolOptions(directory, { compression }));
      return {
        sink: spool.sink,
        readLines: async () => (await readTexts(spool)).flatMap((text) => text.match(/[^\n]*\n/g) ?? []),
        close: async () => {
          await spool.close();
          await rm(directory, { recursive: true });
        },
      };
    },
  });
}

test("frames come back in order, also after a restart, with the time they were put", async () => {
  for (const compression of ["none", "zstd"] as const) {
    await withTemporaryDirectory(async (directory) => {
      const options = spoolOptions(directory, { compression });
      const records = [`{"a":1}\n`, `{"a":"${"x".repeat(10_000)}"}\n{"b":2}\n`, `{"c":3}\n`];
      await withSpool(options, async (spool) => {
        await putDurable(spool, records[0]!, records[1]!);
        await putDurable(spool, records[2]!);
        assert.deepEqual(await readTexts(spool), records);
      });
      await withSpool(options, async (spool) => {
        assert.deepEqual(await readTexts(spool), records);
        const frames = await readFrames(spool);
        assert.ok(frames.every(({ appendedMs }) => appendedMs === options.clock.now()));
        assert.deepEqual(frames[1]!.start, frames[0]!.end);
      });
    });
  }
});

test("a reader that waits gets a frame as soon as it is durable, and undefined when it is aborted", async () => {
  await withTemporaryDirectory(async (directory) => {
    await withSpool(spoolOptions(directory), async (spool) => {
      const first = spool.read(begin, never);
      await putDurable(spool, `{"a":1}\n`);
      const frame = await first;
      assert.equal(new TextDecoder().decode(frame!.lines), `{"a":1}\n`);
      const abort = new AbortController();
      const second = spool.read(frame!.end, abort.signal);
      abort.abort();
      assert.equal(await second, undefined);
    });
  });
});

test("the cursor and its object are there after a restart, and what is behind it is not", async () => {
  await withTemporaryDirectory(async (directory) => {
    const options = spoolOptions(directory, { segmentBytes: 1 });
    const key = "2026/11/23/08/ключ-1.ndjson.gz";
    await withSpool(options, async (spool) => {
      await putDurable(spool, `{"a":1}\n`);
      await putDurable(spool, `{"a":2}\n`);
      await putDurable(spool, `{"a":3}\n`);
      const [one, two, three] = await readFrames(spool);
      await spool.moveCursor({ position: two!.start, object: { key, end: three!.end } });
      assert.equal(spool.status().segments, 2);
      assert.ok(one);
    });
    await withSpool(options, async (spool) => {
      assert.equal(spool.cursor.object?.key, key);
      assert.deepEqual(await readTexts(spool, spool.cursor.position), [`{"a":2}\n`, `{"a":3}\n`]);
      await spool.moveCursor({ position: spool.cursor.object!.end, object: undefined });
      assert.deepEqual(
        { ...spool.status() },
        { bytes: 0, segments: 0, oldestMs: undefined, full: undefined },
      );
      await putDurable(spool, `{"a":4}\n`);
      assert.equal((await readFrames(spool))[0]!.start.segment, 4);
    });
  });
});

test("a spool that is open is not opened again, and a put after the end is retryable", async () => {
  await withTemporaryDirectory(async (directory) => {
    const options = spoolOptions(directory);
    const spool = await openSpool(options);
    await assert.rejects(openSpool(options), /cannot use the spool in .*: process \d+ on host .* holds it/);
    await spool.close();
    const [outcome] = await put(spool, `{"late":1}\n`);
    assert.ok(outcome!.kind === "retryable" && outcome!.reason === "closed");
    assert.equal(await spool.read(begin, never), undefined);
  });
});

test("records that are no lines or too long are refused, and their neighbours taken", async () => {
  await withTemporaryDirectory(async (directory) => {
    await withSpool(spoolOptions(directory), async (spool) => {
      const long = `${"x".repeat(spool.sink.limits.recordBytesMax)}\n`;
      const outcomes = await put(spool, `{"a":1}\n`, `{"half`, "", long);
      assert.deepEqual(
        outcomes.map(({ kind }) => kind),
        ["durable", "refused", "durable", "refused"],
      );
      assert.deepEqual(await readTexts(spool), [`{"a":1}\n`]);
    });
  });
});
