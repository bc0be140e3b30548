import assert from "node:assert/strict";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { athenaTable, duckDbView, valuesView } from "../../src/archive/ddl.ts";
import { createAwsClient } from "../../src/aws/client.ts";
import { compressorOf } from "../../src/batch/compress.ts";
import { systemClock } from "../../src/clock.ts";
import type { Compression } from "../../src/compression.ts";
import { openFileSink } from "../../src/sink/file.ts";
import { createFirehoseSink } from "../../src/sink/firehose.ts";
import { neverAborted } from "../support/aws-stand-in.ts";
import { lineAsPlain, withDuckDb } from "../support/duckdb.ts";
import { startFakeAws } from "../support/fake-aws/fake-aws.ts";
import { bytes, putDurable, sinkOptions } from "../support/file-sink.ts";
import { withDirectory } from "../support/program.ts";
import { silentLog } from "../support/silent-log.ts";

/** Every example of the format. */
async function exampleLines(): Promise<readonly string[]> {
  const format = await readFile(join(import.meta.dirname, "../../src/line/FORMAT.md"), "utf8");
  return format.split("\n").filter((line) => line.startsWith('{"name"'));
}

/** Sorted, so that the order of files does not count. */
function sorted(rows: readonly unknown[]): readonly string[] {
  return rows.map((row) => JSON.stringify(row)).sort();
}

async function assertReadBack(location: string, compression?: Compression, hour = "2026/11/23/06") {
  const lines = await exampleLines();
  await withDuckDb(async (db) => {
    await db.run(duckDbView({ table: "samples", location: `${location}/`, compression }));
    const rows = await db.rows("SELECT * EXCLUDE (datehour) FROM samples");
    // DuckDB reads the integer -0 as 0, which is equal.
    const written = lines.map((line) => lineAsPlain(line.replace('"value":-0,', '"value":0,')));
    assert.deepEqual(sorted(rows), sorted(written));
    const inHour = await db.rows(`SELECT name FROM samples WHERE datehour = '${hour}'`);
    assert.equal(inHour.length, lines.length);
    assert.deepEqual(await db.rows(`SELECT name FROM samples WHERE datehour < '${hour}'`), []);
  });
}

for (const compression of ["none", "gzip", "zstd"] as const) {
  test(`DuckDB reads back every line of files that the file sink wrote with ${compression}`, async () => {
    await withDirectory(async (directory) => {
      const archive = join(directory, "it's [an] archive");
      const lines = await exampleLines();
      const sink = await openFileSink(sinkOptions(archive, { compression }));
      // Two files, and several records in each.
      await putDurable(sink, `${lines.slice(0, 3).join("\n")}\n`, `${lines.slice(3, 9).join("\n")}\n`);
      await sink.close();
      const second = await openFileSink(sinkOptions(archive, { compression }));
      await putDurable(second, `${lines.slice(9).join("\n")}\n`);
      await second.close();
      // What is being written while somebody reads.
      const hour = join(archive, "2026/11/23/06");
      await writeFile(join(hour, "20261123T060000000Z-0123abcd-000009.ndjson.part"), '{"name":"torn","ti');
      await writeFile(join(hour, "20261123T060000000Z-0123abcd-000009.ndjson.gz.89abcdef.tmp"), "\x1f\x8b");
      await assertReadBack(archive);
    });
  });
}

test("DuckDB reads back records that Firehose put together, gzip and zstd, with and without an extension", async () => {
  for (const [compression, fileExtension, forced] of [
    ["gzip", ".gz", undefined],
    ["gzip", undefined, "gzip"],
    ["zstd", ".zst", undefined],
    ["none", undefined, undefined],
  ] as const) {
    await withDirectory(async (directory) => {
      const fake = await startFakeAws({
        objectsDirectory: directory,
        deliveryStreams: [{ name: "metrics", bucket: "archive", prefix: "prometheus/", fileExtension }],
      });
      try {
        const { url, region, credentials } = fake;
        const held = { sessionToken: undefined, expirationMs: undefined, ...credentials };
        const client = createAwsClient({
          ...{ service: "firehose", region, endpoint: new URL(url), clock: systemClock, log: silentLog },
          credentials: { get: async () => held, invalidate: () => undefined },
          ...{ fetch, userAgent: "test" },
        });
        const compress = compressorOf(compression) ?? (async (raw: Uint8Array) => raw);
        const lines = await exampleLines();
        const records = await Promise.all(
          [lines.slice(0, 5), lines.slice(5)].map((some) => compress(bytes(`${some.join("\n")}\n`))),
        );
        const outcomes = await createFirehoseSink({ client, stream: "metrics" }).put(records, neverAborted);
        assert.deepEqual(new Set(outcomes.map(({ kind }) => kind)), new Set(["durable"]));
        fake.command({ kind: "deliver" });
        const hour = /\d{4}\/\d\d\/\d\d\/\d\d/.exec(fake.objects("archive")[0]!.key)![0];
        await assertReadBack(join(directory, "archive/prometheus"), forced, hour);
      } finally {
        await fake.close();
      }
    });
  }
});

