/** Runs the shell blocks of documents as they stand, in a directory of their own. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { chmodSync, copyFileSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

const root = join(import.meta.dirname, "../..");
const bin = (name: string) => join(root, "node_modules/.bin", name);
const listenTimeoutMs = 30_000;
const runTimeoutMs = 60_000;

export interface Shell {
  readonly directory: string;
  /** Runs `text` to its end, which has to be a good one; what it printed. */
  run(text: string): Promise<string>;
  /** Starts what `text` starts, hands the address it prints to `use`, and ends it with SIGTERM. */
  serve(text: string, use: (url: string) => Promise<void>): Promise<Served>;
}

export interface Served {
  readonly code: number | null;
  readonly output: string;
}

/**
 * A shell in `directory`, which looks like the repository there. `npm ci` does nothing, because whoever runs this test
 * has done it; ports are free ones instead of those of the documents.
 */
export function openShell(directory: string, env: Readonly<Record<string, string>>): Shell {
  const shims = join(directory, ".bin");
  mkdirSync(shims);
  const main = `'${bin("bun")}' --no-env-file '${join(root, "src/main.ts")}'`;
  script(shims, "prometheus-remote-kinesis", `exec ${main} "$@"`);
  script(shims, "duckdb", `exec '${bin("bun")}' '${join(root, "test/docs/duckdb-shell.ts")}' "$@"`);
  const npm = programOnPath("npm");
  script(
    shims,
    "npm",
    [
      `case "$*" in`,
      `ci) exit 0 ;;`,
      `"run dev-aws") exec '${npm}' run dev-aws -- --port 0 ;;`,
      `*) exec '${npm}' "$@" ;;`,
      `esac`,
    ].join("\n"),
  );
  copyFileSync(join(root, "package.json"), join(directory, "package.json"));
  for (const name of ["src", "scripts", "test", "node_modules"])
    symlinkSync(join(root, name), join(directory, name));
  const whole = {
    PATH: [shims, process.env["PATH"] ?? ""].join(delimiter),
    HOME: directory,
    NO_COLOR: "1",
    npm_config_update_notifier: "false",
    LISTEN_ADDR: "127.0.0.1:0",
    ...env,
  };
  return {
    directory,
    run: (text) => run(text, { cwd: directory, env: whole }),
    serve: (text, use) => serve(text, { cwd: directory, env: whole }, use),
  };
}

/** `bash -n`: what is wrong with the syntax of `text`, or nothing. */
export function syntaxProblem(text: string): string {
  return spawnSync("bash", ["--norc", "-n"], { input: text, encoding: "utf8" }).stderr;
}

interface SpawnOptions {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
}

/** Asynchronous, since the fake AWS lives in this process. */
async function run(text: string, options: SpawnOptions): Promise<string> {
  const child = spawn("bash", ["--norc", "-euo", "pipefail", "-c", text], {
    ...options,
    stdio: ["ignore", "pipe", "pipe"],
    timeout: runTimeoutMs,
  });
  const texts = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const) {
    child[name].setEncoding("utf8").on("data", (part: string) => {
      texts[name] += part;
    });
  }
  const code = await new Promise<number | null>((resolve) => child.once("close", resolve));
  assert.equal(code, 0, `${text}\n${texts.stdout}\n${texts.stderr}`);
  return texts.stdout;
}

async function serve(
  text: string,
  options: SpawnOptions,
  use: (url: string) => Promise<void>,
): Promise<Served> {
  // A group of its own, so that npm and what it started end together.
  const child = spawn("bash", ["--norc", "-euc", text], {
    ...options,
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const output: string[] = [];
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => output.push(String(chunk)));
  const ended = new Promise<number | null>((resolve) => child.once("close", resolve));
  try {
    await use(await urlOf(child, () => output.join("")));
    signalGroup(child, "SIGTERM");
    const code = await Promise.race([ended, sleep(runTimeoutMs, undefined, { ref: false })]);
    assert.notEqual(code, undefined, `${text} did not end:\n${output.join("")}`);
    return { code: code ?? null, output: output.join("") };
  } finally {
    signalGroup(child, "SIGKILL");
    await ended;
  }
}

async function urlOf(child: ChildProcess, output: () => string): Promise<string> {
  for (const endMs = performance.now() + listenTimeoutMs; performance.now() < endMs; await sleep(20)) {
    const url = /msg=listening url=(\S+)|listens on (http:\S+?)\.? /.exec(output());
    if (url !== null) return (url[1] ?? url[2])!;
    if (child.exitCode !== null) break;
  }
  throw new Error(`it does not listen:\n${output()}`);
}

function signalGroup({ pid }: ChildProcess, signal: NodeJS.Signals): void {
  try {
    if (pid !== undefined) process.kill(-pid, signal);
  } catch (error) {
    // All of it has ended.
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

function script(folder: string, name: string, text: string): void {
  writeFileSync(join(folder, name), `#!/bin/bash\n${text}\n`);
  chmodSync(join(folder, name), 0o755);
}

function programOnPath(name: string): string {
  const { stdout } = spawnSync("bash", ["-c", `command -v ${name}`], { encoding: "utf8" });
  return stdout.trim();
}
