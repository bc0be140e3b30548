import assert from "node:assert/strict";
import { appendFile, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { withFaults } from "../../../src/sink/file/fault.ts";
import { systemFiles } from "../../../src/sink/file/system.ts";
import { inspectQuarantine } from "../../../src/sink/quarantine/inspect.ts";
import { type ReplayedFile, replayQuarantine } from "../../../src/sink/quarantine/replay.ts";
import { createQuarantine } from "../../../src/sink/quarantine.ts";
import type { RefusedLine } from "../../../src/sink/sink.ts";
import { bytes, HandClock } from "../../support/file-sink.ts";
import { silentLog } from "../../support/silent-log.ts";
import { filesUnder, withTemporaryDirectory } from "../../support/temporary-directory.ts";

const files = withFaults(systemFiles);

test("what the sink takes now is put, and its file is set aside", async () => {
  await withTemporaryDirectory(async (directory) => {
    const quarantine = open(directory);
    await quarantine.keep([refused("1\n"), refused("2\n")], "old");
    await quarantine.close();
    const { put, replayed } = await replay(directory);
    assert.deepEqual(put, ["1\n", "2\n"]);
    assert.deepEqual(
      replayed.map(({ durable, refused, damaged }) => [durable, refused, damaged]),
      [[2, 0, 0]],
    );
    assert.match((await filesUnder(directory)).join(), /^quarantine-[^,]*\.ndjson\.replayed$/);
    const again = await replay(directory);
    assert.deepEqual([again.put, again.replayed], [[], []]);
    const next = open(directory);
    await next.keep([refused("3\n")], "old");
    await next.close();
    assert.deepEqual((await replay(directory)).put, ["3\n"]);
  });
});

test("a line that is refused again stays in quarantine with the new reason", async () => {
  await withTemporaryDirectory(async (directory) => {
    const quarantine = open(directory);
    await quarantine.keep([refused("1\n"), refused("2\n"), refused("3\n")], "old");
    await quarantine.close();
    const { put, replayed } = await replay(directory, { refuses: ["2\n"] });
    assert.deepEqual(put, ["1\n", "3\n"]);
    assert.equal(replayed[0]!.refused, 1);
    const { reasons } = await inspectQuarantine(files, directory);
    assert.deepEqual(
      reasons.map(({ reason, sink, lines }) => [reason, sink, lines]),
      [["Still", "new", 1]],
    );
    assert.deepEqual((await replay(directory)).put, ["2\n"]);
  });
});

test("a replay that is cut off goes on behind what it had put", async () => {
  await withTemporaryDirectory(async (directory) => {
    const quarantine = open(directory);
    const texts = Array.from({ length: 40 }, (_, i) => `${String(i).repeat(100_000)}\n`);
    await quarantine.keep(texts.map(refused), "old");
    await quarantine.close();
    for (const failAt of [2, 1, 2]) {
      await assert.rejects(replay(directory, { failAt }), /the sink is away/);
    }
    assert.match((await filesUnder(directory)).join(), /^quarantine-[^,]*\.ndjson\.\d+\.replaying$/);
    const left = texts.length - 12;
    const { files: inspected } = await inspectQuarantine(files, directory);
    assert.ok(inspected[0]!.lines <= left, `${inspected[0]!.lines} of ${left}`);
    const { put } = await replay(directory);
    assert.deepEqual(put, texts.slice(-put.length));
    assert.equal(put.length, inspected[0]!.lines);
  });
});

test("what is damaged or torn is passed over and told", async () => {
  await withTemporaryDirectory(async (directory) => {
    const quarantine = open(directory);
    const path = await quarantine.keep([refused("1\n")], "old");
    await quarantine.close();
    await appendFile(path, "{damaged\n");
    await appendFile(path, (await readFile(path, "utf8")).split("\n")[0]!);
    await writeFile(join(directory, "notes.txt"), "not ours");
    const { files: inspected } = await inspectQuarantine(files, directory);
    assert.deepEqual(
      inspected.map(({ lines, damaged, torn }) => [lines, damaged, torn]),
      [[1, 1, true]],
    );
    const { put, replayed } = await replay(directory);
    assert.deepEqual(put, ["1\n"]);
    assert.equal(replayed[0]!.damaged, 1);
  });
});

test("lines that a running program keeps while they are replayed are not lost", async () => {
  await withTemporaryDirectory(async (directory) => {
    const quarantine = open(directory);
    await quarantine.keep([refused("1\n")], "old");
    const put: string[] = [];
    await replayQuarantine({
      files,
      directory,
      put: async (lines) => {
        put.push(text(lines));
        await quarantine.keep([refused(`kept during ${put.length}\n`)], "old");
        return [];
      },
      quarantine,
      sinkName: "new",
      onFile: () => undefined,
    });
    await quarantine.close();
    assert.deepEqual(put, ["1\n"]);
    assert.deepEqual((await replay(directory)).put, ["kept during 1\n"]);
  });
});

test("a quarantine that is not there is an empty one", async () => {
  await withTemporaryDirectory(async (directory) => {
    const missing = join(directory, "missing");
    assert.deepEqual((await replay(missing)).replayed, []);
    assert.deepEqual(await inspectQuarantine(files, missing), { files: [], reasons: [] });
    assert.deepEqual(await filesUnder(directory), []);
  });
});

function open(directory: string) {
  return createQuarantine({ directory, clock: new HandClock(), random: Math.random, log: silentLog });
}

function refused(line: string): RefusedLine {
  return { line: bytes(line), reason: "TooBad", message: "is bad" };
}

function text(line: Uint8Array): string {
  return new TextDecoder().decode(line);
}

/** Replays into a sink that refuses some lines, or is away from its `failAt`th put on. */
async function replay(
  directory: string,
  { refuses = [], failAt = Number.POSITIVE_INFINITY }: { refuses?: readonly string[]; failAt?: number } = {},
) {
  const put: string[] = [];
  const replayed: ReplayedFile[] = [];
  const quarantine = open(directory);
  let puts = 0;
  try {
    await replayQuarantine({
      files,
      directory,
      put: async (lines) => {
        if (++puts >= failAt) throw new Error("the sink is away");
        const all = text(lines).match(/[^\n]*\n/g) ?? [];
        put.push(...all.filter((line) => !refuses.includes(line)));
        return all
          .filter((line) => refuses.includes(line))
          .map((line) => ({ line: bytes(line), reason: "Still", message: "still bad" }));
      },
      quarantine,
      sinkName: "new",
      onFile: (file) => replayed.push(file),
    });
  } finally {
    await quarantine.close();
  }
  return { put, replayed };
}
