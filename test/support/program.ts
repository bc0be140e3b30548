/** Starts the program itself, from source under each runtime or as the executable, and watches it. */
import { type ChildProcessByStdio, spawn } from "node:child_process";
import { existsSync, rmSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable } from "node:stream";

export const programKinds = ["node", "bun", "deno", "binary"] as const;
export type ProgramKind = (typeof programKinds)[number];

export interface ProgramOptions {
  readonly args?: readonly string[];
  /** All the environment there is, beside PATH and the like. */
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd: string;
}

export interface Ended {
  /** Null when a signal ended it. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Program {
  /** `http://127.0.0.1:1234`. */
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  /** What it wrote to standard error so far. */
  log(): string;
  signal(name: NodeJS.Signals): void;
  /** Stops reading its output, as a log reader that went away. */
  closeOutput(): void;
  readonly ended: Promise<Ended>;
}

const root = join(import.meta.dirname, "../..");
const startTimeoutMs = 60_000;
const runTimeoutMs = 60_000;
let binary: Promise<string> | undefined;

/** Why programs of this kind cannot be started here, or undefined. */
export async function reasonToSkip(kind: ProgramKind): Promise<string | undefined> {
  const runtime = kind === "binary" ? "bun" : kind;
  if (!existsSync(join(root, "node_modules/.bin", runtime))) return `${runtime} is not installed: run npm ci`;
  return undefined;
}

/** Runs the program until it ends by itself. */
export async function runProgram(kind: ProgramKind, options: ProgramOptions): Promise<Ended> {
  const { child, ended } = await spawnProgram(kind, options);
  const timer = setTimeout(() => child.kill("SIGKILL"), runTimeoutMs);
  try {
    return await ended;
  } finally {
    clearTimeout(timer);
  }
}

/** Starts the program on a free loopback port, hands it to `use` once it listens, and always ends it. */
export async function withProgram<T>(
  kind: ProgramKind,
  options: ProgramOptions,
  use: (program: Program) => Promise<T>,
): Promise<T> {
  const program = await startProgram(kind, options);
  try {
    return await use(program);
  } finally {
    program.signal("SIGKILL");
    await program.ended;
  }
}

/** Starts the program, unless told otherwise on a free loopback port; whoever starts it ends it. */
export async function startProgram(kind: ProgramKind, options: ProgramOptions): Promise<Program> {
  const env = { LISTEN_ADDR: "127.0.0.1:0", ...options.env };
  const { child, ended, stderr } = await spawnProgram(kind, { ...options, env });
  try {
    const url = await listeningUrl(child, ended, stderr);
    return {
      url,
      port: Number(new URL(url).port),
      pid: child.pid ?? 0,
      log: stderr,
      signal: (name) => child.kill(name),
      closeOutput: () => {
        child.stdout.destroy();
        child.stderr.destroy();
      },
      ended,
    };
  } catch (error) {
    child.kill("SIGKILL");
    await ended;
    throw error;
  }
}

/** A new directory for `use`, removed afterwards. */
export async function withDirectory<T>(use: (directory: string) => Promise<T>): Promise<T> {
  const directory = await mkdtemp(join(tmpdir(), "prk-program-"));
  try {
    return await use(directory);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function spawnProgram(kind: ProgramKind, { args = [], env = {}, cwd }: ProgramOptions) {
  const [command = "", ...before] = await commandOf(kind);
  const { PATH = "", HOME = "/" } = process.env;
  const child = spawn(command, [...before, ...args], {
    cwd,
    env: { PATH, HOME, NO_COLOR: "1", DENO_NO_UPDATE_CHECK: "1", ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const texts = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const) {
    child[name].setEncoding("utf8").on("data", (text: string) => {
      texts[name] += text;
    });
  }
  const ended = new Promise<Ended>((resolve) => {
    child.on("error", (error) => resolve({ code: null, stdout: "", stderr: error.message }));
    child.on("close", (code) => resolve({ code, ...texts }));
  });
  return { child, ended, stderr: () => texts.stderr };
}

async function commandOf(kind: ProgramKind): Promise<readonly string[]> {
  const main = join(root, "src/main.ts");
  const bin = (name: string) => join(root, "node_modules/.bin", name);
  if (kind === "binary") {
    return [await builtBinary()];
  }
  return kind === "deno" ? [bin("deno"), "run", "-A", main] : [bin(kind), main];
}

/** The path of the executable, built once per test process. */
export function builtBinary(): Promise<string> {
  binary ??= buildBinary();
  return binary;
}

/** Builds what `npm run build` builds, once per test process, outside the work tree. */
async function buildBinary(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), "prk-binary-"));
  process.once("exit", () => rmSync(directory, { recursive: true, force: true }));
  const outfile = join(directory, "prometheus-remote-kinesis");
  const build = spawn(
    join(root, "node_modules/.bin/bun"),
    [join(root, "scripts/build.ts"), "--outfile", outfile],
    { cwd: root, stdio: ["ignore", "ignore", "pipe"] },
  );
  let errors = "";
  build.stderr.setEncoding("utf8").on("data", (text: string) => {
    errors += text;
  });
  const code = await new Promise((resolve) => build.on("close", resolve));
  if (code !== 0) throw new Error(`cannot build the executable: ${errors}`);
  return outfile;
}

async function listeningUrl(
  child: ChildProcessByStdio<null, Readable, Readable>,
  ended: Promise<Ended>,
  stderr: () => string,
): Promise<string> {
  const timer = setTimeout(() => child.kill("SIGKILL"), startTimeoutMs);
  try {
    return await new Promise((resolve, reject) => {
      const look = () => {
        const url = /msg"?[=:]"?listening"?.*?url"?[=:]"?(https?:[^\s"]+)/.exec(stderr())?.[1];
        if (url !== undefined) resolve(url);
      };
      child.stderr.on("data", look);
      void ended.then(({ code }) => reject(new Error(`ended with ${code} before it listened: ${stderr()}`)));
    });
  } finally {
    clearTimeout(timer);
  }
}
