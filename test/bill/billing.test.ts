import assert from "node:assert/strict";
import { test } from "node:test";
import { type Billing, billedBytes, shardsFor, unitBytes } from "../../src/bill/billing.ts";

for (const [billing, unit] of [
  ["kinesis_provisioned", 25_600],
  ["kinesis_on_demand", 1_024],
  ["firehose", 5_120],
] as const satisfies [Billing, number][]) {
  test(`${billing} counts each record by ${unit} bytes: one below, at and one above`, () => {
    assert.equal(unitBytes[billing], unit);
    const counted = [1, unit - 1, unit, unit + 1, 2 * unit, 2 * unit + 1].map((size) =>
      billedBytes(billing, size),
    );
    assert.deepEqual(counted, [unit, unit, unit, 2 * unit, 2 * unit, 3 * unit]);
  });
}

test("the examples of AWS's own pages come out", () => {
  // Kinesis: 5 KB are one unit, 45 KB two; on demand 4.5 KB are 5 KB. Firehose: 3, 12, 42 KB are 5, 15, 45 KB.
  const kilobytes = (billing: Billing, size: number) => billedBytes(billing, size * 1024) / 1024;
  assert.deepEqual([kilobytes("kinesis_provisioned", 5), kilobytes("kinesis_provisioned", 45)], [25, 50]);
  assert.equal(kilobytes("kinesis_on_demand", 4.5), 5);
  assert.deepEqual(
    [3, 12, 42].map((size) => kilobytes("firehose", size)),
    [5, 15, 45],
  );
});

test("an object of S3 is as large as it is", () => {
  assert.deepEqual(
    [1, 5_000, 123_456_789].map((size) => billedBytes("s3", size)),
    [1, 5_000, 123_456_789],
  );
});

test("shards: a thousand records or a mebibyte a second each, and never none", () => {
  assert.deepEqual(
    [0, 1, 1_000, 1_001, 2_000].map((records) => shardsFor(records, 0)),
    [1, 1, 1, 2, 2],
  );
  const mebibyte = 1024 * 1024;
  assert.deepEqual(
    [mebibyte - 1, mebibyte, mebibyte + 1, 10 * mebibyte].map((bytes) => shardsFor(5, bytes)),
    [1, 1, 2, 10],
  );
  assert.equal(shardsFor(3_500, 2 * mebibyte), 4);
});
