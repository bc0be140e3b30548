import assert from "node:assert/strict";
import { test } from "node:test";
import { gunzipSync, zstdDecompressSync } from "node:zlib";
import { parseObjectKey } from "../../src/archive/key.ts";
import { systemClock } from "../../src/clock.ts";
import type { Compression } from "../../src/compression.ts";
import type { createMetrics } from "../../src/metrics.ts";
import { blocked, type MemoryBucket, retryable } from "./memory-bucket.ts";
import { forever, line, setUp, startMs } from "./object-shipper.ts";

function keysOf(bucket: MemoryBucket) {
  return [...bucket.objects.keys()].map((key) => parseObjectKey(key)!);
}

async function metricOf(metrics: ReturnType<typeof createMetrics>, name: string): Promise<string[]> {
  const text = await metrics.text();
  return text.split("\n").filter((each) => each.startsWith(`prometheus_remote_kinesis_${name}`));
}

test("an object is finished by its age, under a key of the hour and the times of its lines", async () => {
  const { clock, spool, bucket, metrics, start } = setUp();
  const shipper = start();
  const texts = [
    line(2_000),
    line(-7, "a"),
    `{"name":"m","metadata":{"type":"gauge","help":"","unit":""}}\n`,
  ];
  for (const text of texts) spool.add(text, startMs);
  await clock.advance(299_000);
  assert.equal(bucket.objects.size, 0);
  await clock.advance(2_000);
  assert.equal(bucket.text(), texts.join(""));
  const [key] = keysOf(bucket);
  assert.deepEqual(key?.times, { minMs: -7n, maxMs: 2_000n });
  assert.equal(key?.prefix, "metrics/");
  assert.match(
    [...bucket.objects.keys()][0]!,
    /^metrics\/2026\/11\/23\/06\/prometheus-2026-11-23-06-16-05-n7-2000-[0-9a-f]{16}\.ndjson$/,
  );
  assert.deepEqual(spool.cursor, { position: { segment: 1, offsetBytes: 3 }, object: undefined });
  assert.equal(shipper.shippedBytes, texts.join("").length);
  assert.deepEqual(await metricOf(metrics, "s3_objects_put_total"), [
    "prometheus_remote_kinesis_s3_objects_put_total 1",
  ]);
  assert.deepEqual(await metricOf(metrics, "s3_requests_total"), [
    'prometheus_remote_kinesis_s3_requests_total{operation="put",outcome="ok"} 1',
  ]);
  await clock.resolve(shipper.stop(forever));
});

test("an object is finished by its size, and no put is made for each frame", async () => {
  const { clock, spool, bucket, start } = setUp();
  const shipper = start();
  const texts = Array.from({ length: 50 }, (_, i) => line(i));
  for (const text of texts) spool.add(text, startMs);
  await clock.settle();
  const perObject = Math.floor(1_000 / line(10).length);
  assert.ok(
    bucket.objects.size >= Math.floor(50 / perObject) - 1 && bucket.objects.size <= 50 / perObject + 1,
  );
  assert.ok([...bucket.objects.values()].every(({ length }) => length <= 1_000));
  await clock.resolve(shipper.stop(forever));
  assert.equal(bucket.text(), texts.join(""));
  assert.deepEqual(
    keysOf(bucket).map(({ times }) => times !== "unknown" && Number(times?.minMs)),
    Array.from({ length: bucket.objects.size }, (_, i) => i * perObject),
  );
});

test("a full spool ships what it has: no company can come", async () => {
  const { clock, spool, bucket, start } = setUp();
  const shipper = start();
  spool.add(line(1), startMs);
  await clock.advance(10_000);
  assert.equal(bucket.objects.size, 0);
  spool.full = "the spool is full";
  await clock.advance(1_500);
  assert.equal(bucket.text(), line(1));
  await clock.resolve(shipper.stop(forever));
});

test("lines of another hour go into another object, and an object does not wait beyond its hour", async () => {
  const { clock, spool, bucket, start } = setUp({ rotateAgeMs: 3_600_000 });
  const shipper = start();
  spool.add(line(1), startMs);
  const beforeSevenMs = Date.UTC(2026, 10, 23, 6, 59, 59) - startMs;
  await clock.advance(beforeSevenMs);
  assert.equal(bucket.objects.size, 0);
  await clock.advance(2_000);
  assert.equal(bucket.objects.size, 1);
  spool.add(line(2), Date.UTC(2026, 10, 23, 7, 59, 59));
  spool.add(line(3), Date.UTC(2026, 10, 23, 8, 0, 0));
  await clock.resolve(shipper.stop(forever));
  assert.deepEqual(
    [...bucket.objects.keys()].map((key) => key.slice(0, 22)),
    ["metrics/2026/11/23/06/", "metrics/2026/11/23/07/", "metrics/2026/11/23/08/"],
  );
});

