/** One test file under one runtime: runs it, reads its report, and turns each way of going wrong into a failure. */
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { parseJUnit, parsePrintedSkipReasons, type TestCase } from "./test-junit.ts";
import { type Finished, runCommand } from "./test-process.ts";
import { fileTimeoutMs, kindOfFile, type Runtime } from "./test-runtimes.ts";

export interface FileResult {
  readonly runtime: string;
  readonly file: string;
  readonly seconds: number;
  readonly cases: readonly TestCase[];
  /** What its tests measured: the lines of their output that begin with `fault: `. */
  readonly figures?: readonly string[];
}

const outputLinesMax = 60;
/** Name of the case that stands for the file as a whole. */
const fileItself = "(the file itself)";

/** Runs the tests of `file`. Reports go to `reportFolder`. */
export async function runTestFile(
  runtime: Runtime,
  file: string,
  { root, reportFolder, env }: { root: string; reportFolder: string; env: NodeJS.ProcessEnv },
): Promise<FileResult> {
  const reportPath = join(reportFolder, `${runtime.name}-${file.replaceAll("/", "-")}.xml`);
  rmSync(reportPath, { force: true });
  const timeoutMs = fileTimeoutMs[kindOfFile(file)];
  const finished = await runCommand(runtime.command(file, reportPath), { cwd: root, timeoutMs, env });
  const cases = judge(file, readReport(reportPath), finished, timeoutMs);
  const figures = finished.output.split("\n").filter((line) => line.startsWith("fault: "));
  return { runtime: runtime.name, file, seconds: finished.seconds, cases, figures };
}

/** Runs a command that passes or fails as a whole, such as the type checker. */
export async function runStep(
  name: string,
  command: readonly string[],
  { root, env }: { root: string; env: NodeJS.ProcessEnv },
): Promise<FileResult> {
  const timeoutMs = fileTimeoutMs.exclusive;
  const finished = await runCommand(command, { cwd: root, timeoutMs, env });
  const passed = finished.exitCode === 0 && !finished.timedOut;
  const detail = passed ? "" : `${endOf(finished, timeoutMs)}\n${lastLines(finished.output)}`;
  const only: TestCase = { name, status: passed ? "passed" : "failed", seconds: finished.seconds, detail };
  return { runtime: "check", file: name, seconds: finished.seconds, cases: [only] };
}

/** The cases of the report, and one more failure where the report alone would hide that something went wrong. */
export function judge(file: string, reported: TestCase[], finished: Finished, timeoutMs: number): TestCase[] {
  // Node makes the file itself a case when it holds no test or ends badly.
  const ofFile = reported.find(({ name }) => name === file);
  const reasons = parsePrintedSkipReasons(finished.output);
  const cases = reported
    .filter((each) => each !== ofFile)
    .map((each) =>
      each.status === "skipped" ? { ...each, detail: each.detail || (reasons.get(each.name) ?? "") } : each,
    );
  const trouble = findTrouble(cases, finished, timeoutMs);
  if (trouble === undefined) return cases;
  const detail = `${trouble}\n${lastLines(finished.output)}`;
  return [...cases, { name: fileItself, status: "failed", seconds: 0, detail }];
}

function findTrouble(cases: readonly TestCase[], finished: Finished, timeoutMs: number): string | undefined {
  if (finished.timedOut) return endOf(finished, timeoutMs);
  const failed = cases.some(({ status }) => status === "failed");
  if (finished.exitCode !== 0 && !failed) return `no test failed, yet ${endOf(finished, timeoutMs)}`;
  if (cases.length === 0) return `no test was reported, although ${endOf(finished, timeoutMs)}`;
  if (finished.leftProcesses) return "processes that the tests started were still running after them";
  return undefined;
}

function endOf(finished: Finished, timeoutMs: number): string {
  if (finished.timedOut) {
    return `killed after ${timeoutMs / 1000} s: a test hangs, or a timer, server or process was left open`;
  }
  return finished.signal === null
    ? `the process ended with exit code ${finished.exitCode}`
    : `the process was ended by ${finished.signal}`;
}

function lastLines(output: string): string {
  const lines = output.trimEnd().split("\n");
  const left = lines.slice(-outputLinesMax);
  return lines.length > left.length
    ? `… ${lines.length - left.length} lines\n${left.join("\n")}`
    : left.join("\n");
}

function readReport(path: string): TestCase[] {
  try {
    return parseJUnit(readFileSync(path, "utf8"));
  } catch (error) {
    // Bun writes no report when the file cannot be loaded; judge() makes a failure of that.
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return [];
    throw error;
  }
}

/**
 * A failure for each file of which a runtime reported other tests than Node did: Deno, for one, goes on in silence
 * when a file throws while it registers its tests.
 */
export function findLostTests(results: readonly FileResult[]): FileResult[] {
  const byNode = new Map(
    results.filter(({ runtime }) => runtime === "node").map((each) => [each.file, each]),
  );
  return results.flatMap(({ runtime, file, cases }) => {
    const expected = byNode.get(file)?.cases;
    if (expected === undefined || [...expected, ...cases].some(({ name }) => name === fileItself)) return [];
    const names = (of: readonly TestCase[]) => of.map(({ name }) => name).sort();
    const lost = names(expected).filter((name, at) => name !== names(cases)[at]);
    if (lost.length === 0 && expected.length === cases.length) return [];
    const detail = `node reported ${expected.length} tests, ${runtime} ${cases.length}; first difference: ${lost[0]}`;
    const only: TestCase = { name: "the same tests run as under node", status: "failed", seconds: 0, detail };
    return [{ runtime, file, seconds: 0, cases: [only] }];
  });
}
