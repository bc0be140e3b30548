import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type Histogram, histogramFault } from "../../src/model/histogram.ts";
import { arbitraryHistogram } from "../support/arbitrary-line.ts";
import { soundHistogram } from "../support/histogram-oracle.ts";

const none = { spans: [], deltas: [], counts: [] };
const integer: Histogram = {
  count: { kind: "int", value: 6 },
  sum: 1,
  schema: 3,
  zeroThreshold: 0.001,
  zeroCount: { kind: "int", value: 1 },
  negative: { spans: [{ offset: -5, length: 1 }], deltas: [1], counts: [] },
  positive: { spans: [{ offset: 2, length: 2 }], deltas: [1, 2], counts: [] },
  resetHint: 0,
  customValues: [],
};
const float: Histogram = {
  ...integer,
  count: { kind: "float", value: 0.5 },
  zeroCount: { kind: "float", value: 0 },
  negative: none,
  positive: { spans: [{ offset: 0, length: 1 }], deltas: [], counts: [0.5] },
};
const custom: Histogram = {
  ...integer,
  count: { kind: "int", value: 3 },
  schema: -53,
  zeroThreshold: 0,
  zeroCount: undefined,
  negative: none,
  positive: { spans: [{ offset: 0, length: 2 }], deltas: [1, 1], counts: [] },
  customValues: [0.5],
};
const nan = 0x7ff8_0000_0000_0001n;
const huge = 2n ** 63n - 1n;

const sound: readonly (readonly [string, Histogram])[] = [
  ["an integer histogram", integer],
  ["a float histogram", float],
  ["a histogram of custom buckets", custom],
  [
    "an empty histogram",
    { ...integer, count: undefined, zeroCount: undefined, negative: none, positive: none },
  ],
  [
    "a NaN sum with more observations than buckets hold",
    { ...integer, sum: nan, count: { kind: "int", value: 9 } },
  ],
  ["a first bound of -Inf", { ...custom, customValues: [Number.NEGATIVE_INFINITY] }],
  ["the smallest schema", { ...integer, schema: -9 }],
  ["the largest schema", { ...integer, schema: 52 }],
  [
    "counts of 64 bits",
    {
      ...integer,
      count: { kind: "int", value: 2n ** 64n - 1n },
      negative: { spans: [{ offset: 0, length: 1 }], deltas: [huge], counts: [] },
      positive: { spans: [{ offset: 0, length: 1 }], deltas: [huge], counts: [] },
    },
  ],
];
for (const [what, histogram] of sound) {
  test(`${what} is sound`, () => assert.equal(histogramFault(histogram), undefined));
}

const faults: readonly (readonly [string, Histogram, RegExp])[] = [
  ["a count that is too small", { ...integer, count: { kind: "int", value: 5 } }, /hold 6 observations/],
  ["a count that is too large", { ...integer, count: { kind: "int", value: 7 } }, /the count is 7/],
  [
    "a NaN sum and a count too small",
    { ...integer, sum: nan, count: { kind: "int", value: 5 } },
    /count is 5/,
  ],
  ["no count", { ...integer, count: undefined }, /the count is 0/],
  ["a zero count of another kind", { ...integer, zeroCount: { kind: "float", value: 1 } }, /not of one kind/],
  ["float buckets", { ...integer, negative: float.positive }, /integer histogram with float buckets/],
  ["integer buckets", { ...float, negative: integer.negative }, /float histogram with integer buckets/],
  [
    "a bucket too few",
    { ...integer, positive: { ...integer.positive, deltas: [1] } },
    /hold 2 buckets, but 1/,
  ],
  ["a negative bucket", { ...integer, positive: { ...integer.positive, deltas: [1, -2] } }, /-1 is negative/],
  [
    "a negative float bucket",
    { ...float, positive: { ...float.positive, counts: [-0.5] } },
    /-0.5 is negative/,
  ],
  ["a schema too small", { ...integer, schema: -10 }, /unknown schema -10/],
  ["a schema too large", { ...integer, schema: 53 }, /unknown schema 53/],
  ["custom bounds without their schema", { ...integer, customValues: [1] }, /exponential schema 3/],
  ["equal bounds", { ...custom, customValues: [1, 1] }, /must increase/],
  ["a NaN bound", { ...custom, customValues: [nan] }, /NaN/],
  ["a +Inf bound", { ...custom, customValues: [1, Number.POSITIVE_INFINITY] }, /\+Inf/],
  ["too few bounds", { ...custom, customValues: [] }, /reach bucket 2 of 1/],
  ["a zero threshold with custom buckets", { ...custom, zeroThreshold: nan }, /zero bucket/],
  ["negative custom buckets", { ...custom, negative: integer.negative }, /negative buckets/],
];
for (const [what, histogram, fault] of faults) {
  test(`${what} is a fault, and it is named`, () =>
    assert.match(histogramFault(histogram) ?? "sound", fault));
}

test("any histogram is judged as the oracle of the tests judges it", () => {
  const near = fc
    .tuple(fc.constantFrom(integer, float, custom), arbitraryHistogram)
    .chain(([base, other]) => {
      const keys = Object.keys(base) as (keyof Histogram)[];
      return fc.subarray(keys, { maxLength: 2 }).map((changed) => {
        const changes = Object.fromEntries(changed.map((key) => [key, other[key]]));
        return { ...base, ...changes } as Histogram;
      });
    });
  fc.assert(
    fc.property(fc.oneof(near, arbitraryHistogram), (histogram) => {
      assert.equal(histogramFault(histogram) === undefined, soundHistogram(histogram));
    }),
    { numRuns: 3_000 },
  );
});
