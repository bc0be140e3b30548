/** docs/queries.md: every query is run over files of the file sink; those for Athena as what they mean to DuckDB. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { duckDbView, valuesView } from "../../src/archive/ddl.ts";
import { blocksOf, type DocumentedBlock } from "../support/documented.ts";
import { type DuckDb, withDuckDb } from "../support/duckdb.ts";
import { withDirectory } from "../support/program.ts";
import { writeQueryArchive } from "./query-archive.ts";

const blocks = blocksOf("docs/queries.md");
const jqMissing =
  spawnSync("jq", ["--version"]).status === 0 ? undefined : "jq is missing: install the package jq";
const python = pythonWithParser();
const parserMissing = python === undefined ? "sqlglot is missing: pip install sqlglot" : undefined;
const skipped = (reason: string | undefined) => (reason === undefined ? {} : { skip: reason });

const beginMs = 1_795_413_600_000;
const minute = (count: number) => String(beginMs + count * 60_000);

/** What DuckDB answers, by heading; COPY answers how much it wrote. */
const answers: Readonly<Record<string, readonly (readonly unknown[])[]>> = {
  "Latest value": [
    [
      { instance: "a", value: "1", time: minute(9.75), ended: false },
      { instance: "b", value: "1", time: minute(5), ended: true },
    ],
  ],
  "Value at a time": [
    [
      { instance: "a", value: "1" },
      { instance: "b", value: "1" },
    ],
  ],
  "Rate of a counter": [
    [
      { code: "200", step: minute(0), per_second: "1.9" },
      { code: "200", step: minute(5), per_second: "2" },
      { code: "500", step: minute(0), per_second: "0.19" },
      { code: "500", step: minute(5), per_second: "0.2" },
    ],
  ],
  "Hourly averages": [[{ Count: "9" }]],
  "Top series": [
    [
      { name: "request_duration_seconds_bucket", samples: "181", series: "4" },
      { name: "http_requests_total", samples: "90", series: "2" },
      { name: "up", samples: "56", series: "2" },
    ],
  ],
  Cardinality: [
    [
      { label: "le", label_values: "4" },
      { label: "__name__", label_values: "1" },
      { label: "job", label_values: "1" },
    ],
  ],
  Gaps: [[{ instance: "a", since: minute(4), until: minute(6), seconds: "120" }]],
  "Quantile from a histogram": [[{ job: "api", p95: "0.75" }], [{ name: "rpc_seconds", mean: "2.5" }]],
  "Special values": [
    [
      { name: "temperature", special: "+Inf", samples: "1", last: minute(0.25) },
      { name: "temperature", special: "NaN", samples: "1", last: minute(0) },
      { name: "up", special: "stale", samples: "2", last: minute(5) },
    ],
  ],
  "What a metric means": [[{ name: "up", type: "gauge", help: "1 where a scrape worked" }]],
  "From a bucket to a trace": [[{ le: "0.5", trace_id: "4bf92f3577b34da6", seconds: "0.43" }]],
};

test("DuckDB answers every query of the document", async () => {
  await withArchive(async (db) => {
    const given = await answersTo(blocksIn("sql duckdb"), ({ text }) =>
      db.rows(text.replace("'hourly.parquet'", "'archive/hourly.parquet'")),
    );
    assert.deepEqual(given, answers);
  });
});

