import assert from "node:assert/strict";
import { test } from "node:test";
import { runDdl } from "../../src/command/ddl.ts";
import { ConfigError } from "../../src/errors.ts";
import { configOf } from "../support/config.ts";

/** What `ddl` prints with flags of its own and of all commands. */
async function printed(own: Readonly<Record<string, string>>, args: readonly string[] = []) {
  const texts = { out: "", err: "" };
  const platform = {
    writeOut(text: string) {
      texts.out += text;
    },
    writeErr(text: string) {
      texts.err += text;
    },
  };
  assert.equal(await runDdl(configOf(args), platform, new Map(Object.entries(own))), 0);
  return texts;
}

test("ddl prints one statement for Athena to standard output, and what to know about it beside it", async () => {
  const { out, err } = await printed({ location: "s3://bucket/prometheus", table: "metrics.all_samples" });
  assert.match(out, /^CREATE EXTERNAL TABLE IF NOT EXISTS `metrics`\.`all_samples` \(/);
  assert.match(out, /\nLOCATION 's3:\/\/bucket\/prometheus\/'\n/);
  assert.match(out, /'projection\.datehour\.range' = '2024\/01\/01\/00,NOW'/);
  assert.match(out, /\);\n$/);
  assert.equal(out.split(";").length, 2);
  assert.match(err, /before 2024\/01\/01\/00 are not seen: give --since/);
});

test("ddl knows the location of the sink itself", async () => {
  assert.match((await printed({}, ["--sink", "s3://bucket"])).out, /'s3:\/\/bucket\/\$\{datehour\}\/'/);
  const { out } = await printed({ engine: "duckdb" }, ["--sink", "file:/var/archive"]);
  assert.match(out, /read_json\('\/var\/archive\/\[0-9\]/);
  assert.match(out, /compression = 'auto_detect'/);
  const forced = await printed({ engine: "duckdb", location: "s3://bucket/p/" }, ["--compression", "gzip"]);
  assert.match(forced.out, /read_json\('s3:\/\/bucket\/p\/\[0-9\]/);
  assert.match(forced.out, /compression = 'gzip'/);
});

test("ddl prints the view of values", async () => {
  const { out } = await printed({ view: "true", table: "metrics.samples" });
  assert.match(out, /^CREATE OR REPLACE VIEW "metrics"\."samples_values" AS\nSELECT "name", /);
  assert.match(out, /FROM "metrics"\."samples"\nWHERE /);
});

test("ddl says what is wrong with its flags", async () => {
  const wrong: readonly (readonly [Record<string, string>, RegExp])[] = [
    [{}, /^ddl needs --location s3:\/\/BUCKET\/PREFIX: where the archive is$/],
    [{ location: "/archive" }, /^--location "\/archive" is not s3:\/\/BUCKET\/PREFIX$/],
    [{ location: "s3://B" }, /^--location "s3:\/\/B" is not a bucket like /],
    [{ location: "ftp://x", engine: "duckdb" }, /is not s3:\/\/BUCKET\/PREFIX or a directory$/],
    [{ location: "s3://bucket", table: "Samples" }, /^--table "Samples" is not a name like samples/],
    [
      { location: "s3://bucket", since: "2026/13/01/00" },
      /^--since .* is not an hour like 2026\/11\/23\/06$/,
    ],
    [{ location: "s3://bucket", engine: "spark" }, /^--engine "spark" is not one of athena, duckdb$/],
  ];
  for (const [own, message] of wrong) {
    await assert.rejects(
      async () => printed(own),
      (error) => error instanceof ConfigError && error.exitCode === 2 && message.test(error.message),
      JSON.stringify(own),
    );
  }
});
