/** The unit file does what it says: in a systemd of its own, and by the lines that stand in it. */
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { copyFile, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { readConfig } from "../../src/config/config.ts";
import { environmentName, flagNames } from "../../src/config/flags.ts";
import { blocksOf } from "../support/documented.ts";
import { builtBinary, withDirectory } from "../support/program.ts";
import { reasonNotToBoot, withSystemd } from "../support/systemd.ts";

const root = join(import.meta.dirname, "../..");
const folder = join(root, "deploy/systemd");
const service = "prometheus-remote-kinesis";
const unitPath = join(folder, `${service}.service`);
const noSystemd = spawnSync("systemd-analyze", ["--version"]).error !== undefined;
const skipNoSystemd = noSystemd ? { skip: "systemd-analyze is not installed: apt-get install systemd" } : {};
const whyNot = reasonNotToBoot();

/** `Key=value` lines; a key may come again. */
function settingsOf(unit: string): ReadonlyMap<string, readonly string[]> {
  const lines = unit.split("\n").filter((line) => /^\w+=/.test(line));
  const pairs = lines.map(
    (line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)] as const,
  );
  return new Map(
    [...Map.groupBy(pairs, ([key]) => key)].map(([key, all]) => [key, all.map(([, value]) => value)]),
  );
}

test("systemd finds nothing wrong in the unit but that the program is not installed", skipNoSystemd, () => {
  const { stdout, stderr } = spawnSync("systemd-analyze", ["verify", "--man=no", unitPath], {
    encoding: "utf8",
  });
  const said = (stdout + stderr).split("\n").filter((line) => line.includes(service));
  assert.deepEqual(
    said.filter(
      (line) => !/Command \/usr\/local\/bin\/prometheus-remote-kinesis is not executable/.test(line),
    ),
    [],
  );
});

test("systemd rates the unit's exposure as OK, at most 1.6 of 10", skipNoSystemd, () => {
  const args = ["security", "--offline=yes", "--threshold=16", unitPath];
  const { status, stdout } = spawnSync("systemd-analyze", args, { encoding: "utf8" });
  assert.equal(
    status,
    0,
    stdout
      .split("\n")
      .filter((line) => line.includes("✗"))
      .join("\n"),
  );
});

test("the unit's times fit those of the program", async () => {
  const settings = settingsOf(await readFile(unitPath, "utf8"));
  assert.ok(Number.parseInt(settings.get("TimeoutStopSec")?.[0] ?? "", 10) >= 25 + 10);
  assert.deepEqual(settings.get("StateDirectory"), [service]);
  assert.deepEqual(settings.get("WorkingDirectory"), [`/var/lib/${service}`]);
  assert.deepEqual(settings.get("EnvironmentFile"), [`-/etc/${service}/environment`]);
});

test("every setting of the example environment file exists, and what it is set to is allowed", async () => {
  const text = await readFile(join(folder, "environment.example"), "utf8");
  const pairs = [...text.matchAll(/^#?([A-Z0-9_]+)=(\S+)$/gm)].map(([, name = "", value = ""]) => [
    name,
    value,
  ]);
  assert.ok(pairs.length >= 5);
  const known = [...flagNames.map(environmentName), "AWS_REGION"];
  assert.deepEqual(
    pairs.filter(([name = ""]) => !known.includes(name)),
    [],
  );
  const { sink, compression, spoolDirectory } = readConfig(new Map(), Object.fromEntries(pairs));
  assert.deepEqual(
    { sink, compression, spoolDirectory },
    {
      sink: { kind: "kinesis", stream: "prometheus" },
      compression: "gzip",
      spoolDirectory: `/var/lib/${service}/spool`,
    },
  );
});

test("the ExecStart line, run as written in a scratch root with the environment file, receives", async () => {
  const settings = settingsOf(await readFile(unitPath, "utf8"));
  await withDirectory(async (scratch) => {
    const work = join(scratch, settings.get("WorkingDirectory")?.[0] ?? "");
    const [program = "", ...args] = (settings.get("ExecStart")?.[0] ?? "").split(" ");
    for (const path of [work, join(scratch, program, "..")]) await mkdir(path, { recursive: true });
    await writeFile(join(scratch, program), await readFile(await builtBinary()), { mode: 0o755 });
    const example = await readFile(join(folder, "environment.example"), "utf8");
    const environment = `${example}\nLISTEN_ADDR=127.0.0.1:0\n`;
    const env = Object.fromEntries(
      [...environment.matchAll(/^([A-Z_]+)=(.*)$/gm)].map(([, k = "", v = ""]) => [k, v]),
    );
    const child = spawn(join(scratch, program), args, {
      cwd: work,
      env,
      stdio: ["ignore", "ignore", "pipe"],
    });
    let log = "";
    const ended = new Promise((resolve) => child.on("close", resolve));
    for await (const chunk of child.stderr) {
      log += String(chunk);
      const url = /url=(http\S+)/.exec(log)?.[1];
      if (url === undefined || child.killed) continue;
      assert.equal(await (await fetch(`${url}/-/ready`)).text(), "Ready\n");
      child.kill("SIGTERM");
    }
    assert.equal(await ended, 0, log);
    assert.match(log, /archive=file:\.\/archive/);
  });
});

test(
  "installed by the documented commands, the unit runs in its sandbox, is restarted when it hangs, and stops whole",
  whyNot === undefined ? {} : { skip: whyNot },
  () =>
    withDirectory(async (downloads) => {
      await copyFile(await builtBinary(), join(downloads, `${service}-linux-x64`));
      for (const name of ["environment.example", `${service}.service`]) {
        await copyFile(join(folder, name), join(downloads, name));
      }
      const blocks = blocksOf("docs/install.md").filter(({ heading }) => heading === "A host with systemd");
      const [install = "", look = ""] = blocks.map(({ text }) => text);
      const dropIn = [`${service}.service`, "[Service]\nWatchdogSec=2s\n"] as const;
      await withSystemd({ folders: ["/usr/local/bin"], dropIn }, async ({ run, wait }) => {
        const show = (name: string) => ["systemctl", "show", "--value", "-p", name, service];
        const sh = (text: string) => run("sh", "-ec", `cd "${downloads}"\n${text}`);
        await wait(/^active$/m, "systemctl", "is-active", "multi-user.target");
        assert.match(sh(install), /^Created symlink .*multi-user\.target\.wants.*\n$/);
        await wait(/^active$/m, "systemctl", "is-active", service);
        assert.match(run(...show("StatusText")), /Receiving on port 9501, archiving into file:\.\/archive/);
        assert.match(sh(look), /Active: active \(running\).*msg=listening.*\nhealthy: /s);
        const first = run(...show("MainPID")).trim();
        // Nobody: a user that exists only while the unit runs.
        assert.match(
          run("stat", "-c", "%U %a", `/var/lib/private/${service}/archive`),
          /^prometheus-remote-kinesis 750/,
        );
        run("kill", "-STOP", first);
        await wait(/^1$/m, ...show("NRestarts"));
        await wait(/^active$/m, "systemctl", "is-active", service);
        assert.notEqual(run(...show("MainPID")).trim(), first);
        assert.equal(run("systemctl", "stop", service), "");
        assert.equal(run(...show("Result")).trim(), "success");
        assert.match(run("journalctl", "--no-pager", "-u", service), /everything acknowledged is durable/);
      });
    }),
);
