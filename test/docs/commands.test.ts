/** What the documents tell to type is run, or at least read: shell blocks, our command lines, flags, prometheus.yml. */
import assert from "node:assert/strict";
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import about from "../../package.json" with { type: "json" };
import { checkFlags } from "../../src/config/check-flags.ts";
import { ddlFlags } from "../../src/config/ddl-flags.ts";
import { flags } from "../../src/config/flags.ts";
import { planFlags } from "../../src/config/plan-flags.ts";
import { decodeLine } from "../../src/line/decode.ts";
import { createMetrics } from "../../src/metrics.ts";
import { blocksOf, type DocumentedBlock } from "../support/documented.ts";
import { withDirectory } from "../support/program.ts";
import { promtool3, runPromtool } from "../support/prometheus.ts";
import { metricNames, metricsIn } from "../support/promql.ts";
import { assertTaken, callsIn, commandsOf } from "./command-lines.ts";
import { syntaxProblem } from "./shell.ts";
import { isMet, type Rule, rules } from "./treatments.ts";

const root = join(import.meta.dirname, "../..");
const docs = readdirSync(join(root, "docs"))
  .filter((name) => name.endsWith(".md"))
  .map((name) => `docs/${name}`);
const files = ["README.md", "CONTRIBUTING.md", ...docs];
const read = (path: string) => readFileSync(join(root, path), "utf8");
const shellBlocks = files.flatMap((file) =>
  blocksOf(file)
    .filter(({ language }) => /^(?:sh|bash|console)?(?: |$)/.test(language))
    .map((block) => ({ file, ...block })),
);

test("every shell block is run by a test, or there is a reason", () => {
  const used = new Set<Rule>();
  for (const block of shellBlocks) {
    const where = `${block.file}, ${block.heading}: ${block.text.split("\n")[0]}`;
    const met = rules.filter((rule) => isMet(rule, block, block.file));
    assert.equal(met.length, 1, `${where}: ${met.length} rules in treatments.ts`);
    used.add(met[0]!);
  }
  assert.deepEqual(
    rules.filter((rule) => !used.has(rule)),
    [],
    "rules for no block",
  );
});

test("the tests that run blocks elsewhere are there", () => {
  for (const { file, treatment } of rules) {
    if (typeof treatment === "string" || !("by" in treatment)) continue;
    assert.ok(existsSync(join(root, treatment.by)), treatment.by);
    if (file !== "README.md") assert.ok(read(treatment.by).includes(file.replace("docs/", "")), treatment.by);
  }
});

test("every shell block is one to bash, and the program takes its command lines", () => {
  let calls = 0;
  for (const block of shellBlocks) {
    const text = commandsOf(block);
    assert.equal(syntaxProblem(text), "", `${block.file}: ${text}`);
    for (const words of callsIn(text)) {
      assert.doesNotThrow(() => assertTaken(words), `${block.file}: ${words.join(" ")}`);
      calls++;
    }
  }
  assert.ok(calls > 25, `${calls}`);
});

test("a command line that the program would not take is found out", () => {
  const [words] = callsIn("cat x | prometheus-remote-kinesis spool inspect --spol-dir 'a b' | jq .");
  assert.deepEqual(words, ["spool", "inspect", "--spol-dir", "a b"]);
  assert.throws(() => assertTaken(words!), /unknown flag/);
  assert.throws(() => assertTaken(["--spool-full", "never", "--spool-dir", "x"]), /refuse, drop-oldest/);
  assert.throws(() => assertTaken(["plan", "--series", "many"]), /whole number/);
});

/** Of docker, buildah, npm scripts, sha256sum, aws and Prometheus. */
const flagsOfOthers = [
  ...["build-arg", "check", "compression-format", "compression-level", "create-bucket-configuration"],
  ...["format", "ignore-missing", "service-account", "short", "storage", "target"],
];

