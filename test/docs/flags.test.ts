/** docs/flags.md has every flag that --help has, with the same words, and no other. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { flagsPage } from "../../scripts/docs-flags.ts";
import { commands } from "../../src/command/command.ts";
import { readArguments } from "../../src/config/arguments.ts";

const page = readFileSync(join(import.meta.dirname, "../../docs/flags.md"), "utf8");

test("docs/flags.md is what npm run docs:flags writes", () => {
  assert.equal(page, flagsPage(), "run npm run docs:flags");
});

test("the page lists the flags and words of --help, command by command", () => {
  const common = helpOf([]);
  assert.ok(common.size > 30);
  assert.deepEqual(rowsBelow("## Of all commands"), common);
  for (const { name, flags = {} } of commands) {
    const help = helpOf(name.split(" "));
    assert.deepEqual(new Set(help.keys()), new Set([...common.keys(), ...Object.keys(flags)]));
    const own = new Map([...help].filter(([flag]) => Object.hasOwn(flags, flag)));
    if (own.size > 0) assert.deepEqual(rowsBelow(`## Of \`${name}\` alone`), own);
  }
});

test("the page lists the commands of --help", () => {
  const text = helpText([]);
  const listed = /\nCommands:\n((?: {2}.+\n)+)/.exec(text)?.[1]?.trimEnd().split("\n") ?? [];
  const expected = listed.map((line) => line.trim().split(/ {2,}/));
  const rows = [...sectionOf("## Commands").matchAll(/^\| `(.+)` \| (.+) \|$/gm)].map(([, name, help]) => [
    name,
    help,
  ]);
  assert.equal(expected.length, commands.length);
  assert.deepEqual(rows, expected);
});

/** Meaning and default by flag, as --help prints them. */
function helpOf(words: readonly string[]): Map<string, string> {
  const list = /\nFlags:\n([\s\S]*?)\n\n/.exec(helpText(words))?.[1] ?? "";
  const entries = list.split(/\n(?= {2}-)/).flatMap((entry) => {
    const [, name, rest = ""] =
      /^ +--([a-z0-9-]+)(?: [<[].+?[>\]](?= {2}))? {2,}([\s\S]*)$/.exec(entry) ?? [];
    return name === undefined ? [] : [[name, ownWords(rest.replace(/\s+/g, " "))] as const];
  });
  return new Map(entries);
}

function helpText(words: readonly string[]): string {
  const asked = readArguments({ args: [...words, "--help"], version: "1", commands });
  assert.equal(asked.kind, "print");
  return asked.kind === "print" ? asked.text : "";
}

/** Without the command, with which the help of its own flags begins. */
function ownWords(help: string): string {
  return help.replace(/^(?:check|plan|ddl): /, "");
}

/** The same, from the page: the meaning, and what --help adds to it. */
function rowsBelow(title: string): Map<string, string> {
  const rows = sectionOf(title)
    .split("\n")
    .filter((line) => line.startsWith("| `--"));
  return new Map(
    rows.map((row) => {
      const cells = row.split(/(?<!\\)\|/).map((each) => each.trim().replaceAll("\\|", "|"));
      const [, spelled = "", ...rest] = cells;
      const hasVariable = cells.length === 7;
      const [variable, preset, , meaning] = hasVariable ? rest : [undefined, ...rest];
      const notes = [
        preset === "" ? undefined : `default ${preset?.replaceAll("`", "")}`,
        variable === undefined ? undefined : `$${variable.replaceAll("`", "")}`,
      ].filter((note) => note !== undefined);
      const name = /^`--([a-z0-9-]+)/.exec(spelled)?.[1] ?? "";
      return [name, notes.length === 0 ? meaning! : `${meaning} (${notes.join(", ")})`];
    }),
  );
}

function sectionOf(title: string): string {
  const start = page.indexOf(`${title}\n`);
  assert.notEqual(start, -1, title);
  const end = page.indexOf("\n## ", start + 1);
  return page.slice(start, end === -1 ? undefined : end);
}
