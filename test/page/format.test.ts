import assert from "node:assert/strict";
import { test } from "node:test";
import * as format from "../../src/page/format.ts";

test("numbers have as many digits as people read, and units", () => {
  assert.deepEqual([0, 0.004, 0.04, 3.149, 42.42, 1_234, 12_345_678].map(format.count), [
    ...["0", "< 0.01", "0.04", "3.1", "42.4", "1,234", "12,345,678"],
  ]);
  assert.deepEqual([999, 9_999, 10_000, 12_345, 9_876_543, 1.5e15].map(format.short), [
    ...["999", "9,999", "10 k", "12.3 k", "9.88 M", "1500 T"],
  ]);
  assert.deepEqual([0, 1, 1_023, 1_024, 1.5 * 2 ** 20, 2 ** 60].map(format.bytes), [
    ...["0 bytes", "1 byte", "1023 bytes", "1 KiB", "1.5 MiB", "1020 PiB"],
  ]);
  assert.deepEqual([0, 0.25, 12.34, 999, 1_240, 25_000].map(format.ms), [
    ...["0 ms", "0.25 ms", "12 ms", "999 ms", "1.24 s", "25 s"],
  ]);
  assert.deepEqual([0, 0.00001, 0.0042, 3.416, 1_234.5].map(format.dollars), [
    ...["$0.00", "under $0.0001", "$0.0042", "$3.42", "$1,235"],
  ]);
});

test("spans are told in the one or two units that matter", () => {
  assert.deepEqual([-1, 0.9, 119, 120, 7_199, 7_200, 7_260, 172_799, 172_800, 180_000].map(format.span), [
    ...["0 s", "0 s", "119 s", "2 min", "119 min", "2 h", "2 h 1 min", "47 h 59 min", "2 d", "2 d 2 h"],
  ]);
});

test("a time of another day has its date", () => {
  const nowIso = format.iso(Date.UTC(2026, 10, 23, 0, 5, 9, 999));
  assert.equal(nowIso, "2026-11-23T00:05:09Z");
  assert.equal(format.clockTime("2026-11-23T00:00:01Z", nowIso), "00:00:01");
  assert.equal(format.clockTime("2026-11-22T23:59:59Z", nowIso), "2026-11-22 23:59:59");
});
