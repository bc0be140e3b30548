import assert from "node:assert/strict";
import { test } from "node:test";
import { judge } from "../../scripts/test-file.ts";
import { parseJUnit, parsePrintedSkipReasons } from "../../scripts/test-junit.ts";
import { failsCI } from "../../scripts/test-report.ts";

const ended = { exitCode: 0, signal: null, output: "", seconds: 1, timedOut: false, leftProcesses: false };

test("Node's report: passed, failed and skipped with the reason", () => {
  const cases = parseJUnit(`<testsuites>
	<testcase name="passes &lt;a> &amp;quot;b&amp;quot;" time="0.5" classname="test" file="a.test.ts"/>
	<testcase name="fails" time="0.1" classname="test" failure="1 !== 2">
		<failure type="testCodeFailure" message="1 !== 2">
at &lt;anonymous> (a.test.ts:4:30)
		</failure>
	</testcase>
	<testcase name="skips" time="0.1" classname="test">
		<skipped type="skipped" message="no moto"/>
	</testcase>
	<!-- tests 3 -->
</testsuites>`);
  assert.deepEqual(cases, [
    { name: 'passes <a> "b"', status: "passed", seconds: 0.5, detail: "" },
    { name: "fails", status: "failed", seconds: 0.1, detail: "at <anonymous> (a.test.ts:4:30)" },
    { name: "skips", status: "skipped", seconds: 0.1, detail: "no moto" },
  ]);
});

test("Bun's report: a skip without reason, a failure with line ends as references", () => {
  const cases = parseJUnit(`<testsuite name="a.test.ts">
    <testcase name="skips" classname="" time="0" line="5" assertions="0">
      <skipped />
    </testcase>
    <testcase name="fails" classname="" time="0.002">
      <failure type="Error" message="late&#10;boom">Error: late boom&#10;  at a.test.ts:2&#10;</failure>
    </testcase>
  </testsuite>`);
  assert.deepEqual(
    cases.map(({ name, status, detail }) => [name, status, detail]),
    [
      ["skips", "skipped", ""],
      ["fails", "failed", "Error: late boom\n  at a.test.ts:2"],
    ],
  );
});

test("Deno's report: a test that ended the process counts as failed", () => {
  const cases = parseJUnit(`<testcase name="exits" classname="./a.test.ts" time="0.000" line="2" col="1">
            <error message="Cancelled"/>
        </testcase>`);
  assert.deepEqual(cases, [{ name: "exits", status: "failed", seconds: 0, detail: "Cancelled" }]);
});

test("a reason printed by the test itself stands in for one that the report lost", () => {
  const output = "x\n# SKIP needs moto: not installed: pip\n";
  assert.deepEqual([...parsePrintedSkipReasons(output)], [["needs moto", "not installed: pip"]]);
  const skip = { name: "needs moto", status: "skipped", seconds: 0, detail: "" } as const;
  const [judged] = judge("a.test.ts", [skip], { ...ended, output }, 1000);
  assert.equal(judged?.detail, "not installed: pip");
});

test("a file without tests, a crash, a hang and a process left behind are failures", () => {
  const passed = { name: "p", status: "passed", seconds: 0, detail: "" } as const;
  const file = "a.test.ts";
  const trouble = (reported: Parameters<typeof judge>[1], finished: Partial<typeof ended>) =>
    judge(file, reported, { ...ended, ...finished }, 1000).find(({ status }) => status === "failed")
      ?.detail ?? "";
  assert.equal(trouble([passed], {}), "");
  assert.match(trouble([{ ...passed, name: file }], {}), /no test was reported/);
  assert.match(trouble([], {}), /no test was reported/);
  assert.match(trouble([passed], { exitCode: 7 }), /no test failed, yet .* exit code 7/);
  assert.match(trouble([passed], { timedOut: true }), /killed after 1 s/);
  assert.match(trouble([passed], { leftProcesses: true }), /still running/);
});

test("in CI a skipped test fails, unless no registry has what it needs", () => {
  const skipped = { name: "skips", status: "skipped", seconds: 0 } as const;
  assert.equal(failsCI({ ...skipped, detail: "no moto" }), true);
  assert.equal(failsCI({ ...skipped, detail: "" }), true);
  assert.equal(failsCI({ ...skipped, detail: "not installable: terraform is not on this machine" }), false);
  assert.equal(failsCI({ ...skipped, status: "passed", detail: "" }), false);
});
