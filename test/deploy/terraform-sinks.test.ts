/** deploy/terraform does what its own tests say of sinks, queries and examples, and of what it refuses. */
import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { assertModuleTests, terraformMissing } from "../support/terraform.ts";

const folder = join(import.meta.dirname, "../../deploy/terraform/tests");
const options = terraformMissing === undefined ? { timeout: 115_000 } : { skip: terraformMissing };
const names = ["examples", "query", "refused", "sinks"];

test(
  "terraform test passes for sinks, queries, examples and refusals, with a provider that is mocked",
  options,
  () => {
    assertModuleTests(...names);
  },
);

test("no file of the module's tests is left out", () => {
  const files = readdirSync(folder).filter((name) => name.endsWith(".tftest.hcl"));
  const run = [...names, "access", "alarms", "bucket", "outputs"];
  assert.deepEqual(new Set(files), new Set(run.map((name) => `${name}.tftest.hcl`)));
});
