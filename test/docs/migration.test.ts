/** docs/migration.md: the old lines in it are read, and the old command line is taken. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { decodeLine } from "../../src/line/decode.ts";
import { configOf } from "../support/config.ts";
import { blocksOf } from "../support/documented.ts";

const blocks = blocksOf("docs/migration.md");

test("every line of the old archive in the document is read", () => {
  const lines = blocks
    .filter(({ language }) => language === "json")
    .flatMap(({ text }) => text.trim().split("\n"));
  assert.equal(lines.length, 3);
  const names = lines.map((line) => decodeLine(new TextEncoder().encode(line)).name);
  assert.deepEqual(names, ["scrape_duration_seconds", "go_gc_duration_seconds", "no_samples"]);
});

test("the old flags and variables mean what the document says", () => {
  const kinesis = configOf(["-stream-name", "prometheus-backup", "-region", "ap-northeast-1"]);
  assert.deepEqual(kinesis.sink, { kind: "kinesis", stream: "prometheus-backup" });
  assert.equal(kinesis.compression, "none");
  const firehose = configOf(["-firehose", "-write-interval", "10s", "-listen-addr", ":9502"], {
    STREAM_NAME: "prometheus-backup",
  });
  assert.deepEqual(firehose.sink, { kind: "firehose", stream: "prometheus-backup" });
  assert.deepEqual([firehose.lingerMs, firehose.listen.port], [10_000, 9502]);
  assert.equal(configOf([]).lingerMs, 200);
});
