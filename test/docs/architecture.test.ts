/** ARCHITECTURE.md: its ranks are those of the import rules, and every dependency has its line. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import about from "../../package.json" with { type: "json" };
import { ranks } from "../support/import-rules.ts";

const read = (path: string) => readFileSync(join(import.meta.dirname, "../..", path), "utf8");
const text = read("ARCHITECTURE.md");

function rowsBelow(title: string): readonly (readonly [string, string])[] {
  const section = text.slice(text.indexOf(`\n## ${title}\n`)).split("\n## ")[1] ?? "";
  return [...section.matchAll(/^\| ([^|]+) \| ([^|]+) \|$/gm)].slice(2).map(([, a = "", b = ""]) => [a, b]);
}

test("the table of ranks is that of the import rules", () => {
  const shown = rowsBelow("Ranks").map(([rank, units]) => [rank, units.match(/[^`\s]+/g)]);
  const ruled = ranks.map((units, rank) => [
    String(rank),
    units.flatMap((unit) => unit.replaceAll(".ts", "").split(" ")),
  ]);
  assert.deepEqual(shown, ruled);
});

test("every dependency has its line, and no other has", () => {
  const shown = rowsBelow("Dependencies").flatMap(([names]) => {
    const [, packages = "", kind = "runtime"] = /^(.*?)(?: \((\w+).*\))?$/.exec(names) ?? [];
    return packages.split(", ").map((name) => [name.toLowerCase(), kind] as const);
  });
  const of = (kind: string) => new Set(shown.filter(([, each]) => each === kind).map(([name]) => name));
  assert.deepEqual(of("runtime"), new Set(Object.keys(about.dependencies)));
  assert.deepEqual(of("development"), new Set(Object.keys(about.devDependencies)));
  assert.deepEqual(of("optional"), new Set(Object.keys(about.optionalDependencies)));
  for (const [, name = ""] of read(".ci/moto.txt").matchAll(/^([a-z][a-z-]*)(?:\[.*\])?==/gm)) {
    assert.ok(of("CI").has(name), `${name} of .ci/moto.txt`);
  }
});
