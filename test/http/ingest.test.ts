import assert from "node:assert/strict";
import { test } from "node:test";
import { systemClock } from "../../src/clock.ts";
import { RequestError } from "../../src/errors.ts";
import { Ingest } from "../../src/http/ingest.ts";
import type { IngestOptions } from "../../src/http/ingested.ts";
import { createMetrics } from "../../src/metrics.ts";
import { uncompressedBlock } from "../support/fuzz-write.ts";
import {
  bytesField,
  concat,
  labelV1,
  type Part,
  symbolsV2,
  varintField,
} from "../support/write-request-bytes.ts";

const textOf = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
const series = (name: string, ...items: readonly Part[]) =>
  bytesField(1, labelV1("__name__", name), ...items);
const sample = (time: number) => bytesField(2, varintField(2, time));

function ingestWith(options: Partial<IngestOptions> = {}) {
  const metrics = createMetrics({ version: "test", runtime: "test" });
  const limits = { decodedBytesMax: 1 << 20, lineBytesMax: 1_000, linesBytesMax: 10_000 };
  return { metrics, ingest: new Ingest({ clock: systemClock, metrics, ...limits, ...options }) };
}

test("one ingest after the other gives its own lines only, also after one that was thrown away", () => {
  const { ingest } = ingestWith();
  const first = ingest.ingest(uncompressedBlock(series("a", sample(1), sample(2))), 1);
  assert.equal(first.written.samples, 2);
  assert.throws(
    () => ingest.ingest(uncompressedBlock(concat(series("b", sample(1)), [0x0a, 9])), 1),
    RequestError,
  );
  const third = ingest.ingest(uncompressedBlock(series("c", sample(3))), 1);
  assert.equal(textOf(third.lines), '{"name":"c","time":3,"value":0,"labels":{"__name__":"c"}}\n');
  assert.deepEqual(third.written, { samples: 1, histograms: 0, exemplars: 0, metadata: 0 });
  assert.equal(third.refused, undefined);
});

test("a line is taken up to its limit, and one byte above only its item is refused", () => {
  const lineBytes = '{"name":"m","time":1,"value":0,"labels":{"__name__":"m"}}\n'.length;
  const body = uncompressedBlock(series("m", sample(1), sample(10), sample(2)));
  for (const [lineBytesMax, samples] of [
    [lineBytes + 1, 3],
    [lineBytes, 2],
    [lineBytes - 1, 0],
  ] as const) {
    const { written, refused } = ingestWith({ lineBytesMax }).ingest.ingest(body, 1);
    assert.equal(written.samples, samples);
    assert.equal(refused === undefined, samples === 3);
  }
});

test("long exemplars, histograms and help are refused alone, in whatever order they come", () => {
  const long = "x".repeat(1_000);
  const exemplar = (value: string) => bytesField(3, labelV1("trace", value));
  const spans = Array.from({ length: 300 }, () => bytesField(11));
  const items = [exemplar(long), bytesField(4, ...spans), sample(1), exemplar("y"), bytesField(4)];
  for (const order of [items, items.toReversed()]) {
    const { ingest } = ingestWith();
    const { written, refused, lines } = ingest.ingest(uncompressedBlock(series("m", ...order)), 1);
    assert.deepEqual(written, { samples: 1, histograms: 1, exemplars: 1, metadata: 0 });
    assert.match(refused ?? "", /^Refused 2 items, wrote 3\. line_too_long: 2 items/);
    assert.equal(textOf(lines).split("\n").length, 4);
  }
  const help = concat(symbolsV2("", "__name__", "m", long), [0x2a, 10, 10, 2, 1, 2, 18, 0, 42, 2, 24, 3]);
  const { written, refused } = ingestWith({ lineBytesMax: 1_010 }).ingest.ingest(uncompressedBlock(help), 2);
  assert.deepEqual(written, { samples: 1, histograms: 0, exemplars: 0, metadata: 0 });
  assert.match(refused ?? "", /line_too_long: 1 item/);
});

test("what was received and refused is counted by kind and reason", async () => {
  const { ingest, metrics } = ingestWith();
  const nameless = bytesField(1, sample(1), sample(2), bytesField(3), bytesField(4));
  ingest.ingest(uncompressedBlock(concat(nameless, series("m", sample(1)), bytesField(3))), 1);
  const text = await metrics.text();
  for (const line of [
    "samples_received_total 3",
    'samples_rejected_total{reason="missing_metric_name"} 2',
    'exemplars_rejected_total{reason="missing_metric_name"} 1',
    'histograms_rejected_total{reason="missing_metric_name"} 1',
    'metadata_rejected_total{reason="missing_metric_name"} 1',
  ]) {
    assert.ok(text.includes(`prometheus_remote_kinesis_${line}\n`), line);
  }
});

test("scratch that a large request needed is given back", () => {
  const { ingest } = ingestWith({
    decodedBytesMax: 64 << 20,
    linesBytesMax: 64 << 20,
    lineBytesMax: 30 << 20,
  });
  const small = () => ingest.ingest(uncompressedBlock(series("m", sample(1))), 1).lines.buffer;
  const before = small();
  const large = ingest.ingest(uncompressedBlock(series("m".repeat(9 << 20), sample(1))), 1);
  assert.equal(large.written.samples, 1);
  assert.notEqual(large.lines.buffer, before);
  assert.equal(small(), before);
});
