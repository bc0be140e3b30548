/** docs/security.md and docs/threat-model.md say what the code does. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { flags } from "../../src/config/flags.ts";
import { labelsMax } from "../../src/model/label-set.ts";
import { symbolsMax } from "../../src/remote/symbol-table.ts";
import { openablePaths, readWebConfig } from "../../src/web-config/web-config.ts";
import { groupDepthMax } from "../../src/wire/byte-reader.ts";

const read = (name: string) => readFileSync(join(import.meta.dirname, "../../docs", name), "utf8");
const security = read("security.md");
const threats = read("threat-model.md");

test("every web config in the docs can be read", () => {
  const examples = [...security.matchAll(/```yaml\n(# web-config\.yml\n.*?)```/gs)].map(
    ([, text = ""]) => text,
  );
  assert.equal(examples.length, 3);
  for (const text of examples) assert.doesNotThrow(() => readWebConfig(text, "web-config.yml"));
});

test("every key there is has its line in the docs, and no other", () => {
  const documented = [...security.matchAll(/^\| `([a-z_0-9]+)(\.[a-z_0-9]+)?`(?:, `(\.[a-z_0-9]+)`)?/gm)];
  const keys = documented.flatMap(([, section, first = "", second]) =>
    [first, second].filter((key) => key !== undefined).map((key) => `${section}${key}`),
  );
  // A key that is wrong is answered with those that are right.
  const known = ["", "tls_server_config", "http_server_config", "rate_limit"].flatMap((section) => {
    const text = section === "" ? "no_such_key: 1" : `${section}: {no_such_key: 1}`;
    const names = refusal(text).split("there are ")[1]?.split(", ") ?? [];
    return names.map((name) => (section === "" ? name : `${section}.${name}`));
  });
  const sections = ["tls_server_config", "http_server_config", "rate_limit"];
  assert.deepEqual(keys.sort(), known.filter((key) => !sections.includes(key)).sort());
  for (const path of openablePaths) assert.ok(security.includes(`\`${path}\``));
});

function refusal(text: string): string {
  try {
    readWebConfig(text, "x");
  } catch (error) {
    return String(error);
  }
  return "";
}

test("the limits in the threat model are those of the code", () => {
  const row = (start: string) => threats.split("\n").find((line) => line.startsWith(`| ${start}`)) ?? "";
  assert.ok(row("Labels of a series").includes(labelsMax.toLocaleString("en")));
  assert.ok(row("Symbols of a 2.0 request").includes(symbolsMax.toLocaleString("en")));
  assert.ok(row("Nested groups").includes(String(groupDepthMax)));
  const defaults = {
    "Body, as sent": "body-bytes",
    "Body, in time": "ack-timeout",
    "Message, uncompressed": "decoded-bytes",
    "Lines not yet durable": "pending-bytes",
    "Spool |": "spool-bytes",
  } as const;
  for (const [start, name] of Object.entries(defaults)) {
    const shown = (flags[name].default ?? "").replace(/(\d)([A-Za-z])/, "$1 $2");
    assert.ok(row(start).includes(shown), `${start}: ${shown}`);
    assert.ok(row(start).includes(`--${name}`), start);
  }
  for (const [flag] of [...security.matchAll(/--[a-z][a-z-]+/g), ...threats.matchAll(/--[a-z][a-z-]+/g)]) {
    assert.ok(flag === "--help" || flag === "--version" || Object.hasOwn(flags, flag.slice(2)), flag);
  }
});
