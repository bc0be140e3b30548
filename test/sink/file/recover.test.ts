import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import type { Log, LogFields } from "../../../src/log.ts";
import { type Files, systemFiles } from "../../../src/sink/file/system.ts";
import { dropLinesWithNul } from "../../../src/sink/file/whole-lines.ts";
import { openFileSink } from "../../../src/sink/file.ts";
import { bytes, errno, HandClock, lines, putDurable, sinkOptions } from "../../support/file-sink.ts";
import { silentLog } from "../../support/silent-log.ts";
import { archiveLines, filesUnder, withTemporaryDirectory } from "../../support/temporary-directory.ts";

const hour = "2019/02/03/04";
const stem = "20190203T040506789Z-0123abcd-000007";

test("a start cuts the torn end of a part, says how much, and finishes it", async () => {
  await withTemporaryDirectory(async (directory) => {
    await leave(directory, `${stem}.ndjson.part`, `{"a":0}\n{"a":1}\n{"to`);
    const { log, events } = recordingLog();
    const sink = await openFileSink(sinkOptions(directory, { log }));
    assert.deepEqual(await filesUnder(directory), [`${hour}/${stem}.ndjson.gz`]);
    assert.deepEqual(await archiveLines(directory, "finished"), lines(2));
    const told = events.find((fields) => fields["torn_bytes_cut"] !== undefined);
    assert.equal(told?.["torn_bytes_cut"], 4);
    assert.equal(told?.["bytes"], 16);
    await sink.close();
  });
});

test("every kind of leftover is dealt with, finished and foreign files are not touched", async () => {
  await withTemporaryDirectory(async (directory) => {
    const other = "20190203T050506789Z-0123abcd-000008";
    await leave(directory, `${stem}.ndjson.0a1b2c3d.recover`, `{"a":0}\n`);
    await leave(directory, `${stem}.ndjson.gz.0a1b2c3d.tmp`, "half");
    await leave(directory, `${other}.ndjson.part`, "");
    await leave(directory, `${other}9.ndjson.part`, "only a torn end");
    await leave(directory, `${other}.ndjson.gz`, gzipSync(`{"a":1}\n`));
    await leave(directory, "notes.tmp", "mine");
    await writeFile(join(directory, "probe-0a1b2c3d.tmp"), "");
    await (await openFileSink(sinkOptions(directory))).close();
    const expected = [`${stem}.ndjson.gz`, `${other}.ndjson.gz`, "notes.tmp"].map(
      (name) => `${hour}/${name}`,
    );
    assert.deepEqual(new Set(await filesUnder(directory)), new Set(expected));
    assert.equal(await readFile(join(directory, hour, "notes.tmp"), "utf8"), "mine");
  });
});

test("a crash between the final name and the removal of the part leaves no line twice", async () => {
  for (const compression of ["none", "gzip", "zstd"] as const) {
    await withTemporaryDirectory(async (directory) => {
      await leave(directory, `${stem}.ndjson.part`, `{"a":0}\n`);
      await leave(directory, `${stem}.ndjson.gz`, gzipSync(`{"a":0}\n`));
      await (await openFileSink(sinkOptions(directory, { compression }))).close();
      assert.deepEqual(await filesUnder(directory), [`${hour}/${stem}.ndjson.gz`]);
      assert.deepEqual(await archiveLines(directory, "finished"), lines(1));
    });
  }
});

test("a leftover that cannot be read is named in the log and left, the start goes on", async () => {
  await withTemporaryDirectory(async (directory) => {
    await leave(directory, `${stem}.ndjson.part`, `{"a":0}\n`);
    const { log, events } = recordingLog();
    const open = (path: string) =>
      path.endsWith(".recover") ? Promise.reject(errno("EIO")) : systemFiles.open(path);
    const sink = await openFileSink(sinkOptions(directory, { log, files: { ...systemFiles, open } }));
    await putDurable(sink, `{"a":1}\n`);
    await sink.close();
    assert.match(String(events.find(({ error }) => error !== undefined)?.["error"]), /EIO: .*check the disk/);
    await (await openFileSink(sinkOptions(directory))).close();
    assert.deepEqual(await archiveLines(directory, "finished"), lines(2));
  });
});

test("a directory that cannot be listed does not keep the others from recovery", async () => {
  await withTemporaryDirectory(async (directory) => {
    await leave(directory, `${stem}.ndjson.part`, `{"a":0}\n`);
    await mkdir(join(directory, "2020"));
    const list = (path: string) =>
      path.endsWith("2020") ? Promise.reject(errno("EACCES")) : systemFiles.list(path);
    await (await openFileSink(sinkOptions(directory, { files: { ...systemFiles, list } }))).close();
    assert.deepEqual(await archiveLines(directory, "finished"), lines(1));
  });
});

