import assert from "node:assert/strict";
import { mkdir, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { checkDirectory, holderStep, sizeText } from "../../src/check/directory.ts";
import type { Step, Steps } from "../../src/check/step.ts";
import { systemClock } from "../../src/clock.ts";
import { type Files, systemFiles } from "../../src/sink/file/system.ts";
import { holdDirectory } from "../../src/sink/spool/hold.ts";
import { errno } from "../support/file-sink.ts";
import { withDirectory } from "../support/program.ts";

async function all(steps: Steps): Promise<readonly Step[]> {
  const found: Step[] = [];
  for await (const step of steps) found.push(step);
  return found;
}

function options(path: string, more: { bytesMax?: number; files?: Files } = {}) {
  return { name: "spool", flag: "--spool-dir", path, clock: systemClock, random: Math.random, ...more };
}

test("a directory that can be written is left as it was", async () => {
  await withDirectory(async (directory) => {
    const [written, space] = await all(checkDirectory(options(directory)));
    assert.equal(written?.status, "ok");
    assert.match(written?.message ?? "", /can be written, fsync takes \d+\.\d ms$/);
    assert.match(space?.message ?? "", /^[\d.]+ [GMT]iB of [\d.]+ [GT]iB free$/);
    assert.deepEqual(await readdir(directory), []);
  });
});

test("of a directory that is not there yet, the one is tried that it will be created in", async () => {
  await withDirectory(async (directory) => {
    const path = join(directory, "a/b/c");
    const [written] = await all(checkDirectory(options(path)));
    assert.match(
      written?.message ?? "",
      new RegExp(`^${path} is to be created, ${directory} can be written`),
    );
    assert.deepEqual(await readdir(directory), []);
    assert.equal((await holderStep(options(path))).message, "nobody holds it");
  });
});

test("what keeps a directory from being written is told", async () => {
  await withDirectory(async (directory) => {
    await writeFile(join(directory, "file"), "");
    const [inFile] = await all(checkDirectory(options(join(directory, "file/spool"))));
    assert.equal(inFile?.status, "failed");
    assert.match(inFile?.message ?? "", /ENOTDIR: a part of the path is not a directory/);
    const [isFile] = await all(checkDirectory(options(join(directory, "file"))));
    assert.equal(isFile?.status, "failed");
    const files: Files = { ...systemFiles, create: () => Promise.reject(errno("EACCES")) };
    const [refused, more] = await all(checkDirectory(options(directory, { files })));
    assert.equal(refused?.status, "failed");
    assert.match(refused?.message ?? "", /^cannot create .*: EACCES: permission denied/);
    assert.match(refused?.todo ?? "", /choose another --spool-dir/);
    assert.equal(more, undefined);
  });
});

test("a spool that may grow beyond the disk is told, with what it has used", async () => {
  await withDirectory(async (directory) => {
    await mkdir(join(directory, "damaged"));
    await writeFile(join(directory, "segment"), new Uint8Array(3_000_000));
    const [, space] = await all(checkDirectory(options(directory, { bytesMax: 2 ** 50 })));
    assert.equal(space?.status, "warning");
    assert.match(
      space?.message ?? "",
      /2\.9 MiB used of 1024 TiB that it may have: the disk is full before that/,
    );
    const [, enough] = await all(checkDirectory(options(directory, { bytesMax: 4_000_000 })));
    assert.equal(enough?.status, "ok");
  });
});

test("whoever holds a spool is named, and holding it goes on", async () => {
  await withDirectory(async (directory) => {
    const hold = await holdDirectory({ directory, clock: systemClock, random: Math.random });
    try {
      const step = await holderStep(options(directory));
      assert.match(step.message, new RegExp(`^process ${process.pid} on host .*, since 20.* holds it`));
      assert.equal(step.status, "ok");
    } finally {
      await hold.release();
    }
    assert.equal((await holderStep(options(directory))).message, "nobody holds it");
  });
});

test("sizes are short", () => {
  assert.deepEqual([0, 1_536, 10_485_760, 9 * 2 ** 30, 2 ** 41].map(sizeText), [
    "0.0 KiB",
    "1.5 KiB",
    "10 MiB",
    "9.0 GiB",
    "2.0 TiB",
  ]);
});
