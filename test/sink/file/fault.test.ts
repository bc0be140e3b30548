import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { ConfigError } from "../../../src/errors.ts";
import { type OpenFile, systemFiles } from "../../../src/sink/file/system.ts";
import { openFileSink } from "../../../src/sink/file.ts";
import type { Outcome } from "../../../src/sink/sink.ts";
import {
  assertRetryable,
  bytes,
  errno,
  eventually,
  lines,
  putDurable,
  sinkOptions,
  withFile,
} from "../../support/file-sink.ts";
import { archiveLines, filesUnder, withTemporaryDirectory } from "../../support/temporary-directory.ts";

const never = new AbortController().signal;

test("a full disk in the middle of a write leaves no torn line and passes by itself", async () => {
  await withTemporaryDirectory(async (directory) => {
    let room = 12;
    const files = withFile((file) => ({
      ...file,
      write: async (data, position) => {
        if (room <= 0) throw errno("ENOSPC");
        const written = await file.write(data.subarray(0, room), position);
        room -= written;
        return written;
      },
    }));
    const sink = await openFileSink(sinkOptions(directory, { files, compression: "none" }));
    await putDurable(sink, `{"a":0}\n`);
    const [outcome] = await sink.put([bytes(`{"lost":"0123456789"}\n`)], never);
    assertRetryable(
      outcome!,
      "ENOSPC",
      /cannot write to .*\.ndjson\.part: ENOSPC: no space left.*free some space/,
    );
    assert.deepEqual(await archiveLines(directory, "all"), lines(1));
    room = 1000;
    await putDurable(sink, `{"a":1}\n`);
    await sink.close();
    assert.deepEqual(await archiveLines(directory, "finished"), lines(2));
    assert.equal((await filesUnder(directory)).length, 1);
  });
});

test("short writes are completed", async () => {
  await withTemporaryDirectory(async (directory) => {
    const files = withFile((file) => ({
      ...file,
      write: (data, position) => file.write(data.subarray(0, 3), position),
    }));
    const sink = await openFileSink(sinkOptions(directory, { files }));
    await putDurable(sink, ...lines(5));
    await sink.close();
    assert.deepEqual(await archiveLines(directory, "finished"), lines(5));
  });
});

for (const [what, fault] of [
  ["fsync", { datasync: () => Promise.reject(errno("EIO")) }],
  [
    "truncate after a failed write",
    {
      write: async () => Promise.reject(errno("ENOSPC")),
      truncate: () => Promise.reject(errno("EIO")),
    },
  ],
] as const) {
  test(`a file whose ${what} failed is never written again, what was acked in it is kept`, async () => {
    await withTemporaryDirectory(async (directory) => {
      let isFaulty = false;
      const files = withFile((file) => {
        const faulty: OpenFile = { ...file, ...fault };
        return {
          ...file,
          datasync: () => (isFaulty ? faulty : file).datasync(),
          truncate: (length) => (isFaulty ? faulty : file).truncate(length),
          write: (data, position) => (isFaulty ? faulty : file).write(data, position),
        };
      });
      const sink = await openFileSink(sinkOptions(directory, { files }));
      await putDurable(sink, `{"a":0}\n`);
      isFaulty = true;
      const [outcome] = await sink.put([bytes(`{"lost":1}\n`)], never);
      assert.equal(outcome!.kind, "retryable");
      isFaulty = false;
      await putDurable(sink, `{"a":1}\n`);
      await sink.close();
      assert.equal((await filesUnder(directory)).length, 2);
      assert.deepEqual(await archiveLines(directory, "finished"), lines(2));
    });
  });
}

test("a file that cannot be opened is a retryable outcome that says what to do", async () => {
  await withTemporaryDirectory(async (directory) => {
    let code: string | undefined;
    const create = (path: string) =>
      code === undefined ? systemFiles.create(path) : Promise.reject(errno(code));
    const sink = await openFileSink(sinkOptions(directory, { files: { ...systemFiles, create } }));
    for (code of ["EMFILE", "EACCES", "ENOSPC", "EROFS"]) {
      const [outcome] = await sink.put([bytes(`{"a":0}\n`)], never);
      assertRetryable(outcome!, code, new RegExp(`cannot create ${directory}/2026/.*: ${code}: .*; `));
    }
    code = undefined;
    await putDurable(sink, `{"a":0}\n`);
    await sink.close();
  });
});

