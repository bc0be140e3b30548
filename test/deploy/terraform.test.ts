/** deploy/terraform is sound, and fits the program, the README and the table of the `ddl` command. */
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

test("the module is formatted and valid, and its outputs fit program, README and ddl", options, () => {
  withTerraform(({ run }) => {
    const formatted = run("fmt", "-check", "-recursive", "-diff");
    assert.equal(formatted.code, 0, formatted.output);
    const valid = run("validate", "-no-color");
    assert.equal(valid.code, 0, valid.output);
    // Each plan comes with the provider's whole schema, hence of a few runs alone.
    const { code, output } = run("test", "-json", "-verbose", "-filter=tests/outputs.tftest.hcl");
    const { failures, runs } = readTestReport(output);
    assert.deepEqual(failures, []);
    assert.equal(code, 0, output.slice(-2000));
    assert.deepEqual([...runs.keys()], ["firehose", "kinesis", "s3"]);
    assertCommandsAreTaken(runs);
    assertWriterHasWhatReadmeSays(runs);
    assertTableIsThatOfDdl(runs.get("firehose"));
  });
});

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
  for (const [name, { output_changes: outputs }] of runs) {
    const [program, ...args] = String(outputs["command"]?.after).split(" ");
    assert.equal(program, "prometheus-remote-kinesis", name);
    const typed = configOf(args);
    const fromEnvironment = configOf([], outputs["environment"]?.after as Readonly<Record<string, string>>);
    for (const key of ["sink", "region", "compression"] as const) {
      assert.deepEqual(fromEnvironment[key], typed[key], `${name}: ${key}`);
    }
    assert.equal(typed.sink.kind, name);
  }
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

function assertWriterHasWhatReadmeSays(runs: ReadonlyMap<string, TestPlan>): void {
  const rows = { kinesis: "kinesis:STREAM", firehose: "firehose:STREAM", s3: "s3://BUCKET/PREFIX" };
  for (const [name, sink] of Object.entries(rows)) {
    const policy = JSON.parse(String(runs.get(name)?.output_changes["writer_policy"]?.after)) as Policy;
    const actions = new Set(policy.Statement.flatMap(({ Action }) => Action));
    assert.deepEqual(actions, permissionsOf(sink), sink);
  }
}

interface Policy {
  readonly Statement: readonly { readonly Action: readonly string[] }[];
}

/** What the README's table of sinks says that `sink` needs. */
function permissionsOf(sink: string): ReadonlySet<string> {
  const row = read("README.md")
    .split("\n")
    .find((line) => line.startsWith(`| \`${sink}\` |`));
  const [, , permissions = ""] = row?.split("|") ?? [];
  const actions = [...permissions.matchAll(/`([a-z0-9]+:\w+)`/g)].map(([, action]) => action!);
  assert.ok(actions.length > 0, `README.md has no row of permissions for ${sink}`);
  return new Set(actions);
}
