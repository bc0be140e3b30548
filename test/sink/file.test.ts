import assert from "node:assert/strict";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { compressions } from "../../src/compression.ts";
import { type Files, systemFiles } from "../../src/sink/file/system.ts";
import { openFileSink } from "../../src/sink/file.ts";
import { sinkContract } from "../contract/sink.ts";
import {
  bytes,
  eventually,
  HandClock,
  lines,
  putDurable,
  sinkOptions,
  withFile,
} from "../support/file-sink.ts";
import { archiveLines, filesUnder, withTemporaryDirectory } from "../support/temporary-directory.ts";

const never = new AbortController().signal;
const hourMs = 3_600_000;

for (const compression of compressions) {
  sinkContract(`file sink (${compression})`, {
    open: async () => {
      const directory = await mkdtemp(join(tmpdir(), "file-sink-"));
      const sink = await openFileSink(sinkOptions(directory, { compression }));
      return {
        sink,
        readLines: () => archiveLines(directory, "all"),
        close: async () => {
          await sink.close();
          await rm(directory, { recursive: true });
        },
      };
    },
  });
}

test("the open file is plain lines, a closed one is compressed under its final name", async () => {
  for (const [compression, ending] of [
    ["none", ".ndjson"],
    ["gzip", ".ndjson.gz"],
    ["zstd", ".ndjson.zst"],
  ] as const) {
    await withTemporaryDirectory(async (directory) => {
      const sink = await openFileSink(sinkOptions(directory, { compression }));
      await putDurable(sink, `{"a":1}\n`, `{"b":2}\n`);
      const [open, ...none] = await filesUnder(directory);
      assert.deepEqual(none, []);
      assert.match(open!, /^2026\/11\/23\/06\/20261123T060000000Z-[0-9a-f]{8}-000001\.ndjson\.part$/);
      assert.equal(await readFile(join(directory, open!), "utf8"), `{"a":1}\n{"b":2}\n`);
      await sink.close();
      assert.deepEqual(await filesUnder(directory), [open!.replace(".ndjson.part", ending)]);
      assert.deepEqual(await archiveLines(directory, "finished"), [`{"a":1}\n`, `{"b":2}\n`]);
    });
  }
});

test("a file that reaches its length is finished and the next put goes to a new one", async () => {
  await withTemporaryDirectory(async (directory) => {
    const sink = await openFileSink(sinkOptions(directory, { rotateBytes: 16 }));
    for (let at = 0; at < 6; at++) await putDurable(sink, `{"a":${at}}\n`);
    await sink.close();
    const files = await filesUnder(directory);
    assert.equal(files.length, 3);
    assert.deepEqual(await archiveLines(directory, "finished"), lines(6));
  });
});

test("an idle file is finished when it is old enough", async () => {
  await withTemporaryDirectory(async (directory) => {
    const clock = new HandClock();
    const sink = await openFileSink(sinkOptions(directory, { clock, rotateAgeMs: 60_000 }));
    await putDurable(sink, `{"a":0}\n`);
    clock.advance(59_999);
    assert.match((await filesUnder(directory))[0]!, /\.part$/);
    clock.advance(1);
    await eventually(async () => (await filesUnder(directory))[0]!.endsWith(".ndjson.gz"));
    await sink.close();
    assert.equal(clock.timers.size, 0);
  });
});

test("at the change of the hour an idle file is finished and new lines go to the new hour", async () => {
  await withTemporaryDirectory(async (directory) => {
    const clock = new HandClock();
    const sink = await openFileSink(sinkOptions(directory, { clock, rotateAgeMs: 10 * hourMs }));
    clock.advance(hourMs - 10);
    await putDurable(sink, `{"a":0}\n`);
    clock.advance(10);
    await eventually(async () => (await filesUnder(directory))[0]!.endsWith(".ndjson.gz"));
    await putDurable(sink, `{"a":1}\n`);
    await sink.close();
    const files = await filesUnder(directory);
    assert.deepEqual(
      files.map((path) => path.slice(0, 13)),
      ["2026/11/23/06", "2026/11/23/07"],
    );
  });
});

test("nothing put leaves no file behind", async () => {
  await withTemporaryDirectory(async (directory) => {
    const sink = await openFileSink(sinkOptions(directory));
    assert.deepEqual(await sink.put([], never), []);
    await sink.close();
    assert.deepEqual(await filesUnder(directory), []);
    assert.equal((await sink.put([bytes("{}\n")], never))[0]!.kind, "retryable");
  });
});

test("a record that does not end a line is refused and costs its neighbours nothing", async () => {
  await withTemporaryDirectory(async (directory) => {
    const sink = await openFileSink(sinkOptions(directory));
    const outcomes = await sink.put([bytes(`{"a":0}\n`), bytes(`{"a"`), bytes(`{"a":1}\n`)], never);
    assert.deepEqual(
      outcomes.map(({ kind }) => kind),
      ["durable", "refused", "durable"],
    );
    await sink.close();
    assert.deepEqual(await archiveLines(directory, "finished"), lines(2));
  });
});

test("puts that wait together share an fsync", async () => {
  await withTemporaryDirectory(async (directory) => {
    let syncs = 0;
    const files = withFile((file) => ({
      ...file,
      datasync: () => {
        syncs++;
        return file.datasync();
      },
    }));
    const sink = await openFileSink(sinkOptions(directory, { files }));
    await Promise.all(Array.from({ length: 100 }, (_, at) => putDurable(sink, `{"a":${at}}\n`)));
    assert.ok(syncs <= 2, `${syncs} fsyncs`);
    await sink.close();
    assert.equal((await archiveLines(directory, "finished")).length, 100);
  });
});

test("every directory with a new name is fsynced before the first record counts", async () => {
  await withTemporaryDirectory(async (parent) => {
    const synced: string[] = [];
    const files: Files = {
      ...systemFiles,
      open: async (path) => {
        const file = await systemFiles.open(path);
        return {
          ...file,
          sync: () => {
            synced.push(path);
            return file.sync();
          },
        };
      },
    };
    const sink = await openFileSink(sinkOptions(join(parent, "new", "archive"), { files }));
    await putDurable(sink, `{"a":0}\n`);
    const chain = ["", "/new", "/new/archive", "/2026", "/11", "/23", "/06"].map((_, at, names) =>
      at < 3 ? parent + names[at] : `${parent}/new/archive${names.slice(3, at + 1).join("")}`,
    );
    assert.deepEqual(
      chain.filter((path) => !synced.includes(path)),
      [],
    );
    await sink.close();
  });
});