test("a file that cannot be finished is kept and finished at the next rotation", async () => {
  await withTemporaryDirectory(async (directory) => {
    let isFull = true;
    const create = (path: string) =>
      isFull && path.endsWith(".tmp") && path.includes("/2026/")
        ? Promise.reject(errno("ENOSPC"))
        : systemFiles.create(path);
    const options = sinkOptions(directory, { files: { ...systemFiles, create }, rotateBytes: 1 });
    const sink = await openFileSink(options);
    await putDurable(sink, `{"a":0}\n`);
    await putDurable(sink, `{"a":1}\n`);
    isFull = false;
    await putDurable(sink, `{"a":2}\n`);
    await eventually(async () => (await archiveLines(directory, "finished")).length === 3);
    await sink.close();
    assert.deepEqual(await archiveLines(directory, "finished"), lines(3));
  });
});

test("records are written again when the open file was moved, removed or replaced", async () => {
  for (const interfere of [
    (path: string) => rename(path, `${path}.elsewhere`),
    (path: string) => rm(path),
    async (path: string) => {
      await rm(path);
      await writeFile(path, "");
    },
    (path: string) =>
      rm(join(path, "../../../../.."), { recursive: true }).then(() => mkdir(join(path, "../../../../.."))),
  ]) {
    await withTemporaryDirectory(async (parent) => {
      const directory = join(parent, "archive");
      const sink = await openFileSink(sinkOptions(directory));
      await putDurable(sink, `{"before":1}\n`);
      await interfere(join(directory, (await filesUnder(directory))[0]!));
      await putDurable(sink, `{"a":0}\n`);
      await sink.close();
      assert.ok((await archiveLines(directory, "finished")).includes(`{"a":0}\n`));
    });
  }
});

test("while the archive directory is gone puts are retryable, and they work once it is back", async () => {
  await withTemporaryDirectory(async (parent) => {
    const directory = join(parent, "archive");
    const sink = await openFileSink(sinkOptions(directory));
    await putDurable(sink, `{"before":1}\n`);
    await rename(directory, join(parent, "elsewhere"));
    assertRetryable(
      (await sink.put([bytes(`{"a":0}\n`)], never))[0]!,
      "ENOENT",
      /create the directory again/,
    );
    await mkdir(directory);
    await putDurable(sink, `{"a":0}\n`);
    await sink.close();
    assert.deepEqual(await archiveLines(directory, "finished"), lines(1));
  });
});

test("a path that is a file, or under one, or that cannot be written, is a ConfigError", async () => {
  await withTemporaryDirectory(async (directory) => {
    const path = join(directory, "file");
    await writeFile(path, "");
    for (const bad of [path, join(path, "under"), "/proc/no/such"]) {
      await assert.rejects(openFileSink(sinkOptions(bad)), (error) => {
        assert.ok(error instanceof ConfigError);
        assert.equal(error.exitCode, 1);
        assert.ok(error.message.startsWith(`cannot archive to file:${bad}: `), error.message);
        return true;
      });
    }
    const files = { ...systemFiles, create: () => Promise.reject(errno("EACCES")) };
    await assert.rejects(openFileSink(sinkOptions(directory, { files })), /permission denied; let the user/);
  });
});

const mountRefusal = tmpfsRefusal();
test("a real full disk: refused while it is full, nothing torn, works when there is room", {
  ...(mountRefusal === undefined ? {} : { skip: mountRefusal }),
}, async () => {
  await withTemporaryDirectory(async (parent) => {
    const directory = join(parent, "disk");
    await mkdir(directory);
    assert.equal(spawnSync("mount", ["-t", "tmpfs", "-o", "size=256k", "none", directory]).status, 0);
    try {
      await writeFile(join(directory, "ballast"), "x".repeat(100_000));
      const sink = await openFileSink(sinkOptions(directory));
      const acked: string[] = [];
      let refused: Outcome | undefined;
      for (let at = 0; refused === undefined; at++) {
        const line = `{"at":${at},"pad":"${"p".repeat(10_000)}"}\n`;
        const [outcome] = await sink.put([bytes(line)], never);
        if (outcome!.kind === "durable") acked.push(line);
        else refused = outcome;
      }
      assertRetryable(refused, "ENOSPC", /no space left/);
      assert.deepEqual(await archiveLinesBesides(directory), acked);
      await rm(join(directory, "ballast"));
      await putDurable(sink, `{"after":1}\n`);
      await sink.close();
      assert.deepEqual(await archiveLines(directory, "finished"), [...acked, `{"after":1}\n`]);
    } finally {
      spawnSync("umount", [directory]);
    }
  });
});

async function archiveLinesBesides(directory: string): Promise<readonly string[]> {
  return (await archiveLines(directory, "all")).filter((line) => line.startsWith("{"));
}

function tmpfsRefusal(): string | undefined {
  if (process.getuid?.() !== 0) return "mounting a small disk needs root";
  const inNamespace = spawnSync("unshare", ["-m", "mount", "-t", "tmpfs", "none", "/mnt"]);
  return inNamespace.status === 0 ? undefined : "mounting a small disk is not permitted here";
}