test("a filter on datehour opens the files of those hours alone", async () => {
  await withDirectory(async (directory) => {
    for (const [hour, text] of [
      ["05", "this is no JSON"],
      ["06", '{"name":"x","time":1,"value":1,"labels":{"__name__":"x"}}'],
    ] as const) {
      await mkdir(join(directory, "2026/11/23", hour), { recursive: true });
      await writeFile(join(directory, "2026/11/23", hour, "a.ndjson"), `${text}\n`);
    }
    await withDuckDb(async (db) => {
      await db.run(duckDbView({ table: "samples", location: `${directory}/`, compression: undefined }));
      const rows = await db.rows("SELECT name FROM samples WHERE datehour >= '2026/11/23/06'");
      assert.deepEqual(rows, [{ name: "x" }]);
      await assert.rejects(db.rows("SELECT name FROM samples"));
    });
  });
});

test("the view of values has infinities, NaN and stale markers as Prometheus had them", async () => {
  await withDirectory(async (directory) => {
    const hour = join(directory, "2026/11/23/06");
    await mkdir(hour, { recursive: true });
    const predecessor = '{"name":"x","time":1513264725773,"value":null,"labels":{"__name__":"x"}}';
    const tooFar = '{"name":"far","time":9223372036854775807,"value":1,"labels":{"__name__":"far"}}';
    const lines = [...(await exampleLines()), predecessor, tooFar];
    await writeFile(join(hour, "a.ndjson"), `${lines.join("\n")}\n`);
    await withDuckDb(async (db) => {
      await db.run(duckDbView({ table: "samples", location: `${directory}/`, compression: undefined }));
      await db.run(valuesView("duckdb", "samples"));
      const values = await db.rows("SELECT * FROM samples_values");
      const samples = lines.filter(
        (line) => line.includes('"value":') && !/"(?:exemplar|histogram)"/.test(line),
      );
      assert.equal(values.length, samples.length);
      const [stale] = await db.rows("SELECT value, stale, labels FROM samples_values WHERE stale");
      assert.deepEqual(stale, { value: "NaN", stale: true, labels: { __name__: "up", job: "node" } });
      const infinite = await db.rows("SELECT value FROM samples_values WHERE isinf(value) ORDER BY value");
      assert.deepEqual(infinite, [{ value: "-Infinity" }, { value: "Infinity" }]);
      const notANumber = await db.rows("SELECT count(*) AS n FROM samples_values WHERE isnan(value)");
      assert.deepEqual(notANumber, [{ n: "4" }]);
      const [first] = await db.rows(
        "SELECT sampled_at FROM samples_values WHERE name = 'scrape_duration_seconds'",
      );
      assert.deepEqual(first, { sampled_at: "2017-12-14 15:18:45.773" });
      assert.deepEqual(await db.rows("SELECT sampled_at, value FROM samples_values WHERE name = 'far'"), [
        { value: "1" },
      ]);
    });
  });
});

test("Athena's statement quotes names and texts as Hive reads them", () => {
  const statement = athenaTable({
    table: "metrics.samples",
    location: "s3://bucket/it's/",
    since: "2026/11/23/06",
  });
  assert.match(statement, /^CREATE EXTERNAL TABLE IF NOT EXISTS `metrics`\.`samples` \(\n {2}`name` string/);
  assert.match(statement, /\n {2}`labels` map<string,string> COMMENT/);
  assert.match(statement, /\nPARTITIONED BY \(`datehour` string /);
  assert.match(statement, /\nLOCATION 's3:\/\/bucket\/it\\'s\/'\n/);
  assert.match(statement, /'projection\.datehour\.range' = '2026\/11\/23\/06,NOW',/);
  assert.match(statement, /'storage\.location\.template' = 's3:\/\/bucket\/it\\'s\/\$\{datehour\}\/'\n\)$/);
  assert.doesNotMatch(statement, /;/);
});
