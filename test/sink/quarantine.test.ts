import assert from "node:assert/strict";
import { readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { type Files, type OpenFile, systemFiles } from "../../src/sink/file/system.ts";
import type { QuarantineEntry } from "../../src/sink/quarantine/entry.ts";
import { listQuarantine, quarantinePath, readQuarantineFile } from "../../src/sink/quarantine/read.ts";
import { createQuarantine, type FileQuarantine, type QuarantineOptions } from "../../src/sink/quarantine.ts";
import type { RefusedLine } from "../../src/sink/sink.ts";
import { bytes, errno, HandClock, withFile } from "../support/file-sink.ts";
import { silentLog } from "../support/silent-log.ts";
import { filesUnder, withTemporaryDirectory } from "../support/temporary-directory.ts";

const hourMs = 3_600_000;

test("nothing is made before the first line comes; then the line is back byte for byte", async () => {
  await withQuarantine({}, async (quarantine, directory) => {
    assert.deepEqual(await filesUnder(directory), []);
    const path = await quarantine.keep([refused('{"name":"up"}\n')], "kinesis:s");
    assert.match(path, /quarantine-2026-11-23T06-[0-9a-f]{8}\.ndjson$/);
    const timeMs = Date.UTC(2026, 10, 23, 6);
    const entry = {
      timeMs,
      sink: "kinesis:s",
      reason: "TooBad",
      message: "is bad",
      line: bytes('{"name":"up"}\n'),
    };
    assert.deepEqual(await entriesUnder(join(directory, "quarantine")), [entry]);
  });
});

test("lines of every kind of text are back byte for byte", async () => {
  const texts = [
    '{"a":"\\u2028 \u2028 \u2029 \u0085 \u007f"}\n',
    '\ufeff{"a":"a byte order mark at the start"}\n',
    '{"a":"\\ud800 \\\\ \\" \\/ \\b\\f\\n\\r\\t \\u0000"}\n',
    '{"a":"𝕌 \u{10ffff} \ufffd \uffff \ue000 é"}\n',
    `{"a":"${"\\u0001é".repeat((1 << 20) / 8)}"}\n`,
    "\n",
  ];
  await withQuarantine({}, async (quarantine, directory) => {
    await quarantine.keep(
      texts.map((text) => refused(text)),
      "file:x",
    );
    const entries = await entriesUnder(join(directory, "quarantine"));
    assert.deepEqual(
      entries.map(({ line }) => line),
      texts.map(bytes),
    );
  });
});

test("a message of any length or form does not keep its line out", async () => {
  await withQuarantine({}, async (quarantine, directory) => {
    const odd = { line: bytes("{}\n"), reason: "x", message: `${"m".repeat(1_999)}😀${"m".repeat(1 << 20)}` };
    await quarantine.keep([odd, { ...odd, message: "\ud800" }], "s");
    const [one, other] = await entriesUnder(join(directory, "quarantine"));
    assert.equal(one!.message, `${"m".repeat(1_999)}\ufffd`);
    assert.equal(other!.message, "\ufffd");
  });
});

test("lines kept at the same time share a write and an fsync, and all are there", async () => {
  let syncs = 0;
  const files = withFile((file) => ({
    ...file,
    datasync: () => {
      syncs++;
      return file.datasync();
    },
  }));
  await withQuarantine({ files }, async (quarantine, directory) => {
    const keeps = Array.from({ length: 100 }, (_, i) => quarantine.keep([refused(`{"i":${i}}\n`)], "s"));
    const paths = new Set(await Promise.all(keeps));
    assert.equal(paths.size, 1);
    assert.ok(syncs <= 2, `${syncs} fsyncs`);
    const lines = (await entriesUnder(join(directory, "quarantine"))).map(({ line }) => text(line));
    assert.deepEqual(
      lines,
      Array.from({ length: 100 }, (_, i) => `{"i":${i}}\n`),
    );
  });
});

test("a keep resolves only once the bytes, and the name of the file, are fsynced", async () => {
  const steps: string[] = [];
  const noted = (file: OpenFile, what: string): OpenFile => ({
    ...file,
    write: async (data, position) => {
      steps.push("write");
      return file.write(data, position);
    },
    datasync: async () => {
      await file.datasync();
      steps.push("fsync file");
    },
    sync: async () => {
      await file.sync();
      steps.push(`fsync ${what}`);
    },
  });
  const files: Files = {
    ...systemFiles,
    create: async (path) => noted(await systemFiles.create(path), "file"),
    open: async (path) =>
      noted(await systemFiles.open(path), path.endsWith("quarantine") ? "directory" : "parents"),
  };
  await withQuarantine({ files }, async (quarantine) => {
    await quarantine.keep([refused("{}\n")], "s");
    const order = steps.filter((step, at) => step !== steps[at - 1]);
    assert.deepEqual(order, ["fsync parents", "fsync directory", "write", "fsync file"]);
    await quarantine.keep([refused("{}\n")], "s");
    assert.deepEqual(steps.slice(-3), ["fsync file", "write", "fsync file"]);
  });
});

for (const [what, fault, code] of [
  ["write", { write: () => Promise.reject(errno("ENOSPC")) }, "ENOSPC"],
  ["fsync", { datasync: () => Promise.reject(errno("EIO")) }, "EIO"],
] as const) {
  test(`a failed ${what} is told with its path, and the next lines go into a new file`, async () => {
    let isFaulty = true;
    const files = withFile((file) => (isFaulty ? { ...file, ...fault } : file));
    await withQuarantine({ files }, async (quarantine, directory) => {
      await assert.rejects(quarantine.keep([refused("{}\n")], "s"), {
        name: "FileFault",
        code,
        message: new RegExp(`cannot (write to|fsync) .*quarantine-.*ndjson: ${code}`),
      });
      isFaulty = false;
      await quarantine.keep([refused('{"b":1}\n')], "s");
      const lines = (await entriesUnder(join(directory, "quarantine"))).map(({ line }) => text(line));
      assert.equal(lines.at(-1) === '{"b":1}\n' || lines[0] === '{"b":1}\n', true);
      assert.equal((await filesUnder(directory)).length, 2);
    });
  });
}

test("a write cut off in the middle leaves no half entry before the next ones", async () => {
  let room = 40;
  const files = withFile((file) => ({
    ...file,
    write: async (data, position) => {
      if (room <= 0) throw errno("ENOSPC");
      const written = await file.write(data.subarray(0, room), position);
      room -= written;
      return written;
    },
  }));
  await withQuarantine({ files }, async (quarantine, directory) => {
    await assert.rejects(quarantine.keep([refused("{}\n")], "s"), { code: "ENOSPC" });
    room = 1_000;
    await quarantine.keep([refused("{}\n")], "s");
    assert.equal((await entriesUnder(join(directory, "quarantine"))).length, 1);
  });
});

test("an hour later, and after a restart, another file is begun", async () => {
  const clock = new HandClock();
  await withTemporaryDirectory(async (directory) => {
    const quarantine = open(directory, { clock });
    const first = await quarantine.keep([refused("{}\n")], "s");
    clock.advance(hourMs - 1);
    assert.equal(await quarantine.keep([refused("{}\n")], "s"), first);
    clock.advance(1);
    const second = await quarantine.keep([refused("{}\n")], "s");
    assert.match(second, /2026-11-23T07/);
    await quarantine.close();
    const other = open(directory, { clock });
    assert.notEqual(await other.keep([refused("{}\n")], "s"), second);
    await other.close();
    assert.equal((await entriesUnder(directory)).length, 4);
  });
});

test("lines in a file that is moved away while it is written are written again", async () => {
  await withTemporaryDirectory(async (directory) => {
    let move = true;
    const files = withFile((file) => ({
      ...file,
      datasync: async () => {
        await file.datasync();
        if (!move) return;
        move = false;
        const [name] = await filesUnder(directory);
        await rename(join(directory, name!), join(directory, `${name}.0.replaying`));
      },
    }));
    const quarantine = open(directory, { files });
    const path = await quarantine.keep([refused("{}\n")], "s");
    assert.match(await readFile(path, "utf8"), /"line":"\{\}\\n"/);
    await rm(path);
    const next = await quarantine.keep([refused("{}\n")], "s");
    assert.notEqual(next, path);
    await quarantine.close();
  });
});

test("a quarantine at its bound takes nothing, and goes on once somebody makes room", async () => {
  await withTemporaryDirectory(async (directory) => {
    const left = join(directory, "quarantine-2026-11-22T06-00000000.ndjson.replayed");
    await writeFile(left, new Uint8Array(900));
    await writeFile(join(directory, "foreign"), new Uint8Array(9_000));
    const quarantine = open(directory, { bytesMax: 1_000 });
    await quarantine.keep([refused("{}\n")], "s");
    await assert.rejects(quarantine.keep([refused("{}\n")], "s"), {
      code: "full",
      message: /holds 9\d\d bytes, 1000 at most.*quarantine inspect/,
    });
    await rm(left);
    await quarantine.keep([refused("{}\n")], "s");
    await quarantine.close();
  });
});

test("a directory that cannot be made is told, and is made once it can be", async () => {
  await withTemporaryDirectory(async (parent) => {
    await writeFile(join(parent, "quarantine"), "a file");
    const quarantine = open(join(parent, "quarantine"));
    await assert.rejects(quarantine.keep([refused("{}\n")], "s"), { name: "FileFault", code: "ENOTDIR" });
    await rm(join(parent, "quarantine"));
    await quarantine.keep([refused("{}\n")], "s");
    await quarantine.close();
  });
});

test("damage and a torn tail are told apart from entries, and cost nothing else", async () => {
  await withTemporaryDirectory(async (directory) => {
    const quarantine = open(directory);
    const path = await quarantine.keep([refused('{"a":1}\n'), refused('{"a":2}\n')], "s");
    await quarantine.close();
    const whole = await readFile(path, "utf8");
    const [one, two] = whole.split("\n");
    const files = [
      [`${one}\n{"time":1}\n\0\0\0\n${two}\n`, ["entry", "damaged", "damaged", "entry"]],
      [`${one}\n${two!.slice(0, -1)}`, ["entry", "torn"]],
      [`${one}\n${"x".repeat(9 << 20)}\n${two}\n`, ["entry", "damaged", "entry"]],
      [`${one}\n${"x".repeat(9 << 20)}`, ["entry", "torn"]],
      ["", []],
    ] as const;
    for (const [content, expected] of files) {
      await writeFile(path, content);
      const found = [];
      let end = 0;
      for await (const { entry, torn, endBytes } of readQuarantineFile(systemFiles, path)) {
        found.push(torn ? "torn" : entry === undefined ? "damaged" : "entry");
        end = endBytes;
      }
      assert.deepEqual(found, expected);
      assert.equal(end, Buffer.byteLength(content));
    }
  });
});

function refused(line: string): RefusedLine {
  return { line: bytes(line), reason: "TooBad", message: "is bad" };
}

function text(line: Uint8Array): string {
  return new TextDecoder().decode(line);
}

function open(directory: string, more: Partial<QuarantineOptions> = {}): FileQuarantine {
  return createQuarantine({
    directory,
    clock: new HandClock(),
    random: Math.random,
    log: silentLog,
    ...more,
  });
}

async function withQuarantine(
  more: Partial<QuarantineOptions>,
  use: (quarantine: FileQuarantine, parent: string) => Promise<void>,
): Promise<void> {
  await withTemporaryDirectory(async (parent) => {
    const quarantine = open(join(parent, "quarantine"), more);
    try {
      await use(quarantine, parent);
    } finally {
      await quarantine.close();
    }
  });
}

async function entriesUnder(directory: string): Promise<readonly QuarantineEntry[]> {
  const entries: QuarantineEntry[] = [];
  for (const name of await listQuarantine(systemFiles, directory)) {
    for await (const { entry } of readQuarantineFile(systemFiles, quarantinePath(directory, name))) {
      if (entry !== undefined) entries.push(entry);
    }
  }
  return entries;
}
