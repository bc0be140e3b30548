/** Lines that the sink refuses for good: 400 names them, everything else of the request is written and counted. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { readRefused } from "../../src/http/refused-lines.ts";
import { durable } from "../../src/sink/sink.ts";
import { MemorySink } from "../support/memory-sink.ts";
import { snappyCompress } from "../support/snappy-compress.ts";
import { testApp, v2ContentType } from "../support/test-app.ts";
import { bytesField, concat, labelV1, symbolsV2, varintField } from "../support/write-request-bytes.ts";

const bytesOf = (text: string) => new TextEncoder().encode(text);
const refused = { kind: "refused", scope: "record", reason: "BadRecord", message: "too blue" } as const;

/** A sink that refuses every record with this text in it. */
function refusing(text: string): MemorySink {
  const sink = new MemorySink();
  sink.decide = (record) => (new TextDecoder().decode(record).includes(text) ? refused : durable);
  return sink;
}

/** Series of remote write 2.0, each with a sample, an exemplar and metadata. */
function v2Series(names: readonly string[]): Uint8Array {
  const series = names.map((_, i) =>
    bytesField(
      5,
      bytesField(1, [1, 2 + i]),
      bytesField(2, varintField(2, 1)),
      bytesField(4, varintField(3, 1)),
      bytesField(5, varintField(1, 1)),
    ),
  );
  return snappyCompress(concat(symbolsV2("", "__name__", ...names), ...series));
}
const headers = { "content-type": v2ContentType };

const written = (response: Response) =>
  ["Samples", "Histograms", "Exemplars"].map((kind) =>
    response.headers.get(`X-Prometheus-Remote-Write-${kind}-Written`),
  );

test("400 names the series and the quarantine; Written headers and metrics count the rest", async () => {
  const { post, sink, quarantine, metrics } = testApp({
    sink: refusing('"value":0,"labels":{"__name__":"bad"}'),
  });
  const response = await post(v2Series(["good", "bad", "fine"]), headers);
  assert.equal(response.status, 400);
  assert.deepEqual(written(response), ["2", "0", "3"]);
  const text = await response.text();
  assert.equal(
    text,
    "memory: refuses 1 line for good; it is in quarantine in quarantine/memory.ndjson. BadRecord: too blue " +
      '(sample of {__name__="bad"})\n',
  );
  assert.equal(quarantine.lines.length, 1);
  assert.equal(sink.lines().length, 8);
  const text2 = await metrics.text();
  assert.match(text2, /samples_rejected_total\{reason="refused_by_sink"\} 1$/m);
  assert.match(text2, /samples_written_total 2$/m);
  assert.match(text2, /exemplars_written_total 3$/m);
  assert.match(text2, /samples_pending 0$/m);
  assert.doesNotMatch(text2, /samples_failed_total\{/);
});

test("a 1.0 request with a refused line is 400 without Written headers", async () => {
  const { post } = testApp({ sink: refusing("bad") });
  const body = snappyCompress(bytesField(1, labelV1("__name__", "bad"), bytesField(2, varintField(2, 1))));
  const response = await post(body);
  assert.equal(response.status, 400);
  assert.deepEqual(written(response), [null, null, null]);
});

test("what this program and what the sink refused is told in one answer", async () => {
  const { post } = testApp({ sink: refusing("bad") });
  const nameless = bytesField(1, labelV1("job", "x"), bytesField(2, varintField(2, 1)));
  const bad = bytesField(1, labelV1("__name__", "bad"), bytesField(2, varintField(2, 1)));
  const response = await post(snappyCompress(concat(nameless, bad)));
  assert.equal(response.status, 400);
  const text = await response.text();
  assert.match(
    text,
    /^Refused 1 item in 1 series, wrote 1\. missing_metric_name: .*; memory: refuses 1 line/,
  );
});

test("metadata that the sink refused is not known, and is written once the sink takes it", async () => {
  const sink = refusing('"metadata"');
  const { post } = testApp({ sink });
  assert.equal((await post(v2Series(["a", "b"]), headers)).status, 400);
  assert.equal(sink.lines().length, 4);
  sink.decide = () => durable;
  assert.equal((await post(v2Series(["a", "b"]), headers)).status, 204);
  assert.equal(sink.lines().filter((line) => line.includes('"metadata"')).length, 2);
  assert.equal((await post(v2Series(["a", "b"]), headers)).status, 204);
  assert.equal(sink.lines().filter((line) => line.includes('"metadata"')).length, 2);
});

test("a blocked sink is 503, its reason stands at /-/ready, and requests are still taken to find out", async () => {
  const sink = new MemorySink();
  sink.decide = () => ({ kind: "blocked", reason: "AccessDenied", message: "allow kinesis:PutRecords" });
  const { post, app, metrics } = testApp({ sink });
  const ready = () => app.fetch(new Request("http://receiver.test/-/ready"), { address: undefined });
  assert.equal((await ready()).status, 200);
  for (let i = 0; i < 3; i++) {
    const response = await post(v2Series(["a"]), headers);
    assert.deepEqual([response.status, await response.text()], [503, "allow kinesis:PutRecords\n"]);
    assert.equal(response.headers.get("retry-after"), "5");
    assert.deepEqual(written(response), ["0", "0", "0"]);
  }
  assert.equal(sink.puts.length, 1);
  const unready = await ready();
  assert.deepEqual([unready.status, await unready.text()], [503, "allow kinesis:PutRecords\n"]);
  assert.match(await metrics.text(), /sink_blocked 1$/m);
});

test("a service that asks for a long wait is passed on as Retry-After, within bounds", async () => {
  for (const [askedMs, told] of [
    [20_500, "21"],
    [3_600_000, "60"],
  ] as const) {
    const sink = new MemorySink();
    sink.decide = () => ({
      kind: "retryable",
      throttled: true,
      retryAfterMs: askedMs,
      reason: "SlowDown",
      message: "slow down",
    });
    const response = await testApp({ sink }).post(v2Series(["a"]), headers);
    assert.equal(response.headers.get("retry-after"), told);
    assert.equal(await response.text(), "Not durable in time; last: SlowDown: slow down\n");
  }
});

test("kinds and series are read from the refused lines; the text is bounded, without control characters", () => {
  const hostile = "\u0000\n\u2028".repeat(100);
  const lines = Array.from({ length: 1_000 }, (_, i) =>
    bytesOf(
      `${JSON.stringify({ name: "x", time: i, value: 1, labels: { [hostile]: hostile + (i % 500) } })}\n`,
    ),
  );
  const histogram = '{"name":"h","time":1,"histogram":{},"labels":{"__name__":"h"}}\n';
  const metadata = '{"name":"m","metadata":{"type":"counter","help":"Help.","unit":""}}\n';
  const exemplar = '{"name":"e","time":1,"exemplar":{"value":1,"labels":{}},"labels":{"__name__":"e"}}\n';
  const few = readRefused([metadata, exemplar, "no line of ours\n"].map(bytesOf));
  assert.deepEqual(few.counts, { samples: 1, histograms: 0, exemplars: 1, metadata: 1 });
  assert.equal(few.text, 'metadata of m; exemplar of {__name__="e"}; sample of a line that cannot be read');
  assert.equal(readRefused([bytesOf(histogram)]).counts.metadata, 0);
  const many = readRefused(lines);
  assert.equal(many.counts.samples, 1_000);
  assert.doesNotMatch(many.text, /[^ -~\u0080-\uffff]/);
  assert.ok(many.text.length < 1_000 && many.text.endsWith("; and 495 more series"), many.text);
});
