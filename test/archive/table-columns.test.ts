import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { type ColumnType, hiveType, tableColumns, tableProperties } from "../../src/archive/table-columns.ts";

test("the columns are the keys of a line, in their order", () => {
  const format = readFileSync(join(import.meta.dirname, "../../src/line/FORMAT.md"), "utf8");
  const keys = [...format.matchAll(/^\| `(\w+)` \| (?:string|integer|number|object)/gm)].map(
    ([, key]) => key,
  );
  assert.deepEqual(
    tableColumns.map(({ name }) => name),
    keys,
  );
});

test("every key of every example line has a column or field that takes its value", () => {
  const format = readFileSync(join(import.meta.dirname, "../../src/line/FORMAT.md"), "utf8");
  const lines = format.split("\n").filter((line) => line.startsWith('{"name"'));
  assert.ok(lines.length > 15, `${lines.length} examples`);
  const struct = Object.fromEntries(tableColumns.map(({ name, type }) => [name, type]));
  for (const line of lines) assert.equal(misfit(JSON.parse(line), { struct }, ""), undefined, line);
});

function misfit(value: unknown, type: ColumnType, path: string): string | undefined {
  if (value === null) return undefined;
  const all = (
    entries: readonly (readonly [string | number, unknown])[],
    typeOf: (key: string | number) => ColumnType | undefined,
  ) =>
    entries
      .map(([key, each]) => {
        const field = typeOf(key);
        return field === undefined ? `${path}.${key} has no field` : misfit(each, field, `${path}.${key}`);
      })
      .find((problem) => problem !== undefined);
  if (type === "string") return typeof value === "string" ? undefined : `${path} is no string`;
  if (typeof type === "string") return typeof value === "number" ? undefined : `${path} is no ${type}`;
  if ("array" in type)
    return Array.isArray(value) ? all([...value.entries()], () => type.array) : `${path} is no array`;
  if (typeof value !== "object" || Array.isArray(value)) return `${path} is no object`;
  if ("mapTo" in type) return all(Object.entries(value), () => type.mapTo);
  return all(Object.entries(value), (key) => type.struct[key]);
}

test("types are written as Glue reads them", () => {
  assert.equal(hiveType({ mapTo: "string" }), "map<string,string>");
  assert.equal(
    hiveType({ struct: { a: "decimal(20,0)", b: { array: { array: "bigint" } } } }),
    "struct<a:decimal(20,0),b:array<array<bigint>>>",
  );
});

test("the projection covers the folders of the keys by the hour", () => {
  assert.deepEqual(tableProperties("s3://bucket/prefix/", "2026/11/23/06"), {
    "projection.enabled": "true",
    "projection.datehour.type": "date",
    "projection.datehour.format": "yyyy/MM/dd/HH",
    "projection.datehour.range": "2026/11/23/06,NOW",
    "projection.datehour.interval": "1",
    "projection.datehour.interval.unit": "HOURS",
    // biome-ignore lint/suspicious/noTemplateCurlyInString: Athena puts the hour there.
    "storage.location.template": "s3://bucket/prefix/${datehour}/",
  });
});
