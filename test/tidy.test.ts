/** The house rules hold in every file, without a list of exemptions; and each rule finds what it is there to find. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { findRuntimeNames, findWrongImports } from "./support/import-rules.ts";
import { parseSources, readSources, type Source } from "./support/source-tree.ts";
import * as rules from "./support/tidy-rules.ts";

const root = join(import.meta.dirname, "..");
const sources = readSources(["src", "test", "scripts"]);
const packageJson = readFileSync(join(root, "package.json"), "utf8");
/** What starts files: their names in here are references. */
const entryTexts = [
  packageJson,
  ...["deno.json", ".ci/run"].map((path) => readFileSync(join(root, path), "utf8")),
];

test("imports point down the ranks, and packages and node: modules stay where they belong", () => {
  assert.deepEqual(findWrongImports(sources), []);
});

test("only src/runtime names a runtime", () => {
  assert.deepEqual(findRuntimeNames(sources), []);
});

test("files, functions and lines are short", () => {
  assert.deepEqual(rules.findTooLong(sources), []);
});

test("nothing is left over, and nothing banned is used", () => {
  assert.deepEqual(rules.findBanned(sources), []);
});

test("every file is referenced", () => {
  assert.deepEqual(rules.findUnreferenced(sources, entryTexts), []);
});

test("every dependency is one exact version", () => {
  assert.deepEqual(rules.findLooseVersions(JSON.parse(packageJson)), []);
});

test("no file names a package registry", () => {
  assert.deepEqual(
    listTexts("").flatMap((path) => rules.findRegistries(path, readFileSync(join(root, path), "utf8"))),
    [],
  );
});

test("the import rules find each kind of wrong import", () => {
  const wrong = [
    ["src/wire/a.ts", 'import { x } from "../http/b.ts";'],
    ["src/remote/a.ts", 'import type { X } from "../line/b.ts";'],
    ["src/batch/a.ts", 'import { x } from "../sink/kinesis.ts";'],
    ["src/batch/b.ts", 'import { readFile } from "node:fs";'],
    ["src/http/a.ts", 'import { gzipSync } from "node:zlib";'],
    ["src/batch/compress.ts", 'import { open } from "node:fs";'],
    ["src/sink/a.ts", 'const x = await import("../command/serve.ts");'],
    ["src/sink/b.ts", 'import { AwsClient } from "aws4fetch";'],
    ["src/command/a.ts", 'import { Hono } from "hono";'],
    ["src/http/b.ts", 'import left from "left-pad";'],
    ["src/http/c.ts", 'import { x } from "./d";'],
    ["src/line/b.ts", 'export type { X } from "../remote/c.ts";'],
    ["src/line/c.ts", 'export type X = import("../remote/c.ts").X;'],
    ["src/unknown/a.ts", 'import { x } from "../errors.ts";'],
    ["src/http/e.ts", 'import { x } from "../../test/support/x.ts";'],
  ] as const;
  const right = parse({
    "src/batch/a.ts": 'import type { Sink } from "../sink/sink.ts";\nimport { x } from "./b.ts";',
    "src/batch/compress.ts": 'import { gzip } from "node:zlib";',
    "src/main.ts": 'import { x } from "./config/config.ts";\nawait import("./runtime/bun.ts");',
    "test/a.test.ts": 'import { x } from "../src/http/app.ts";\nimport { y } from "node:fs";',
  });
  assert.deepEqual(findWrongImports(right), []);
  const found = parse(Object.fromEntries(wrong)).map((source) => [
    source.path,
    findWrongImports([source]).length,
  ]);
  assert.deepEqual(
    found,
    wrong.map(([path]) => [path, 1]),
  );
});

test("the runtime rule tells a runtime's name from a word", () => {
  const text = [
    "// Bun. and Deno.env are only mentioned here",
    'const a = { process: 1, text: "process.env", has: "Bun" in globalThis };',
    "a.process;",
    "process.env;",
    "const f = () => Deno;",
    "`$".concat("{Bun.version}`;"),
  ].join("\n");
  assert.deepEqual(
    findRuntimeNames(parse({ "src/http/a.ts": text, "src/runtime/bun.ts": text })).map(
      (each) => each.split(" ")[0],
    ),
    ["src/http/a.ts:4:", "src/http/a.ts:5:", "src/http/a.ts:6:"],
  );
});

test("the length rule counts lines of files and functions, and columns", () => {
  const body = (lines: number) => `export function f() {\n${"  g();\n".repeat(lines - 2)}}\n`;
  const lengths = parse({
    "src/a.ts": body(70),
    "src/b.ts": body(71),
    "src/c.ts": "a;\n".repeat(300),
    "src/d.ts": "a;\n".repeat(301),
    "src/e.ts": `// ${"☃".repeat(117)}\n`,
    "src/f.ts": `// ${"☃".repeat(118)}\n`,
    "src/remote/gen/x_pb.ts": "a;\n".repeat(301),
  });
  assert.deepEqual(rules.findTooLong(lengths), [
    "src/b.ts:1: a function of 71 lines",
    "src/d.ts: 301 lines, 300 at most",
    "src/f.ts:1: 121 columns",
  ]);
});

test("the rule on leftovers and banned things finds each", () => {
  const banned = {
    "src/a.ts": "// TO".concat("DO: later\n"),
    "src/b.ts": "let x: any;\n",
    "src/c.ts": "enum E { A }\n",
    "src/d.ts": "namespace N { export const a = 1; }\n",
    "src/e.ts": "export default 1;\n",
    "src/f.ts": 'export * from "./a.ts";\n',
    "src/g.ts": "export default function f() {}\n",
    "src/utils.ts": "export const a = 1;\n",
    "test/a.test.ts": "test.on".concat('ly("x", () => {});\n'),
    "src/h.ts": "// @ts-".concat("ignore\nlet y = 1;\n"),
  };
  const found = parse(banned).map((source) => [source.path, rules.findBanned([source]).length > 0]);
  assert.deepEqual(
    found,
    Object.keys(banned).map((path) => [path, true]),
  );
  const fine = "switch (1) {\n  default:\n}\nexport const anything = 1;\n";
  assert.deepEqual(rules.findBanned(parse({ "src/a.ts": fine })), []);
});

test("the rule on references knows imports, entry points and started files", () => {
  const files = parse({
    "src/main.ts": 'import { a } from "./a.ts";',
    "src/a.ts": 'new URL("./worker.ts", import.meta.url);',
    "src/worker.ts": "",
    "src/lost.ts": "",
    "test/a.test.ts": "",
  });
  assert.deepEqual(rules.findUnreferenced(files, ['"start": "bun src/main.ts"']), [
    "src/lost.ts: nothing imports or starts it",
  ]);
});

test("the rules on versions and registries find a range and a host", () => {
  assert.equal(rules.findLooseVersions({ dependencies: { a: "^1.0.0", b: "1.0.0" } }).length, 1);
  assert.equal(rules.findRegistries("a", `https://${["registry", "npmjs", "org"].join(".")}/a`).length, 1);
});

function parse(texts: Readonly<Record<string, string>>): readonly Source[] {
  return parseSources(texts);
}

/** Every text file of the repository; what .gitignore names is not of it. */
function listTexts(folder: string): string[] {
  const ignored = [".git", "node_modules", "dist", "archive", "coverage"];
  return readdirSync(join(root, folder), { withFileTypes: true })
    .filter(({ name }) => !ignored.includes(name) && !/\.(snappy|gz|zst|bin|log)$/.test(name))
    .flatMap((entry) =>
      entry.isDirectory() ? listTexts(join(folder, entry.name)) : [join(folder, entry.name)],
    );
}
