import assert from "node:assert/strict";
import { test } from "node:test";
import { judgeDelivery } from "../../src/check/delivery-settings.ts";
import type { Step } from "../../src/check/step.ts";
import type { Compression } from "../../src/compression.ts";

/** Settings with nothing to say about them. */
const sound = {
  BucketARN: "arn:aws:s3:::archive",
  CompressionFormat: "UNCOMPRESSED",
  Prefix: "prometheus/",
  BufferingHints: { SizeInMBs: 64, IntervalInSeconds: 300 },
  ErrorOutputPrefix: "errors/",
  CloudWatchLoggingOptions: { Enabled: true },
};

function judge(
  settings: Readonly<Record<string, unknown>>,
  compression: Compression = "none",
): readonly Step[] {
  return [...judgeDelivery({ ...sound, ...settings }, compression)];
}

/** Those that are not ok. */
function complaints(settings: Readonly<Record<string, unknown>>, compression: Compression = "none") {
  return judge(settings, compression)
    .filter(({ status }) => status !== "ok")
    .map(({ name, status, message }) => `${status} ${name}: ${message}`);
}

function processors(...types: readonly string[]) {
  return {
    ProcessingConfiguration: { Enabled: true, Processors: types.map((Type) => ({ Type, Parameters: [] })) },
  };
}

test("settings that fit make no warning", () => {
  assert.deepEqual(complaints({}), []);
  assert.deepEqual(complaints({ FileExtension: ".ndjson.gz" }, "gzip"), []);
  assert.deepEqual(complaints({ FileExtension: ".ndjson.zst" }, "zstd"), []);
  assert.deepEqual(complaints({ CompressionFormat: "GZIP" }), []);
  assert.deepEqual(complaints({ CompressionFormat: "GZIP", FileExtension: ".json.gz" }), []);
  assert.deepEqual(complaints({ FileExtension: ".ndjson" }), []);
  assert.deepEqual(complaints({ Prefix: "a/!{timestamp:yyyy/MM/dd/HH}/" }), []);
  assert.deepEqual(complaints({ Prefix: "a/!{timestamp:yyyy}/!{timestamp:MM}/!{timestamp:dd'/'HH}/" }), []);
  assert.deepEqual(complaints({ Prefix: undefined, CustomTimeZone: "UTC" }), []);
  assert.deepEqual(
    complaints({ ProcessingConfiguration: { Enabled: false, Processors: [{ Type: "Lambda" }] } }),
    [],
  );
});

test("compressing twice, and what readers cannot undo, are told", () => {
  const cases = [
    [
      { CompressionFormat: "GZIP", FileExtension: ".gz" },
      "gzip",
      /^warning compression: .* compressed twice/,
    ],
    [
      { CompressionFormat: "GZIP" },
      "zstd",
      /^warning compression: --compression zstd, CompressionFormat GZIP/,
    ],
    [{ CompressionFormat: "HADOOP_SNAPPY" }, "none", /^warning compression: .* do not read HADOOP_SNAPPY$/],
    [{}, "gzip", /^warning extension: no FileExtension, but the objects are gzip/],
    [{ FileExtension: ".gz" }, "zstd", /^warning extension: FileExtension \.gz, but the objects are zstd/],
    [
      { FileExtension: ".gz" },
      "none",
      /^warning extension: FileExtension \.gz, but the objects are plain lines/,
    ],
    [
      { CompressionFormat: "GZIP", FileExtension: ".json" },
      "none",
      /^warning extension: .* objects are gzip/,
    ],
  ] as const;
  for (const [settings, compression, expected] of cases) {
    const found = complaints(settings, compression);
    assert.equal(found.length, 1, `${JSON.stringify(settings)} ${found.join("; ")}`);
    assert.match(found[0]!, expected);
  }
});

test("folders that the table of ddl does not have are told", () => {
  const cases = [
    [{ Prefix: "prometheus" }, /does not end with a slash/],
    [{ Prefix: "a/dt=!{timestamp:yyyy-MM-dd}/" }, /does not end with folders of hours/],
    [{ Prefix: "a/!{timestamp:YYYY/MM/dd/HH}/" }, /has YYYY, the year of the week/],
    [{ Prefix: "a/!{timestamp:yyyy/MM/dd/HH}" }, /does not end with folders of hours/],
    [{ CustomTimeZone: "Asia/Tokyo" }, /has hours of Asia\/Tokyo/],
  ] as const;
  for (const [settings, expected] of cases) {
    const found = complaints(settings);
    assert.equal(found.length, 1, found.join("; "));
    assert.match(found[0]!, expected);
  }
});

test("processing that changes or damages the lines is told", () => {
  const cases = [
    [processors("AppendDelimiterToRecord"), "none", /^warning processing: .* an empty line/],
    [
      { ...processors("AppendDelimiterToRecord"), FileExtension: ".gz" },
      "gzip",
      /^failed processing: .* unreadable$/,
    ],
    [
      processors("Lambda"),
      "none",
      /^warning processing: a Lambda function .* records of many lines, and give/,
    ],
    [processors("Decompression"), "none", /^failed processing: Decompression is for CloudWatch Logs/],
    [
      { DynamicPartitioningConfiguration: { Enabled: true } },
      "none",
      /^warning processing: dynamic partitioning/,
    ],
    [{ DataFormatConversionConfiguration: { Enabled: true } }, "none", /^warning processing: conversion/],
    [
      { DataFormatConversionConfiguration: { Enabled: true }, FileExtension: ".zst" },
      "zstd",
      /^failed processing: conversion .* cannot see into compressed records$/,
    ],
    [
      { BufferingHints: { SizeInMBs: 1, IntervalInSeconds: 0 } },
      "none",
      /^warning buffering: an object every 0 s/,
    ],
    [{ ErrorOutputPrefix: undefined }, "none", /^warning errors: no ErrorOutputPrefix/],
    [
      { CloudWatchLoggingOptions: { Enabled: false } },
      "none",
      /^warning errors: .* delivery errors are not logged/,
    ],
  ] as const;
  for (const [settings, compression, expected] of cases) {
    const found = complaints(settings, compression);
    assert.equal(found.length, 1, found.join("; "));
    assert.match(found[0]!, expected);
  }
});

test("settings that say nothing at all make steps nevertheless", () => {
  const steps = [...judgeDelivery({}, "none")];
  assert.deepEqual(
    steps.map(({ name }) => name),
    ["compression", "extension", "prefix", "buffering", "processing", "errors"],
  );
});
