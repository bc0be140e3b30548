import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate } from "node:timers/promises";
import { createBatcher } from "../../src/batch/batcher.ts";
import { billings, shardsFor } from "../../src/bill/billing.ts";
import { pricesOf } from "../../src/bill/prices.ts";
import { type Compression, compressions } from "../../src/compression.ts";
import { createMetrics, type Metrics } from "../../src/metrics.ts";
import { type PlanOptions, type PlanRow, plan } from "../../src/plan/plan.ts";
import { LineSource } from "../../src/plan/series.ts";
import { requestsFor } from "../../src/ship/object-upload.ts";
import { firehoseLimits } from "../../src/sink/firehose.ts";
import { kinesisLimits } from "../../src/sink/kinesis.ts";
import { MemoryQuarantine } from "../support/memory-quarantine.ts";
import { MemorySink } from "../support/memory-sink.ts";
import { silentLog } from "../support/silent-log.ts";
import { seededRandom, VirtualClock } from "../support/virtual-clock.ts";

const limits = { kinesis: kinesisLimits, firehose: firehoseLimits };

function optionsOf(given: Partial<PlanOptions>): PlanOptions {
  return {
    samplesPerSecond: 1_000,
    series: 10_000,
    senders: 1,
    lingerMs: 200,
    batchBytesMax: 4 << 20,
    recordBytesMax: undefined,
    rotateBytes: 128 << 20,
    rotateAgeMs: 300_000,
    prices: pricesOf("us-east-1"),
    random: seededRandom(7),
    measured: undefined,
    limits,
    requestsFor,
    ...given,
  };
}

/** What the real batcher puts when so many senders send for `seconds`, for each byte of lines. */
async function putFor(
  { samplesPerSecond, senders, lingerMs, batchBytesMax, series }: PlanOptions,
  sinkKind: keyof typeof limits,
  compression: Compression,
  seconds: number,
) {
  const clock = new VirtualClock();
  const random = seededRandom(99);
  const metrics = createMetrics({ version: "test", runtime: "test" });
  const batcher = createBatcher({
    sink: new MemorySink(limits[sinkKind]),
    quarantine: new MemoryQuarantine(),
    ...{ clock, random, log: silentLog, metrics, compression, lingerMs, batchBytesMax },
    recordBytesMax: undefined,
    putsInFlightMax: 16,
    pendingBytesMax: 1 << 30,
    ackTimeoutMs: 1e9,
    putTimeoutMs: 1e9,
  });
  const source = new LineSource({ series, samplesPerSecond }, random);
  const lines = Math.max(1, Math.min(2_000, Math.floor((5 * samplesPerSecond) / senders)));
  const everyMs = (lines * 1000 * senders) / samplesPerSecond;
  const underWay = new Set<{ readonly sinceMs: number }>();
  const send = () => {
    const one = { sinceMs: clock.monotonicMs() };
    underWay.add(one);
    void batcher.append(new TextEncoder().encode(source.next(lines))).then(() => underWay.delete(one));
    clock.after(everyMs * (0.8 + random() * 0.4), send);
  };
  for (let i = 0; i < senders; i++) clock.after(random() * everyMs, send);
  const stepMs = Math.max(10, lingerMs / 10);
  const runUntil = async (endMs: number) => {
    while (clock.monotonicMs() < endMs) {
      await clock.advance(stepMs);
      // Compression takes real time, which is none here.
      const overMs = clock.monotonicMs() - lingerMs - stepMs;
      while ([...underWay].some(({ sinceMs }) => sinceMs < overMs)) await setImmediate();
    }
  };
  // The first records are of another size: the packer has nothing to go by.
  await runUntil((seconds * 1000) / 4);
  const before = await putCounts(metrics);
  await runUntil(seconds * 1000);
  await batcher.drain(10_000);
  const after = await putCounts(metrics);
  const grown = (name: string) => (after.get(name) ?? 0) - (before.get(name) ?? 0);
  return (name: string) => grown(name) / grown("raw");
}

async function putCounts({ puts }: Metrics): Promise<Map<string, number>> {
  const value = async (counter: typeof puts.rawBytes) => (await counter.get()).values[0]?.value ?? 0;
  const billed = (await puts.billedBytes.get()).values;
  return new Map([
    ["raw", await value(puts.rawBytes)],
    ["sent", await value(puts.sentBytes)],
    ["records", await value(puts.recordsPut)],
    ...billed.map(({ labels, value: bytes }) => [String(labels["billing"]), bytes] as const),
  ]);
}

function near(actual: number, expected: number, what: string, tolerance = 0.05): void {
  const off = actual / expected - 1;
  assert.ok(
    Math.abs(off) < tolerance,
    `${what}: ${actual}, not ${expected}: ${(off * 100).toFixed(1)} % off`,
  );
}

const workloads = [
  { samplesPerSecond: 10, series: 150, senders: 1, lingerMs: 200, seconds: 300 },
  { samplesPerSecond: 300, series: 5_000, senders: 20, lingerMs: 1_000, seconds: 200 },
  {
    samplesPerSecond: 3_000,
    series: 50_000,
    senders: 3,
    lingerMs: 5_000,
    batchBytesMax: 1 << 20,
    seconds: 30,
  },
  { samplesPerSecond: 40_000, series: 500_000, senders: 5, lingerMs: 200, seconds: 3 },
];

