/**
 * `npm test`: the type checker, the linter, and all tests: under Node, and the runtime-neutral ones under Bun and
 * Deno as well. Arguments: path prefixes of test files, and `--runtime node|bun|deno` (may be repeated).
 */
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { type FileResult, findLostTests, runStep, runTestFile } from "./test-file.ts";
import { killEverything } from "./test-process.ts";
import { failsCI, printFailures, printProgress, printSkips, printSummary } from "./test-report.ts";
import {
  type FileKind,
  findRuntime,
  isRuntimeNeutral,
  kindOfFile,
  type RuntimeName,
  runtimeNames,
} from "./test-runtimes.ts";

const root = join(import.meta.dirname, "..");
const inCI = process.env["CI"] === "true";
// Reports and output are read by this program: no colours, and no test of ours may believe it runs inside a runner.
const { FORCE_COLOR: _, NODE_TEST_CONTEXT: __, ...inherited } = process.env;
const env = { ...inherited, NO_COLOR: "1", DENO_NO_UPDATE_CHECK: "1" };

interface Task {
  readonly kind: FileKind;
  readonly run: () => Promise<FileResult>;
}

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { runtime: { type: "string", multiple: true } },
});

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.on(signal, () => {
    killEverything();
    process.exit(130);
  });
}

const reportFolder = mkdtempSync(join(tmpdir(), "prk-test-"));
try {
  process.exitCode = await runAll(chooseFiles(positionals), chooseRuntimes(values.runtime));
} finally {
  killEverything();
  rmSync(reportFolder, { recursive: true, force: true });
}

async function runAll(files: readonly string[], runtimes: readonly RuntimeName[]): Promise<number> {
  const results: FileResult[] = [];
  const tasks = [...planSteps(), ...runtimes.flatMap((name) => planRuntime(name, files, results))];
  await runTasks(tasks, (result) => {
    results.push(result);
    printProgress(result);
  });
  results.push(...findLostTests(results));
  printFailures(results);
  printSkips(results);
  const { passed, failed } = printSummary(results, inCI);
  const isMissing = inCI && results.some(({ cases }) => cases.some(failsCI));
  return failed > 0 || passed === 0 || isMissing ? 1 : 0;
}

/** The checks that belong to no test file; left out when only some tests were asked for. */
function planSteps(): Task[] {
  if (positionals.length > 0 || values.runtime !== undefined) return [];
  const bin = (name: string) => join(root, "node_modules/.bin", name);
  const step = (name: string, command: readonly string[]): Task => ({
    kind: "ordinary",
    run: () => runStep(name, command, { root, env }),
  });
  return [
    step("tsc: the types hold", [bin("tsc")]),
    step("biome check: the linter and the formatter agree", [bin("biome"), "check", "--error-on-warnings"]),
  ];
}

function planRuntime(name: RuntimeName, allFiles: readonly string[], results: FileResult[]): Task[] {
  const files = name === "node" ? allFiles : allFiles.filter(isRuntimeNeutral);
  const runtime = findRuntime(name, root);
  if (typeof runtime === "string") {
    const missing = {
      name: `${files.length} files`,
      status: "skipped",
      seconds: 0,
      detail: runtime,
    } as const;
    results.push({ runtime: name, file: "", seconds: 0, cases: [missing] });
    return [];
  }
  console.log(`${name} ${runtime.version}: ${files.length} files`);
  return files.map((file) => ({
    kind: kindOfFile(file),
    run: () => runTestFile(runtime, file, { root, reportFolder, env }),
  }));
}

/** Background tasks all the while; ordinary tasks side by side, one per core; then each exclusive task alone. */
async function runTasks(tasks: readonly Task[], onResult: (result: FileResult) => void): Promise<void> {
  const ofKind = (wanted: FileKind) => tasks.filter(({ kind }) => kind === wanted);
  const background = Promise.all(ofKind("background").map(async ({ run }) => onResult(await run())));
  const next = ofKind("ordinary").values();
  const worker = async () => {
    for (const task of next) onResult(await task.run());
  };
  await Promise.all(Array.from({ length: Math.max(2, availableParallelism()) }, worker));
  for (const task of ofKind("exclusive")) onResult(await task.run());
  await background;
}

function chooseFiles(prefixes: readonly string[]): string[] {
  const all = readdirSync(join(root, "test"), { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".test.ts"))
    .map((path) => `test/${path.replaceAll("\\", "/")}`)
    .sort();
  const wanted = prefixes.map((prefix) => prefix.replace(/^\.\//, ""));
  return wanted.length === 0 ? all : all.filter((file) => wanted.some((prefix) => file.startsWith(prefix)));
}

function chooseRuntimes(names: readonly string[] | undefined): readonly RuntimeName[] {
  if (names === undefined) return runtimeNames;
  const unknown = names.find((name) => !runtimeNames.some((known) => known === name));
  if (unknown !== undefined) {
    console.error(`--runtime ${unknown}: must be one of ${runtimeNames.join(", ")}`);
    process.exit(2);
  }
  return runtimeNames.filter((known) => names.includes(known));
}