test(
  "the queries for Athena are its SQL, and mean what those for DuckDB answer",
  skipped(parserMissing),
  async () => {
    const queries = blocksIn("sql athena");
    assert.ok(queries.length >= 10);
    for (const { heading, text } of queries) {
      assert.match(text, /datehour (BETWEEN|=) '/, `${heading}: without datehour it reads everything`);
      assert.doesNotMatch(text, /;\s*$/, `${heading}: Athena's clients want no semicolon`);
    }
    const script = join(import.meta.dirname, "../support/athena-to-duckdb.py");
    const input = JSON.stringify(queries.map(({ text }) => text));
    const { status, stdout, stderr } = spawnSync(python!, [script], { input, encoding: "utf8" });
    assert.equal(status, 0, stderr);
    const translated = JSON.parse(stdout) as readonly string[];
    await withArchive(async (db) => {
      // The one function that the translation leaves as it is.
      await db.run("CREATE MACRO infinity() AS 'inf'::DOUBLE");
      const given = await answersTo(queries, (block) => db.rows(translated[queries.indexOf(block)]!));
      const { "Hourly averages": _, ...expected } = answers;
      assert.deepEqual(given, expected);
    });
  },
);

/** What jq answers, by heading. */
const printed: Readonly<Record<string, readonly string[]>> = {
  "Before the first query": Array.from({ length: 2 }, () => {
    const labels = '{"__name__":"up","instance":"b","job":"node"}';
    return `{"name":"up","time":${minute(5)},"value":null,"special":"stale","labels":${labels}}`;
  }),
  "Latest value": [
    `{"instance":"b","value":null,"time":${minute(5)},"special":"stale"}`,
    `{"instance":"a","value":1,"time":${minute(9.75)},"special":null}`,
  ],
  "Rate of a counter": [
    '{"code":"200","increase":1170,"seconds":585,"per_second":2}',
    '{"code":"500","increase":117,"seconds":585,"per_second":0.2}',
  ],
  "Top series": ["    181 request_duration_seconds_bucket", "     90 http_requests_total", "     56 up"],
  Cardinality: [
    '{"label":"le","label_values":4}',
    '{"label":"__name__","label_values":1}',
    '{"label":"job","label_values":1}',
  ],
  Gaps: [`{"instance":"a","since":${minute(4)},"until":${minute(6)}}`],
  "Quantile from a histogram": ['{"p95":0.75}', '{"name":"rpc_seconds","mean":2.5}'],
  "Special values": ["      1 temperature\t+Inf", "      1 temperature\tNaN", "      2 up\tstale"],
  "What a metric means": ["up\tgauge\t1 where a scrape worked"],
  "From a bucket to a trace": ['{"le":"0.5","trace_id":"4bf92f3577b34da6","seconds":0.43}'],
};

test("jq answers every query of the document", skipped(jqMissing), async () => {
  await withDirectory(async (directory) => {
    await writeQueryArchive(join(directory, "archive"));
    const env = { ...process.env, LC_ALL: "C" };
    const given = await answersTo(blocksIn("sh jq"), ({ heading, text }) => {
      const command = ["--norc", "-euo", "pipefail", "-c", text];
      const { status, stdout, stderr } = spawnSync("bash", command, {
        cwd: directory,
        encoding: "utf8",
        env,
      });
      assert.equal(status, 0, `${heading}: ${stderr}`);
      // In which order files are read is a matter of their names.
      return Promise.resolve(inOrder(stdout.trimEnd().split("\n")));
    });
    const expected = mapValues(printed, (lines) => inOrder(lines));
    assert.deepEqual(
      mapValues(given, (lists) => inOrder(lists.flat())),
      expected,
    );
  });
});

/** By heading, the answers to its blocks in their order. */
async function answersTo<T>(
  asked: readonly DocumentedBlock[],
  ask: (block: DocumentedBlock) => Promise<T>,
): Promise<Record<string, readonly T[]>> {
  const given: (readonly [string, T])[] = [];
  for (const block of asked) given.push([block.heading, await ask(block)]);
  const grouped = Map.groupBy(given, ([heading]) => heading);
  return Object.fromEntries([...grouped].map(([heading, list]) => [heading, list.map(([, each]) => each)]));
}

function inOrder(lines: readonly string[]): readonly string[] {
  return lines.toSorted((a, b) => (a < b ? -1 : 1));
}

function mapValues<T, U>(of: Readonly<Record<string, T>>, to: (value: T) => U): Record<string, U> {
  return Object.fromEntries(Object.entries(of).map(([key, value]) => [key, to(value)]));
}

function blocksIn(language: string) {
  return blocks.filter((block) => block.language === language);
}

/** The archive as the table `samples`, as `ddl` makes it. */
async function withArchive(use: (db: DuckDb) => Promise<void>): Promise<void> {
  await withDirectory(async (directory) => {
    const location = `${join(directory, "archive")}/`;
    await writeQueryArchive(location);
    await withDuckDb(async (db) => {
      await db.run(duckDbView({ table: "samples", location, compression: undefined }));
      await db.run(valuesView("duckdb", "samples"));
      const run = (sql: string) => sql.replaceAll("'archive/", `'${location}`);
      await use({ run: (sql) => db.run(run(sql)), rows: (sql) => db.rows(run(sql)) });
    });
  });
}

/** moto's own Python has the parser in CI. */
function pythonWithParser(): string | undefined {
  const server = process.env["MOTO_SERVER_BIN"];
  const candidates = [...(server === undefined ? [] : [join(dirname(server), "python")]), "python3"];
  return candidates.find(
    (each) =>
      (!each.includes("/") || existsSync(each)) && spawnSync(each, ["-c", "import sqlglot"]).status === 0,
  );
}
