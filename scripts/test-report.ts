/** Prints what the tests did. */
import type { FileResult } from "./test-file.ts";
import type { Status, TestCase } from "./test-junit.ts";

interface Found {
  readonly result: FileResult;
  readonly test: TestCase;
}

/** One line per finished file, and one per figure that its tests report. */
export function printProgress({ runtime, file, seconds, cases, figures = [] }: FileResult): void {
  const counts = countByStatus(cases);
  const mark = counts.failed > 0 ? "FAIL" : "ok  ";
  const skipped = counts.skipped > 0 ? `, ${counts.skipped} skipped` : "";
  console.log(
    `${mark} ${runtime.padEnd(5)} ${file} — ${plural(cases.length, "test")}${skipped}, ${seconds.toFixed(1)} s`,
  );
  for (const figure of figures) console.log(`     ${figure}`);
}

/** Every failure with its file, name and reason. */
export function printFailures(results: readonly FileResult[]): void {
  for (const { result, test } of select(results, "failed")) {
    console.log(`\nFAILED ${result.runtime}: ${result.file}: ${test.name}`);
    console.log(test.detail.replaceAll(/^/gm, "    "));
  }
}

/** Every skipped test, grouped by reason. Bun and Deno lose reasons: Node's reason for the same test stands in. */
export function printSkips(results: readonly FileResult[]): void {
  const skips = select(results, "skipped");
  const known = new Map(
    skips
      .filter(({ test }) => test.detail)
      .map(({ result, test }) => [`${result.file}: ${test.name}`, test.detail]),
  );
  const groups = Map.groupBy(
    skips,
    ({ result, test }) => test.detail || (known.get(`${result.file}: ${test.name}`) ?? "no reason given"),
  );
  for (const [reason, group] of groups) {
    console.log(`\nSKIPPED ${plural(group.length, "test")}: ${reason}`);
    for (const { result, test } of group) console.log(`    ${result.runtime}: ${result.file}: ${test.name}`);
  }
}

/**
 * Whether a skipped test fails CI. What no package registry has, like Terraform's provider, `.ci/run` cannot install:
 * such a reason begins with `not installable: `, and is told and nothing more.
 */
export function failsCI({ status, detail }: TestCase): boolean {
  return status === "skipped" && !detail.startsWith("not installable: ");
}

/** Counts and time per runtime, and as the last line the sum. */
export function printSummary(results: readonly FileResult[], inCI: boolean): Record<Status, number> {
  console.log("");
  for (const [runtime, group] of Map.groupBy(results, (result) => result.runtime)) {
    const seconds = group.reduce((sum, result) => sum + result.seconds, 0);
    const counts = countByStatus(group.flatMap(({ cases }) => cases));
    console.log(`${runtime.padEnd(5)} ${describeCounts(counts)} in ${seconds.toFixed(1)} s`);
  }
  const total = countByStatus(results.flatMap(({ cases }) => cases));
  if (total.passed === 0) console.log("No test passed: that is a failure.");
  if (inCI && results.some(({ cases }) => cases.some(failsCI)))
    console.log("CI=true: every extra that can be installed must be here, so a skipped test is a failure.");
  console.log(describeCounts(total));
  return total;
}

function describeCounts({ passed, failed, skipped }: Record<Status, number>): string {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`;
}

function countByStatus(cases: readonly TestCase[]): Record<Status, number> {
  const counts = { passed: 0, failed: 0, skipped: 0 };
  for (const { status } of cases) counts[status] += 1;
  return counts;
}

function select(results: readonly FileResult[], status: Status): Found[] {
  return results.flatMap((result) =>
    result.cases.filter((test) => test.status === status).map((test) => ({ result, test })),
  );
}

function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
