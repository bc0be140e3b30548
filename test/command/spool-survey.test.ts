import assert from "node:assert/strict";
import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { fsck } from "../../src/command/spool-fsck.ts";
import { inspect } from "../../src/command/spool-inspect.ts";
import { ConfigError } from "../../src/errors.ts";
import { openSpool } from "../../src/sink/spool/open.ts";
import { begin, never, putDurable, spoolOptions } from "../support/spool.ts";
import { withTemporaryDirectory } from "../support/temporary-directory.ts";

type Run = typeof inspect;

async function run(command: Run, spoolDirectory: string, logFormat: "text" | "json" = "text") {
  const out: string[] = [];
  const platform = { writeOut: (text: string) => out.push(text), writeErr: () => undefined };
  const code = await command({ spoolDirectory, logFormat }, platform);
  return { code, text: out.join("") };
}

test("inspect tells per segment what is there and what is shipped, while the spool is in use", async () => {
  await withTemporaryDirectory(async (directory) => {
    const spool = await openSpool(spoolOptions(directory, { segmentBytes: 100 }));
    await putDurable(spool, `{"a":1}\n{"a":2}\n`, `{"a":3}\n`);
    await putDurable(spool, `{"b":1}\n`);
    const first = await spool.read(begin, never);
    await spool.moveCursor({ position: first!.end, object: { key: "2026/11/x", end: first!.end } });
    const { code, text } = await run(inspect, directory);
    assert.equal(code, 0);
    assert.match(
      text,
      /^segment 1: \d+ bytes, 2 frames, 3 lines, 24 bytes of lines, 2026-.* to 2026-.*Z, 1 of 2 fr/m,
    );
    assert.match(text, /^segment 2: .*1 frame, 1 line, 8 bytes of lines, .*0 of 1 frame shipped, in use/m);
    assert.match(text, /^to be shipped: 2 frames, 2 lines, 16 bytes of lines$/m);
    assert.match(text, /^oldest: 2026-11-23T06:00:00.000Z, \d+ s old$/m);
    assert.match(text, /^object under way: 2026\/11\/x$/m);
    const json = (await run(inspect, directory, "json")).text.trim().split("\n");
    const whole = JSON.parse(json.at(-1)!);
    assert.equal(json.length, 3);
    assert.deepEqual(whole.unshipped, { frames: 2, lines: 2, rawBytes: 16 });
    assert.equal((await run(fsck, directory)).code, 0);
    await spool.close();
  });
});

test("fsck names each damaged place with its offset and ends with 1", async () => {
  await withTemporaryDirectory(async (directory) => {
    const spool = await openSpool(spoolOptions(directory, { compression: "zstd" }));
    const long = `{"pad":"${"x".repeat(5000)}"}\n`;
    await putDurable(spool, `{"a":1}\n`, long);
    await putDurable(spool, `{"a":2}\n`);
    await spool.close();
    assert.deepEqual(await run(fsck, directory), {
      code: 0,
      text: `${directory}: 3 frames, 3 lines, ${16 + long.length} bytes of lines are whole; 0 damaged places\n`,
    });
    const path = join(directory, "000000000001.segment");
    const bytes = await readFile(path);
    bytes[32 + 48 + 8 + 48 + 5]! ^= 0x10;
    await writeFile(path, bytes);
    const { code, text } = await run(fsck, directory);
    assert.equal(code, 1);
    assert.match(
      text,
      new RegExp(`^${path}: byte 88 to \\d+: the frame's data does not match its checksum$`, "m"),
    );
    assert.match(text, /2 frames, 2 lines, 16 bytes of lines are whole; 1 damaged place$/m);
    const [place] = (await run(fsck, directory, "json")).text.split("\n");
    assert.equal(JSON.parse(place!).offset, 88);
    assert.deepEqual(await readFile(path), bytes);
  });
});

test("a spool that is not there or is not named is told", async () => {
  await withTemporaryDirectory(async (directory) => {
    await rm(directory, { recursive: true });
    await assert.rejects(run(inspect, directory), (error: unknown) => {
      assert.ok(error instanceof ConfigError && error.exitCode === 1);
      assert.match(error.message, /cannot read the spool .*: cannot list .*ENOENT/);
      return true;
    });
    const none = { spoolDirectory: undefined, logFormat: "text" } as const;
    await assert.rejects(fsck(none, { writeOut: () => undefined, writeErr: () => undefined }), ConfigError);
  });
});
