/** The runtimes that tests run under, how each is started, and which files run where. */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";

export const runtimeNames = ["node", "bun", "deno"] as const;
export type RuntimeName = (typeof runtimeNames)[number];

export interface Runtime {
  readonly name: RuntimeName;
  readonly version: string;
  /** The command that runs one test file, writes JUnit to `reportPath` and readable progress to stdout. */
  readonly command: (file: string, reportPath: string) => readonly string[];
}

/** How a file runs: beside others; alone; or from the start beside all the rest, because it mostly waits. */
export type FileKind = "ordinary" | "exclusive" | "background";

/** Milliseconds that one file may take, per kind of file; a hang must not become a hanging CI. */
export const fileTimeoutMs: Readonly<Record<FileKind, number>> = {
  ordinary: 120_000,
  exclusive: 300_000,
  background: 480_000,
};

/** Folders whose files start programs or Prometheus, or test our own scripts: once, under Node, is enough. */
const nodeOnlyFolders = ["bench", "deploy", "docs", "e2e", "faults", "package", "runtime", "scripts"].map(
  (name) => `test/${name}/`,
);
const nodeOnlyFiles = ["test/tidy.test.ts"];
/** Of these no two run at once, and nothing beside them: they measure time or need both cores. */
const exclusiveFolders = [
  "test/bench/",
  "test/e2e/",
  "test/package/image",
  "test/package/release",
  "test/runtime/",
];
/** Minutes of waiting and little else. */
const backgroundFiles = ["test/e2e/outage.test.ts"];

/** Whether the tests of `file` hold under every runtime, since engines differ in numbers, strings and streams. */
export function isRuntimeNeutral(file: string): boolean {
  return (
    !nodeOnlyFolders.some((folder) => file.startsWith(folder)) &&
    !nodeOnlyFiles.includes(file) &&
    !usesEmulator(file)
  );
}

/** How `file` runs beside the others. */
export function kindOfFile(file: string): FileKind {
  if (backgroundFiles.includes(file)) return "background";
  const alone = exclusiveFolders.some((folder) => file.startsWith(folder)) || usesEmulator(file);
  return alone ? "exclusive" : "ordinary";
}

function usesEmulator(file: string): boolean {
  return /emulator|kinesalite|kinesis-local|moto/.test(file);
}

/** The runtime of that name, or a sentence that says why it cannot be had. */
export function findRuntime(name: RuntimeName, root: string): Runtime | string {
  const path =
    [join(root, "node_modules/.bin", name), name].find((each) => each === name || existsSync(each)) ?? name;
  const probe = spawnSync(path, ["--version"], { encoding: "utf8", timeout: 30_000 });
  if (probe.error !== undefined) return `${name} cannot be started: ${probe.error.message}`;
  if (probe.status !== 0)
    return `${name} --version ended with ${probe.status ?? probe.signal}: ${probe.stderr.trim()}`;
  const version = /\d+\.\d+\.\d+/.exec(probe.stdout)?.[0] ?? "";
  if (name === "node" && !canStripTypes(version)) {
    return `node ${version} at ${path} cannot run TypeScript, which takes 22.18 or 24; npm ci brings one on Linux`;
  }
  return { name, version, command: (file, reportPath) => [path, ...argumentsOf(name, file, reportPath)] };
}

function canStripTypes(version: string): boolean {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  return major >= 24 || (major === 22 && minor >= 18) || (major === 23 && minor >= 6);
}

function argumentsOf(name: RuntimeName, file: string, reportPath: string): readonly string[] {
  if (name === "node") {
    const reporter = (kind: string, to: string) => [
      `--test-reporter=${kind}`,
      `--test-reporter-destination=${to}`,
    ];
    return ["--test", ...reporter("spec", "stdout"), ...reporter("junit", reportPath), file];
  }
  if (name === "bun") {
    // Bun ends a test after 5 s unless told otherwise; the two others have no such default.
    const timeout = `--timeout=${fileTimeoutMs.ordinary}`;
    return ["test", timeout, "--reporter=junit", `--reporter-outfile=${reportPath}`, `./${file}`];
  }
  return ["test", "--allow-all", "--no-check", `--junit-path=${reportPath}`, file];
}
