/** deploy/terraform: its own tests, and that it fits the program, the README and the table of the `ddl` command. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { hiveType, partitionColumn, tableColumns, tableProperties } from "../../src/archive/table-columns.ts";
import { configOf } from "../support/config.ts";
import { readTestReport, type TestPlan, terraformMissing, withTerraform } from "../support/terraform.ts";
import { inputsTable, outputsTable } from "../support/terraform-inputs.ts";

const root = join(import.meta.dirname, "../..");
const folder = join(root, "deploy/terraform");
const options = terraformMissing === undefined ? { timeout: 115_000 } : { skip: terraformMissing };
const read = (path: string) => readFileSync(join(root, path), "utf8");

test(
  "the module is formatted and valid, and does what its tests say: sinks, bucket, queries",
  options,
  () => {
    withTerraform(({ run }) => {
      const formatted = run("fmt", "-check", "-recursive", "-diff");
      assert.equal(formatted.code, 0, formatted.output);
      const valid = run("validate", "-no-color");
      assert.equal(valid.code, 0, valid.output);
      const filters = ["sinks", "bucket", "query"].map((name) => `-filter=tests/${name}.tftest.hcl`);
      const { code, output } = run("test", "-json", "-verbose", ...filters);
      const { failures, runs, passed } = readTestReport(output);
      assert.deepEqual(failures, []);
      assert.equal(code, 0, output.slice(-2000));
      assert.equal(passed, countRuns("sinks", "bucket", "query"));
      assertCommandsAreTaken(runs);
      assertTableIsThatOfDdl(runs.get("table_and_workgroup"));
    });
  },
);

test("the README of the module lists its variables and outputs", () => {
  const variables = readdirSync(folder)
    .filter((name) => /^variables.*\.tf$/.test(name))
    .sort()
    .reverse()
    .map((name) => readFileSync(join(folder, name), "utf8"));
  const readme = read("deploy/terraform/README.md");
  for (const table of [...variables.map(inputsTable), outputsTable(read("deploy/terraform/outputs.tf"))]) {
    assert.ok(readme.includes(`\n${table}\n`), `deploy/terraform/README.md needs this table:\n${table}`);
  }
});

/** Of each kind of sink, the program takes the command and the environment that the module prints. */
function assertCommandsAreTaken(runs: ReadonlyMap<string, TestPlan>): void {
  const kinds = new Set<string>();
  for (const [name, { output_changes: outputs }] of runs) {
    const [program, ...args] = String(outputs["command"]?.after).split(" ");
    assert.equal(program, "prometheus-remote-kinesis", name);
    const typed = configOf(args);
    const fromEnvironment = configOf([], outputs["environment"]?.after as Readonly<Record<string, string>>);
    for (const key of ["sink", "region", "compression"] as const) {
      assert.deepEqual(fromEnvironment[key], typed[key], `${name}: ${key}`);
    }
    kinds.add(typed.sink.kind);
  }
  assert.deepEqual(kinds, new Set(["firehose", "kinesis", "s3"]));
}

function assertTableIsThatOfDdl(plan: TestPlan | undefined): void {
  const table = plan?.resource_changes.find(({ address }) => address === "aws_glue_catalog_table.samples[0]");
  const after = table?.change.after as unknown as GlueTable;
  const [storage] = after.storage_descriptor;
  assert.deepEqual(
    storage?.columns.map(({ name, type, comment }) => ({ name, type, comment })),
    tableColumns.map(({ name, type, comment }) => ({ name, type: hiveType(type), comment })),
  );
  assert.deepEqual(
    after.partition_keys.map(({ name, type, comment }) => ({ name, type, comment })),
    [{ ...partitionColumn }],
  );
  const expected = tableProperties(storage?.location ?? "", "2024/01/01/00");
  const projected = Object.entries(after.parameters).filter(([key]) => /^(projection|storage)\./.test(key));
  assert.deepEqual(Object.fromEntries(projected), expected);
}

interface GlueTable {
  readonly storage_descriptor: readonly {
    readonly location: string;
    readonly columns: readonly GlueColumn[];
  }[];
  readonly partition_keys: readonly GlueColumn[];
  readonly parameters: Readonly<Record<string, string>>;
}

interface GlueColumn {
  readonly name: string;
  readonly type: string;
  readonly comment: string;
}

function countRuns(...names: readonly string[]): number {
  const texts = names.map((name) => readFileSync(join(folder, `tests/${name}.tftest.hcl`), "utf8"));
  return texts.reduce((sum, text) => sum + [...text.matchAll(/^run "/gm)].length, 0);
}
