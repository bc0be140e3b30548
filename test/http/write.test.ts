/** The answers of the write endpoint: methods, statuses, headers, limits. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { snappyCompress } from "../support/snappy-compress.ts";
import { testApp, v2ContentType } from "../support/test-app.ts";
import {
  bytesField,
  concat,
  labelV1,
  symbolsV2,
  varint,
  varintField,
} from "../support/write-request-bytes.ts";

const v1Body = snappyCompress(bytesField(1, labelV1("__name__", "m"), bytesField(2, varintField(2, 1))));
const v2Message = concat(
  symbolsV2("", "__name__", "m"),
  bytesField(5, bytesField(1, [1, 2]), bytesField(2, varintField(2, 1)), bytesField(4, varintField(3, 1))),
);
const v2Body = snappyCompress(v2Message);
const v2Headers = { "content-type": v2ContentType };

test("a valid 1.0 request is answered 204 without any Written header, on both paths", async () => {
  for (const path of ["/receive", "/api/v1/write"]) {
    const { post, sink } = testApp();
    const response = await post(v1Body, {}, path);
    assert.equal(response.status, 204);
    assert.equal(await response.text(), "");
    assert.deepEqual(written(response), [null, null, null]);
    assert.deepEqual(sink.lines(), ['{"name":"m","time":1,"value":0,"labels":{"__name__":"m"}}']);
  }
});

test("a valid 2.0 request is answered 204 with exact Written headers", async () => {
  const response = await testApp().post(v2Body, v2Headers);
  assert.equal(response.status, 204);
  assert.deepEqual(written(response), ["1", "0", "1"]);
});

test("a refused 1.0 request has no Written headers either", async () => {
  const response = await testApp().post(snappyCompress(bytesField(1, bytesField(2))));
  assert.equal(response.status, 400);
  assert.deepEqual(written(response), [null, null, null]);
});

test("the valid rest of a 2.0 request is written, counted, and only then 400 says what was refused", async () => {
  const { post, sink } = testApp();
  const badSeries = bytesField(5, bytesField(1, [1, 3]), bytesField(2, varintField(2, 1)));
  const response = await post(snappyCompress(concat(badSeries, v2Message)), v2Headers);
  assert.equal(response.status, 400);
  assert.deepEqual(written(response), ["1", "0", "1"]);
  const text = await response.text();
  assert.match(text, /^Refused 1 item in 1 series, wrote 2\. invalid_symbol_ref: 1 item in 1 series/);
  assert.equal(response.headers.get("content-type"), "text/plain; charset=utf-8");
  assert.equal(sink.lines().length, 2);
});

test("a 2.0 request that cannot be decoded is 400 with Written headers of 0, and nothing is written", async () => {
  const { post, sink } = testApp();
  const response = await post(snappyCompress(concat(v2Message, [0x2a, 0x05, 0x00])), v2Headers);
  assert.equal(response.status, 400);
  assert.deepEqual(written(response), ["0", "0", "0"]);
  assert.deepEqual(sink.lines(), []);
});

test("a body of one version under the other's Content-Type is refused, not acked as if it were empty", async () => {
  const { post, sink } = testApp();
  const v2AsV1 = await post(v2Body);
  assert.equal(v2AsV1.status, 400);
  assert.match(
    await v2AsV1.text(),
    /looks like remote write 2\.0; send it as .*proto=io\.prometheus\.write\.v2\.Request$/m,
  );
  const v1AsV2 = await post(v1Body, v2Headers);
  assert.equal(v1AsV2.status, 400);
  assert.match(
    await v1AsV2.text(),
    /looks like remote write 1\.0; send it as .*proto=prometheus\.WriteRequest$/m,
  );
  const metadata = snappyCompress(bytesField(3, varintField(1, 1), bytesField(2, "m")));
  assert.equal((await post(metadata, v2Headers)).status, 400);
  assert.deepEqual(sink.lines(), []);
});

test("a field that only the other version knows is passed over beside fields of its own", async () => {
  const { post, sink } = testApp();
  const v1 = bytesField(1, labelV1("__name__", "m"), bytesField(2, varintField(2, 1)));
  assert.equal((await post(snappyCompress(concat(v1, v2Message)))).status, 204);
  assert.equal((await post(snappyCompress(concat(v1, v2Message)), v2Headers)).status, 204);
  assert.equal(sink.lines().length, 3);
});

test("before negotiation succeeds there are no Written headers", async () => {
  const response = await testApp().post(v2Body, { ...v2Headers, "content-encoding": "gzip" });
  assert.equal(response.status, 415);
  assert.deepEqual(written(response), [null, null, null]);
});

test("no room answers 503 with Retry-After and Written headers of 0", async () => {
  const response = await testApp({ ready: () => "draining" }).post(v2Body, v2Headers);
  assert.equal(response.status, 503);
  assert.match(response.headers.get("retry-after") ?? "", /^\d+$/);
  assert.deepEqual(written(response), ["0", "0", "0"]);
});

test("other methods are answered 405 and told to POST", async () => {
  for (const method of ["GET", "HEAD", "PUT", "DELETE", "PATCH", "OPTIONS"]) {
    const request = new Request("http://receiver.test/api/v1/write", { method });
    const response = await testApp().app.fetch(request, { address: "192.0.2.1" });
    assert.equal(response.status, 405, method);
    assert.equal(response.headers.get("allow"), "POST");
  }
});

test("a compressed body is taken up to its limit and refused with 413 one byte above", async () => {
  const within = testApp({ bodyBytesMax: v1Body.length });
  assert.equal((await within.post(v1Body)).status, 204);
  const above = testApp({ bodyBytesMax: v1Body.length - 1 });
  assert.equal((await above.post(v1Body)).status, 413);
  assert.deepEqual(above.sink.lines(), []);
});

test("a decoded message is taken up to its limit and refused with 400 one byte above", async () => {
  const decodedBytes = v2Message.length;
  assert.equal((await testApp({ decodedBytesMax: decodedBytes }).post(v2Body, v2Headers)).status, 204);
  const above = await testApp({ decodedBytesMax: decodedBytes - 1 }).post(v2Body, v2Headers);
  assert.equal(above.status, 400);
  assert.match(await above.text(), /declares \d+ decoded bytes, more than/);
});

test("lines are taken up to their limit and refused with 413 one byte above", async () => {
  const names = ["a".repeat(300_000), "b".repeat(300_000)];
  const series = names.map((name) => bytesField(1, labelV1("__name__", name), bytesField(2)));
  const body = snappyCompress(concat(...series));
  const lineBytes = 300_000 * 2 + '{"name":"","time":0,"value":0,"labels":{"__name__":""}}\n'.length;
  const within = testApp({ pendingBytesMax: 2 * lineBytes + 300_000 * 6 });
  assert.equal((await within.post(body)).status, 204);
  const above = testApp({ pendingBytesMax: 2 * lineBytes - 1 });
  assert.equal((await above.post(body)).status, 413);
  assert.deepEqual(above.sink.lines(), []);
});

test("an empty message is answered 204, an empty body 400", async () => {
  assert.equal((await testApp().post(Uint8Array.of(0))).status, 204);
  assert.equal((await testApp().post(new Uint8Array(0))).status, 400);
});

test("the two bodies on which snappyjs misbehaves are answered 400 at once", async () => {
  for (const body of [[0x08, 0xfc, 0xfa, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0, 0], [0x0a]]) {
    assert.equal((await testApp().post(Uint8Array.from(body))).status, 400);
  }
});

test("forty bytes that declare 2.5 GB are answered 400 before anything is allocated for them", async () => {
  const { post } = testApp({ decodedBytesMax: 2 ** 40 });
  const response = await post(concat(varint(2_500_000_000), new Uint8Array(35)));
  assert.equal(response.status, 400);
  assert.match(await response.text(), /declares 2500000000 bytes/);
});

test("the text of a 400 is bounded and shows neither long labels nor every reason's every series", async () => {
  const hostile = "\u0000\n\u2028😀".repeat(100);
  const series = Array.from({ length: 500 }, (_, i) => [
    bytesField(1, labelV1(`${i}${hostile}`, hostile), bytesField(2)),
    bytesField(1, labelV1("__name__", hostile), labelV1("__name__", hostile), bytesField(2)),
    bytesField(1, labelV1("__name__", Uint8Array.of(0xff)), labelV1(hostile, "x"), bytesField(2)),
    bytesField(1, labelV1("__name__", "m"), labelV1("", hostile), bytesField(2)),
    bytesField(1, labelV1("__name__", "m"), bytesField(4, varintField(4, 200))),
  ]).flat();
  const response = await testApp().post(snappyCompress(concat(...series)));
  assert.equal(response.status, 400);
  const text = await response.text();
  assert.match(text, /Refused 2500 items in 2000 series, wrote 0\. /);
  assert.doesNotMatch(text.trimEnd(), /[^ -~\u0080-\uffff]/, "control characters are escaped");
  assert.ok(new TextEncoder().encode(text).length < 2_048, `${text.length} characters`);
});

function written(response: Response): (string | null)[] {
  return ["Samples", "Histograms", "Exemplars"].map((kind) =>
    response.headers.get(`X-Prometheus-Remote-Write-${kind}-Written`),
  );
}