test("a start does not wait longer than its bound for a slow recovery, close does", async () => {
  await withTemporaryDirectory(async (directory) => {
    await leave(directory, `${stem}.ndjson.part`, `{"a":0}\n`);
    const clock = new HandClock();
    let release = () => {};
    const held = new Promise<void>((done) => {
      release = done;
    });
    const files: Files = {
      ...systemFiles,
      rename: async (from, to) => {
        clock.advance(2_000);
        await held;
        await systemFiles.rename(from, to);
      },
    };
    const sink = await openFileSink(sinkOptions(directory, { clock, files }));
    await putDurable(sink, `{"a":1}\n`);
    assert.deepEqual(await archiveLines(directory, "finished"), []);
    release();
    await sink.close();
    assert.deepEqual(await archiveLines(directory, "finished"), lines(2));
  });
});

test("a second process that takes over the open file costs no acked line", async () => {
  await withTemporaryDirectory(async (directory) => {
    const first = await openFileSink(sinkOptions(directory));
    await putDurable(first, `{"a":0}\n`);
    const second = await openFileSink(sinkOptions(directory, { compression: "zstd" }));
    await putDurable(first, `{"a":1}\n`);
    await putDurable(second, `{"a":2}\n`);
    await first.close();
    await second.close();
    const archived = await archiveLines(directory, "finished");
    assert.equal(archived.length, 3);
    assert.deepEqual(new Set(archived), new Set(lines(3)));
  });
});

test("a part that is taken over between the fsync and the ack is written again", async () => {
  await withTemporaryDirectory(async (directory) => {
    let isArmed = false;
    const files: Files = {
      ...systemFiles,
      create: async (path) => {
        const file = await systemFiles.create(path);
        const datasync = async () => {
          await file.datasync();
          if (isArmed) await rename(path, `${path}.taken`);
          isArmed = false;
        };
        return { ...file, datasync };
      },
    };
    const sink = await openFileSink(sinkOptions(directory, { files }));
    isArmed = true;
    await putDurable(sink, `{"a":0}\n`);
    await sink.close();
    assert.deepEqual(await archiveLines(directory, "finished"), lines(1));
  });
});

test("lines with zero bytes go, all others stay, wherever the chunks are cut", async () => {
  const whole = bytes(`{"a":0}\n{"a\0\0":\n\0\0\0\0\0{"b"}\n{"a":1}\n\0\n{"a":2}\n`);
  for (let size = 1; size <= whole.length; size++) {
    const dropped = { bytes: 0 };
    let text = "";
    for await (const chunk of dropLinesWithNul(cut(whole, size), dropped))
      text += new TextDecoder().decode(chunk);
    assert.equal(text, lines(3).join(""));
    assert.equal(dropped.bytes, whole.length - text.length);
  }
});

for (const [runtime, ...args] of [["node"], ["bun"], ["deno", "run", "-A", "--no-check"]] as const) {
  const program = fileURLToPath(new URL("../../../node_modules/.bin/", import.meta.url)) + runtime;
  const skip = existsSync(program) ? false : `${runtime} is not installed`;
  test(`kill -9 under ${runtime} loses no acked line and leaves only whole ones, twice in a row`, {
    skip,
  }, async () => {
    await withTemporaryDirectory(async (directory) => {
      const acked: string[] = [];
      for (const name of ["first", "second"])
        acked.push(...(await killedWriter(program, args, directory, name)));
      await (await openFileSink(sinkOptions(directory))).close();
      for (const path of await filesUnder(directory)) assert.match(path, /\.ndjson\.gz$/);
      const archived = await archiveLines(directory, "finished");
      const found = new Set(archived);
      assert.equal(found.size, archived.length, "a line is there twice");
      assert.deepEqual(
        acked.filter((line) => !found.has(line)),
        [],
      );
      // A put that was durable but not yet printed: one for each kill at most.
      assert.ok(archived.length <= acked.length + 2, `${archived.length} archived, ${acked.length} acked`);
      for (const line of archived) assert.doesNotThrow(() => JSON.parse(line));
    });
  });
}

/** Runs the writer until it has acked 200 lines, kills it, and returns every line it acked. */
function killedWriter(
  program: string,
  args: readonly string[],
  directory: string,
  name: string,
): Promise<readonly string[]> {
  const script = fileURLToPath(new URL("../../support/file-sink-writer.ts", import.meta.url));
  const child = spawn(program, [...args, script, directory, name], { stdio: ["ignore", "pipe", "inherit"] });
  let printed = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    printed += text;
    if (printed.split("\n", 201).length > 200) child.kill("SIGKILL");
  });
  return new Promise((done, reject) => {
    child.on("error", reject);
    child.on("close", (_code, signal) => {
      if (signal !== "SIGKILL") return reject(new Error(`the writer ended by itself: ${signal}`));
      done((printed.match(/[^\n]*\n/g) ?? []).filter((line) => line.startsWith("{")));
    });
  });
}

async function* cut(whole: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < whole.length; at += size) yield whole.subarray(at, at + size);
}

async function leave(directory: string, name: string, content: string | Uint8Array): Promise<void> {
  const path = join(directory, hour, name);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, content);
}

function recordingLog(): { log: Log; events: LogFields[] } {
  const events: LogFields[] = [];
  const keep = (_message: string, fields: LogFields = {}) => void events.push(fields);
  return { log: { ...silentLog, info: keep, warn: keep, error: keep }, events };
}