for (const { seconds, ...workload } of workloads) {
  const { samplesPerSecond, senders, lingerMs } = workload;
  const name = `${samplesPerSecond} samples/s from ${senders} with a linger of ${lingerMs} ms`;
  test(`the plan is within 5 % of what the batcher puts: ${name}`, async () => {
    const options = optionsOf(workload);
    const rows = await plan(options);
    for (const sink of ["kinesis", "firehose"] as const) {
      for (const compression of compressions) {
        const put = await putFor(options, sink, compression, seconds);
        for (const billing of limits[sink].billings ?? []) {
          const rowFor = (of: Compression) =>
            rows.find((each) => each.billing === billing && each.compression === of)!;
          const row = rowFor(compression);
          const rawBytesPerSecond = rowFor("none").bytesPerSecond;
          const what = `${billing} ${compression}`;
          near(row.billedBytesPerSecond / rawBytesPerSecond, put(billing), `${what}, billed`);
          near(row.bytesPerSecond / rawBytesPerSecond, put("sent"), `${what}, sent`);
          // A few dozen of them: one more or less is several per cent.
          near(row.recordsPerSecond / rawBytesPerSecond, put("records"), `${what}, records`, 0.12);
        }
      }
    }
  });
}

test("one sample a record is billed a whole unit a sample, and every packing costs less", async () => {
  const rows = await plan(optionsOf({ samplesPerSecond: 5_000 }));
  assert.deepEqual([...new Set(rows.map(({ billing }) => billing))], billings);
  const single = (billing: string) =>
    rows.find((row) => row.billing === billing && row.compression === undefined)!;
  assert.equal(single("kinesis_provisioned").billedBytesPerBillion, 25_600e9);
  assert.equal(single("firehose").billedBytesPerBillion, 5_120e9);
  assert.equal(single("kinesis_on_demand").billedBytesPerBillion, 1_024e9);
  assert.equal(single("kinesis_provisioned").shards, 5);
  for (const row of rows) {
    if (row.compression !== undefined)
      assert.ok(row.dollarsPerDay < single(row.billing).dollarsPerDay, row.billing);
  }
});

test("shards, days, months and billions belong together", async () => {
  const samplesPerSecond = 20_000;
  for (const row of await plan(optionsOf({ samplesPerSecond }))) {
    if (row.billing === "kinesis_provisioned")
      assert.equal(row.shards, shardsFor(row.recordsPerSecond, row.bytesPerSecond));
    else assert.equal(row.shards, 0);
    near(row.dollarsPerMonth, (row.dollarsPerDay * 730) / 24, "month");
    near(row.dollarsPerBillion * ((samplesPerSecond * 86_400) / 1e9), row.dollarsPerDay, "billion");
    assert.ok(row.billedBytesPerSecond >= row.bytesPerSecond);
  }
});

test("objects of S3 close by age where little comes, and by size where much does", async () => {
  const objects = async (given: Partial<PlanOptions>) => {
    const rows = await plan(optionsOf(given));
    return rows.find(({ billing, compression }) => billing === "s3" && compression === "gzip")!;
  };
  near((await objects({ samplesPerSecond: 10 })).recordsPerSecond, 1 / 300, "one in five minutes");
  const many = await objects({ samplesPerSecond: 100_000 });
  assert.ok(many.recordsPerSecond > 0.2 && many.recordsPerSecond < 0.4, `${many.recordsPerSecond}`);
});

test("an object is one request, or its parts and two: at and above two parts", () => {
  const part = 8 << 20;
  assert.deepEqual(
    [1, part, 2 * part, 2 * part + 1, 3 * part, 3 * part + 1].map((bytes) => requestsFor(bytes)),
    [1, 1, 1, 5, 5, 6],
  );
});

test("what an instance measured takes the place of what was made up", async () => {
  const measured = {
    sink: "kinesis",
    compression: "gzip" as const,
    lines: 1_000_000,
    bytesPerLine: 200,
    rawBytes: 200_000_000,
    sentBytes: 20_000_000,
    puts: 500,
    startSeconds: 0,
  };
  const rows = await plan(optionsOf({ measured, samplesPerSecond: 1_000 }));
  const row = (billing: PlanRow["billing"], compression: Compression) =>
    rows.find((each) => each.billing === billing && each.compression === compression)!;
  // 200 bytes a sample, 20 of them with gzip; 2,000 samples and so 40 KB a put, which are two units.
  near(row("kinesis_provisioned", "none").bytesPerSecond, 200_000, "raw");
  near(row("kinesis_provisioned", "gzip").bytesPerSecond, 20_000, "gzip");
  near(row("kinesis_provisioned", "gzip").recordsPerSecond, 0.5, "records");
  near(row("kinesis_provisioned", "gzip").billedBytesPerSecond, 25_600, "billed");
  near(row("firehose", "gzip").bytesPerSecond, 20_000, "another sink");
  near(row("s3", "gzip").bytesPerSecond, 20_000, "objects");
  const { bytesPerSecond } = row("kinesis_provisioned", "zstd");
  assert.ok(bytesPerSecond > 14_000 && bytesPerSecond < 30_000, `${bytesPerSecond}`);
});
