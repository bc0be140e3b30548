import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { env, pid } from "node:process";
import { test } from "node:test";
import { type Clock, systemClock } from "../../../src/clock.ts";
import { ConfigError } from "../../../src/errors.ts";
import { holdDirectory } from "../../../src/sink/spool/hold.ts";
import { withTemporaryDirectory } from "../../support/temporary-directory.ts";

const hold = (directory: string, clock: Clock = systemClock) =>
  holdDirectory({ directory, clock, random: Math.random });
/** Ten times as fast, so that nobody waits for what takes its time. */
const fastClock: Clock = {
  now: () => systemClock.now(),
  monotonicMs: () => systemClock.monotonicMs() * 10,
  after: (delayMs, run) => systemClock.after(delayMs / 10, run),
};
const program = join(import.meta.dirname, "../../support/spool-holder.ts");

test("a second process is told who holds the spool, and may have it once it is released", async () => {
  await withTemporaryDirectory(async (directory) => {
    const first = await hold(directory);
    await assert.rejects(hold(directory), (error: unknown) => {
      assert.ok(error instanceof ConfigError && error.exitCode === 1);
      assert.match(
        error.message,
        new RegExp(`process ${pid} on host ${hostname()}, since 20.*holds it; stop it`),
      );
      return true;
    });
    await first.release();
    await (await hold(directory)).release();
    assert.deepEqual(await readdir(directory), []);
  });
});

test("what a kill -9 leaves behind is no hindrance, and is cleared away", async () => {
  await withTemporaryDirectory(async (directory) => {
    const child = spawn(process.execPath, [...runArguments(), program, directory], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    await once(child.stdout, "data");
    await assert.rejects(hold(directory), new RegExp(`process ${child.pid} `));
    child.kill("SIGKILL");
    await once(child, "exit");
    assert.equal((await readdir(directory)).length, 2);
    const startedMs = performance.now();
    const second = await hold(directory);
    assert.ok(performance.now() - startedMs < 1_000);
    assert.equal((await readdir(directory)).length, 2);
    await second.release();
  });
});

test("of many that come at once exactly one gets it", async () => {
  await withTemporaryDirectory(async (directory) => {
    for (let round = 0; round < 10; round++) {
      const results = await Promise.allSettled(Array.from({ length: 6 }, () => hold(directory)));
      const held = results.filter((result) => result.status === "fulfilled");
      assert.equal(held.length, 1, `round ${round}`);
      for (const result of results) {
        if (result.status === "rejected")
          assert.ok(result.reason instanceof ConfigError, String(result.reason));
      }
      await held[0]!.value.release();
    }
  });
});

test("a path too long for a socket's address works as well", async () => {
  await withTemporaryDirectory(async (parent) => {
    const directory = join(parent, "a".repeat(100), "b".repeat(100));
    await mkdir(directory, { recursive: true });
    const first = await hold(directory);
    assert.ok((await readdir(directory)).some((name) => name.endsWith(".sock")));
    await assert.rejects(hold(directory), ConfigError);
    await first.release();
    await (await hold(directory)).release();
  });
});

test("a holder on another machine counts while it writes its file", async () => {
  await withTemporaryDirectory(async (directory) => {
    const path = join(directory, "holder-0000000000000000.json");
    // In place: it is never seen half written.
    const write = (beat: number, flag = "r+") => {
      const card = { pid: 7, host: "elsewhere", boot: "another", since: "then", beat };
      return writeFile(path, JSON.stringify(card).padEnd(200), { flag });
    };
    await write(1, "w");
    const dead = await hold(directory, fastClock);
    assert.equal((await readdir(directory)).length, 2);
    await dead.release();
    await write(1, "w");
    let beat = 1;
    const beating = setInterval(() => void write(++beat), 30);
    try {
      await assert.rejects(hold(directory, fastClock), /process 7 on host elsewhere, since then, holds it/);
    } finally {
      clearInterval(beating);
    }
  });
});

test("a holder whose socket cannot be asked counts while it writes its file", async () => {
  await withTemporaryDirectory(async (parent) => {
    const directory = join(parent, "a".repeat(100));
    await mkdir(directory);
    const boot = await readFile("/proc/sys/kernel/random/boot_id", "utf8").catch(() => hostname());
    const path = join(directory, "holder-0000000000000000.json");
    const card = { pid: 7, host: hostname(), boot: boot.trim(), since: "then" };
    // In place: it is never seen half written.
    const write = async (beat: number, flag = "r+") =>
      writeFile(path, JSON.stringify({ ...card, beat }).padEnd(200), { flag });
    await write(1, "w");
    await writeFile(join(directory, "holder-0000000000000000.sock"), "");
    let beat = 10;
    const beating = setInterval(() => void write(++beat), 30);
    const { TMPDIR: before } = env;
    // No way to a path that is too long for an address: as little can be asked as where another user holds it.
    env["TMPDIR"] = join(parent, "nowhere");
    try {
      await assert.rejects(hold(directory, fastClock), /process 7 on host .*, since then, holds it/);
      clearInterval(beating);
      assert.equal((await readdir(directory)).length, 2);
      await (await hold(directory, fastClock)).release();
    } finally {
      clearInterval(beating);
      if (before === undefined) delete env["TMPDIR"];
      else env["TMPDIR"] = before;
    }
    assert.deepEqual(await readdir(directory), []);
  });
});

test("a directory in which no file can be made is told as such", async () => {
  await withTemporaryDirectory(async (directory) => {
    await assert.rejects(
      hold(join(directory, "gone")),
      /cannot create \S+holder-[0-9a-f]{16}\.json: ENOENT: no such file or directory; /,
    );
  });
});

/** How this runtime runs a file. */
function runArguments(): readonly string[] {
  return "Deno" in globalThis ? ["run", "-A", "--no-check"] : [];
}
