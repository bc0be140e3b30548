/** deploy/terraform: who may do what, who is told, what is refused; the README names the permissions of the writer. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { readTestReport, type TestPlan, terraformMissing, withTerraform } from "../support/terraform.ts";

const root = join(import.meta.dirname, "../..");
const options = terraformMissing === undefined ? { timeout: 115_000 } : { skip: terraformMissing };

test("the module does what its tests say: access, alarms, examples, and what it refuses", options, () => {
  withTerraform(({ run }) => {
    const names = ["access", "alarms", "examples", "refused"];
    const filters = names.map((name) => `-filter=tests/${name}.tftest.hcl`);
    const { code, output } = run("test", "-json", "-verbose", ...filters);
    const { failures, runs } = readTestReport(output);
    assert.deepEqual(failures, []);
    assert.equal(code, 0, output.slice(-2000));
    assertWriterHasWhatReadmeSays(runs);
  });
});

function assertWriterHasWhatReadmeSays(runs: ReadonlyMap<string, TestPlan>): void {
  const granted = {
    "kinesis:STREAM": "writer_of_a_stream",
    "firehose:STREAM": "writer_of_a_delivery_stream",
    "s3://BUCKET/PREFIX": "writer_of_objects",
  };
  for (const [sink, run] of Object.entries(granted)) {
    const policy = JSON.parse(String(runs.get(run)?.output_changes["writer_policy"]?.after)) as Policy;
    const actions = new Set(policy.Statement.flatMap(({ Action }) => Action));
    assert.deepEqual(actions, permissionsOf(sink), sink);
  }
}

interface Policy {
  readonly Statement: readonly { readonly Action: readonly string[] }[];
}

/** What the README's table of sinks says that `sink` needs. */
function permissionsOf(sink: string): ReadonlySet<string> {
  const readme = readFileSync(join(root, "README.md"), "utf8");
  const row = readme.split("\n").find((line) => line.startsWith(`| \`${sink}\` |`));
  const [, , permissions = ""] = row?.split("|") ?? [];
  const actions = [...permissions.matchAll(/`([a-z0-9]+:\w+)`/g)].map(([, action]) => action!);
  assert.ok(actions.length > 0, `README.md has no row of permissions for ${sink}`);
  return new Set(actions);
}