test("every flag that is written of is one", () => {
  const ours = Object.keys({ ...flags, ...checkFlags, ...ddlFlags, ...planFlags });
  const known = new Set([...ours, "help", "version", "flag", ...flagsOfOthers]);
  for (const file of files) {
    for (const [, code = ""] of read(file).matchAll(/(?<!`)`([^`\n]+)`(?!`)/g)) {
      for (const [, name = ""] of code.matchAll(/(?:^| )--([a-z][a-z0-9-]+)/g)) {
        assert.ok(known.has(name), `${file}: --${name} in ${code}`);
      }
    }
  }
});

test("every metric that is written of is one", async () => {
  const known = metricNames(await createMetrics({ version: "1", runtime: "test" }).text());
  for (const file of files) {
    // A sample of `check`, not a metric of ours.
    const text = read(file).replaceAll("prometheus_remote_kinesis_check", "");
    for (const name of metricsIn(text)) assert.ok(known.has(name), `${file}: ${name}`);
  }
});

test("every script and every path of a test that is written of is there", () => {
  for (const file of files) {
    for (const [, script = "", path = ""] of read(file).matchAll(
      /npm (?:run ([a-z:-]+)|test -- ((?!--)\S+))/g,
    )) {
      if (path === "") assert.ok(Object.hasOwn(about.scripts, script), `${file}: npm run ${script}`);
      else assert.ok(existsSync(join(root, path)), `${file}: ${path}`);
    }
  }
});

test("every local link leads somewhere", () => {
  for (const file of [...files, "README.ja.md", "ARCHITECTURE.md", "CHANGELOG.md"]) {
    const text = read(file).replaceAll(/^```[\s\S]*?^```$/gm, "");
    for (const [, to = ""] of text.matchAll(/\]\(([^)\s]+)\)|(?:src|srcset)="([^"]+)"/g)) {
      const [path = "", anchor] = to.split("#");
      if (/^https?:/.test(to)) continue;
      const target = path === "" ? file : join(file, "..", path);
      assert.ok(existsSync(join(root, target)), `${file}: ${to}`);
      if (anchor !== undefined) assert.ok(anchorsOf(read(target)).has(anchor), `${file}: ${to}`);
    }
  }
});

test("every line of the archive in the documents is one that is read", () => {
  const lines = files
    .flatMap((file) => blocksOf(file).filter(({ language }) => language === "json"))
    .flatMap(({ text }) => text.split("\n").filter((line) => line.startsWith('{"name":')));
  assert.ok(lines.length >= 5, `${lines.length}`);
  for (const line of lines) assert.doesNotThrow(() => decodeLine(new TextEncoder().encode(line)), line);
});

test("every document is named in the README", () => {
  const text = read("README.md");
  assert.deepEqual(
    docs.filter((path) => !text.includes(`](${path})`)),
    [],
  );
});

test("the two READMEs have the same blocks and the same links", () => {
  const [english, japanese] = [blocksOf("README.md"), blocksOf("README.ja.md")];
  const plain = (blocks: readonly DocumentedBlock[]) =>
    // Comments are prose.
    blocks.map(({ language, text }) => [language, text.replaceAll(/^\s*# .*\n/gm, "")]);
  assert.deepEqual(plain(japanese), plain(english));
  const links = (path: string) =>
    [...read(path).matchAll(/\]\((?!README)([^)\s#]+)/g)]
      .map(([, to]) => to!)
      .toSorted((a, b) => (a < b ? -1 : 1));
  assert.deepEqual(new Set(links("README.ja.md")), new Set(links("README.md")));
});

const missing = promtool3.missing === false ? {} : { skip: promtool3.missing };

test("every prometheus.yml of the documents is one to promtool", missing, async () => {
  const configs = files.flatMap((file) =>
    blocksOf(file).filter(({ language, text }) => language === "yaml" && text.startsWith("# prometheus.yml")),
  );
  assert.ok(configs.length >= 5, `${configs.length}`);
  await withDirectory(async (directory) => {
    for (const name of ["archive-password", "token", "ca.pem", "client.pem", "client.key"]) {
      writeFileSync(join(directory, name), "x");
    }
    copyFileSync(join(root, "deploy/prometheus/alerts.yml"), join(directory, "alerts.yml"));
    mkdirSync(join(directory, "data"));
    for (const { text } of configs) {
      const path = join(directory, "prometheus.yml");
      writeFileSync(path, text);
      assert.match(runPromtool(promtool3.path, ["check", "config", path]), /is valid/);
    }
  });
});

/** Of its headings, as GitHub makes them. */
function anchorsOf(text: string): ReadonlySet<string> {
  const titles = [...text.matchAll(/^#+ (.+)$/gm)].map(([, title]) => title!);
  return new Set(
    titles.map((title) =>
      title
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N} _-]/gu, "")
        .replaceAll(" ", "-"),
    ),
  );
}
