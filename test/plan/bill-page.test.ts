/** The tables of docs/bill.md are what `plan` says: each stands below the command that makes it. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { pricesOf } from "../../src/bill/prices.ts";
import { runPlan } from "../../src/command/plan.ts";
import type { PlanRow } from "../../src/plan/plan.ts";
import { configOf } from "../support/config.ts";

const page = readFileSync(join(import.meta.dirname, "../../docs/bill.md"), "utf8");
/** zlib is not the same in all runtimes, and payload units round what it makes. */
const tolerance = 0.1;
const head = ["billed as", "compression", "billed GB", "$", "saves", "$/month kept"];

/** The rows of `plan` for a command of the page, as cells of its table: per billion samples. */
async function rowsOf(command: string): Promise<string[][]> {
  const own = [...command.matchAll(/--([a-z-]+) (\S+)/g)].map(([, name, value]) => [name!, value!] as const);
  const out: string[] = [];
  const platform = { writeOut: (text: string) => out.push(text), env: {} };
  assert.equal(await runPlan(configOf(["--log-format", "json"]), platform, new Map(own)), 0);
  const rows = out.map((line) => JSON.parse(line) as PlanRow);
  const perMonth = (Number(new Map(own).get("samples-per-second")) * 730 * 3_600) / 1e9;
  return rows.map((row) => {
    const { billing, compression, billedBytesPerBillion, dollarsPerBillion, storageDollarsPerMonth } = row;
    const single = rows.find((each) => each.billing === billing && each.compression === undefined);
    const saves = 1 - dollarsPerBillion / (single?.dollarsPerBillion ?? Number.NaN);
    return [
      billing.replaceAll("_", " "),
      compression ?? "one sample a record",
      short(billedBytesPerBillion / 2 ** 30),
      short(dollarsPerBillion),
      compression === undefined ? "" : `${(100 * saves).toFixed(1)} %`,
      short(storageDollarsPerMonth / perMonth),
    ];
  });
}

/** Three digits. */
function short(value: number): string {
  return value >= 100 ? Math.round(value).toLocaleString("en-US") : value.toPrecision(3);
}

/** Commands of the page and the cells of the tables below them. */
function tablesOf(text: string): readonly (readonly [command: string, rows: string[][]])[] {
  return [...text.matchAll(/^prometheus-remote-kinesis plan (--samples.*)\n```\n+((?:\|.*\n)+)/gm)].map(
    ([, command, table]) => {
      const [, , ...lines] = (table ?? "").trim().split("\n");
      return [
        command!,
        lines.map((line) =>
          line
            .split("|")
            .slice(1, -1)
            .map((cell) => cell.trim()),
        ),
      ];
    },
  );
}

function isClose(told: string, actual: string): boolean {
  const [one, other] = [told, actual].map((text) => Number(text.replace(/,| %/g, "")));
  if (told === actual) return true;
  return Math.abs(one! - other!) <= tolerance * Math.max(one!, other!);
}

const tables = tablesOf(page);

test("the page has tables", () => assert.equal(tables.length, 2));

for (const [command, told] of tables) {
  test(`the table of plan ${command} is what plan says`, async () => {
    const actual = await rowsOf(command);
    const wrong = actual.some((row, at) => !row.every((cell, of) => isClose(told[at]?.[of] ?? "", cell)));
    const shown = [head, head.map(() => "---"), ...actual].map((row) => `| ${row.join(" | ")} |`);
    assert.ok(!wrong && told.length === actual.length, `put this into docs/bill.md:\n${shown.join("\n")}`);
  });
}

test("the page names the prices of which month and region it has, and each price", () => {
  const { asOf, region, kinesis, firehose, s3 } = pricesOf("us-east-1");
  for (const known of [asOf, region, ...Object.values(kinesis), ...Object.values(s3)])
    assert.ok(page.includes(String(known)), `docs/bill.md does not say ${known}`);
  for (const { dollarsPerGigabyte } of firehose) assert.ok(page.includes(String(dollarsPerGigabyte)));
});
