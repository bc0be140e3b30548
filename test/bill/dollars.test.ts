import assert from "node:assert/strict";
import { test } from "node:test";
import { daysPerMonth, dollarsPerDay, storageDollarsPerMonth } from "../../src/bill/dollars.ts";
import { pricesOf } from "../../src/bill/prices.ts";

const prices = pricesOf("us-east-1");
const gigabyte = 2 ** 30;
const none = { billedBytes: 0, requests: 0, shards: 0 };

function near(actual: number, expected: number): void {
  assert.ok(Math.abs(actual - expected) < 1e-9 * Math.max(1, expected), `${actual}, not ${expected}`);
}

test("a provisioned stream costs its shards by the hour and 1.4 cents a million payload units", () => {
  const day = dollarsPerDay("kinesis_provisioned", { ...none, billedBytes: 25_600 * 3e6, shards: 2 }, prices);
  near(day.usage, 0.042);
  near(day.capacity, 0.72);
});

test("an on-demand stream costs 4 cents an hour and 8 cents a GB", () => {
  const day = dollarsPerDay("kinesis_on_demand", { ...none, billedBytes: 10 * gigabyte, shards: 5 }, prices);
  near(day.usage, 0.8);
  near(day.capacity, 0.96);
});

test("Firehose costs by the GB, less in each tier of a month: one below, at and one above its end", () => {
  const monthly = (gigabytes: number) =>
    dollarsPerDay("firehose", { ...none, billedBytes: (gigabytes * gigabyte) / daysPerMonth }, prices).usage *
    daysPerMonth;
  near(monthly(1), 0.029);
  near(monthly(511_999), 511_999 * 0.029);
  near(monthly(512_000), 14_848);
  near(monthly(512_001), 14_848 + 0.025);
  near(monthly(2_048_000), 14_848 + 38_400);
  near(monthly(2_048_001), 14_848 + 38_400 + 0.02);
});

test("S3 costs its requests, and what it keeps by the month", () => {
  near(dollarsPerDay("s3", { ...none, billedBytes: 1e12, requests: 288 }, prices).usage, 0.00144);
  near(storageDollarsPerMonth(100 * gigabyte, prices), 2.3);
});

test("the prices say of which region they are, where those of another one are not known", () => {
  assert.equal(pricesOf("us-west-2").region, "us-west-2");
  for (const region of ["eu-central-1", undefined]) assert.equal(pricesOf(region).region, "us-east-1");
  assert.match(prices.asOf, /^\d{4}-\d{2}$/);
});
