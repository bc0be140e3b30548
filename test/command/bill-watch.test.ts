import assert from "node:assert/strict";
import { test } from "node:test";
import { type BillWatch, watchBill } from "../../src/command/bill-watch.ts";
import { createMetrics, type Metrics } from "../../src/metrics.ts";
import { readMeasured } from "../../src/plan/measured.ts";
import { configOf } from "../support/config.ts";
import { VirtualClock } from "../support/virtual-clock.ts";

async function withBill(
  sink: string,
  run: (given: { clock: VirtualClock; metrics: Metrics; bill: BillWatch }) => Promise<void>,
): Promise<void> {
  const clock = new VirtualClock();
  const metrics = createMetrics({ version: "1", runtime: "test" });
  const config = configOf(["--sink", sink, "--compression", "gzip"]);
  const bill = watchBill({ config, clock, metrics, platform: { env: {} } });
  try {
    await run({ clock, metrics, bill });
  } finally {
    bill.close();
  }
  assert.equal(clock.pendingTimers, 0);
}

async function dollars({ bill }: Metrics): Promise<Record<string, number>> {
  const { values } = await bill.dollarsPerDay.get();
  return Object.fromEntries(
    values.map(({ labels, value }) => [`${labels["billing"]} ${labels["part"]}`, value]),
  );
}

function near(actual: number | undefined, expected: number): void {
  assert.ok(
    actual !== undefined && Math.abs(actual - expected) <= 1e-9 + expected * 1e-6,
    `${actual}, not ${expected}`,
  );
}

test("Kinesis: the units and GB of the last hour, and the shards and stream beside them", () =>
  withBill("kinesis:x", async ({ clock, metrics, bill }) => {
    // A unit a second, in both ways of counting.
    for (let second = 0; second < 7_200; second += 60) {
      metrics.puts.billedBytes.inc({ billing: "kinesis_provisioned" }, 60 * 25_600);
      metrics.puts.billedBytes.inc({ billing: "kinesis_on_demand" }, 60 * 2 ** 20);
      metrics.puts.recordsPut.inc(60 * 1_500);
      await clock.advance(60_000);
    }
    await bill.observe();
    const { values } = await metrics.bill.windowSeconds.get();
    near(values[0]?.value, 3_600);
    const found = await dollars(metrics);
    near(found["kinesis_provisioned usage"], 0.0864 * 0.014);
    // 1,500 records a second need two shards, unless it is known how many there are.
    near(found["kinesis_provisioned capacity"], 2 * 24 * 0.015);
    near(found["kinesis_on_demand usage"], (86_400 / 1_024) * 0.08);
    near(found["kinesis_on_demand capacity"], 0.96);
    metrics.kinesisShards.set(8);
    await bill.observe();
    near((await dollars(metrics))["kinesis_provisioned capacity"], 8 * 24 * 0.015);
  }));

test("Firehose: since the start, while that is less than an hour ago", () =>
  withBill("firehose:x", async ({ clock, metrics, bill }) => {
    await clock.settle();
    metrics.puts.billedBytes.inc({ billing: "firehose" }, 2 ** 30);
    await clock.advance(1_200_000);
    await bill.observe();
    const found = await dollars(metrics);
    near(found["firehose usage"], 72 * 0.029);
    assert.deepEqual(Object.keys(found), ["firehose usage", "firehose capacity"]);
  }));

test("S3: requests that are billed as puts, whether they succeed or not, and what is kept", () =>
  withBill("s3://bucket/x", async ({ clock, metrics, bill }) => {
    await clock.settle();
    for (const operation of ["put", "create", "part", "complete", "list"])
      metrics.s3Requests.inc({ operation, outcome: "ok" }, 10);
    metrics.s3Requests.inc({ operation: "put", outcome: "throttled" }, 10);
    for (const operation of ["abort", "head"]) metrics.s3Requests.inc({ operation, outcome: "ok" }, 1_000);
    metrics.puts.sentBytes.inc(2 ** 30);
    await clock.advance(3_600_000);
    await bill.observe();
    near((await dollars(metrics))["s3 usage"], 60 * 24 * 0.000_005);
    near((await metrics.bill.storageDollarsPerMonth.get()).values[0]?.value, 24 * 0.023);
  }));

test("files cost nothing, and nothing is said of their bill", () =>
  withBill("file:x", async ({ metrics, bill }) => {
    await bill.observe();
    assert.deepEqual(await dollars(metrics), {});
  }));

test("a plan reads from /metrics what it needs", () =>
  withBill("firehose:x", async ({ metrics }) => {
    const text = await metrics.text();
    assert.throws(() => readMeasured(text), /has not made any samples durable yet/);
    metrics.items.samples.written.inc(900);
    metrics.items.histograms.written.inc(100);
    metrics.puts.rawBytes.inc(300_000);
    metrics.puts.sentBytes.inc(20_000);
    metrics.puts.putAttempts.inc({ outcome: "ok" }, 7);
    metrics.puts.putAttempts.inc({ outcome: "failed" }, 3);
    const { startSeconds, ...measured } = readMeasured(await metrics.text());
    assert.deepEqual(measured, {
      sink: "firehose",
      compression: "gzip",
      lines: 1_000,
      bytesPerLine: 300,
      rawBytes: 300_000,
      sentBytes: 20_000,
      puts: 7,
    });
    assert.equal(startSeconds, 1_700_000_000);
    // More was made durable in the spool than has been shipped.
    metrics.spoolPuts.rawBytes.inc(350_000);
    assert.equal(readMeasured(await metrics.text()).bytesPerLine, 350);
  }));

test("other texts are told from metrics", () => {
  for (const text of ["", "<html>", "up 1\n", 'prometheus_remote_kinesis_build_info{version="1"} 1\n'])
    assert.throws(() => readMeasured(text), /these are not the metrics of a running instance/);
  const odd = 'prometheus_remote_kinesis_sink_info{sink="s3",compression="lz4"} 1\n';
  assert.throws(() => readMeasured(odd), /sink_info says nothing/);
});