test("a backlog makes the objects that would have been made in its time", async () => {
  const { clock, spool, bucket, start } = setUp({ rotateBytes: 1_000_000 });
  for (let second = 0; second < 1_000; second++)
    spool.add(line(second), startMs - 5_000_000 + second * 1_000);
  const shipper = start();
  await clock.resolve(shipper.stop(forever));
  const spans = keysOf(bucket).map(({ times }) =>
    times === "unknown" ? 0 : Number(times!.maxMs - times!.minMs),
  );
  assert.ok(spans.length >= 4 && spans.every((span) => span <= 300), String(spans));
});

test("a stop ships what is open at once; one that is out of time leaves it for the next start", async () => {
  const { clock, spool, bucket, start } = setUp();
  const shipper = start();
  spool.add(line(1), startMs);
  await clock.settle();
  const before = clock.now();
  await clock.resolve(shipper.stop(forever));
  assert.equal(bucket.text(), line(1));
  assert.ok(clock.now() - before < 2_000);

  bucket.fault = () => ({ verdict: retryable("network") });
  const other = start();
  spool.add(line(2), startMs);
  const stopped = other.stop(forever);
  await clock.advance(60_000);
  await clock.resolve(Promise.all([other.stop(10_000), stopped]));
  assert.equal(bucket.text(), line(1));
  const planned = spool.cursor.object;
  assert.ok(planned !== undefined);

  bucket.fault = () => undefined;
  await clock.resolve(start().stop(forever));
  assert.deepEqual([...bucket.objects.keys()].slice(1), [planned.key]);
  assert.equal(bucket.text(), line(1) + line(2));
});

for (const compression of ["gzip", "zstd"] as const) {
  test(`an object of ${compression} reads back as its lines`, async () => {
    const { spool, bucket, start } = setUp({ rotateBytes: 1 << 20, clock: systemClock });
    const text = Array.from({ length: 5_000 }, (_, i) => line(i, `metric_${i % 17}`)).join("");
    for (let at = 0; at < 10; at++) spool.add(text, startMs);
    await start({ compression }).stop(forever);
    const decompress = compression === "gzip" ? gunzipSync : zstdDecompressSync;
    assert.equal(
      [...bucket.objects.values()].map((body) => decompress(body).toString()).join(""),
      text.repeat(10),
    );
    assert.ok([...bucket.objects.keys()].every((key) => parseObjectKey(key)?.compression === compression));
    assert.deepEqual(new Set(bucket.contentTypes.values()), new Set([`application/${compression}`]));
  });
}

test("an object that was planned keeps its compression when the program is started with another", async () => {
  const { clock, spool, bucket, start } = setUp({ clock: systemClock });
  spool.add(line(1), startMs);
  bucket.fault = () => ({ verdict: retryable("network") });
  await start({ compression: "gzip" }).stop(600);
  assert.ok(spool.cursor.object?.key.endsWith(".gz"));
  bucket.fault = () => undefined;
  await start({ compression: "none" satisfies Compression }).stop(forever);
  assert.equal(gunzipSync([...bucket.objects.values()][0]!).toString(), line(1));
  assert.equal(clock.pendingTimers, 0);
});

test("what fails for a while is tried until it succeeds, slower where S3 asks for it", async () => {
  const { clock, spool, bucket, logged, start } = setUp();
  let count = 0;
  bucket.fault = () => (++count <= 40 ? { verdict: retryable("SlowDown", count % 2 === 0) } : undefined);
  const shipper = start();
  spool.add(line(1), startMs);
  await clock.resolve(shipper.stop(forever));
  assert.equal(bucket.text(), line(1));
  assert.equal(count, 41);
  assert.ok(logged.filter((each) => each.includes("request to S3 failed")).length <= 10);
});

test("while S3 is blocked, one request asks every 5 s, and the log says so once a minute", async () => {
  const { clock, spool, bucket, metrics, logged, start } = setUp();
  bucket.fault = () => ({ verdict: blocked("AccessDenied") });
  const shipper = start({ rotateAgeMs: 1_000 });
  spool.add(line(1), startMs);
  await clock.advance(121_000);
  assert.equal(shipper.blocked?.reason, "AccessDenied");
  assert.ok(Math.abs(shipper.blocked.sinceMs - startMs) < 3_000);
  assert.ok(Math.abs(bucket.requests.length - 24) <= 1, String(bucket.requests.length));
  const said = () => logged.filter((each) => each.includes("takes nothing")).length;
  assert.ok(said() >= 2 && said() <= 3, String(said()));
  assert.deepEqual(await metricOf(metrics, "sink_blocked"), ["prometheus_remote_kinesis_sink_blocked 1"]);
  bucket.fault = () => undefined;
  await clock.advance(6_000);
  assert.equal(bucket.text(), line(1));
  assert.equal(shipper.blocked, undefined);
  assert.ok(logged.at(-2)?.includes("takes objects again"));
  await clock.resolve(shipper.stop(forever));
});
