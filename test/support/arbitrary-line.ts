import fc from "fast-check";
import { type Histogram, histogramFault } from "../../src/model/histogram.ts";
import type { Label, Line } from "../../src/model/line.ts";
import type { Float64, Int64 } from "../../src/model/scalar.ts";

/** Everything the protocol can carry, with the odd corners made likely. */

/** Objects as literals make them, so that deep equality holds. */
const record = <T>(fields: { [K in keyof T]: fc.Arbitrary<T[K]> }) =>
  fc.record<T>(fields, { noNullPrototype: true });

const narrow = (value: bigint): Int64 => {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
};

export const arbitraryInt64: fc.Arbitrary<Int64> = fc.oneof(
  fc.integer({ min: 1_500_000_000_000, max: 1_900_000_000_000 }),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(narrow),
  fc.constantFrom(0, -1, 1, 2 ** 53 - 1, narrow(2n ** 53n), narrow(-(2n ** 63n)), narrow(2n ** 63n - 1n)),
);

export const arbitraryUint64: fc.Arbitrary<Int64> = fc.oneof(
  fc.nat(),
  fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map(narrow),
);

const arbitraryNan: fc.Arbitrary<bigint> = fc.oneof(
  fc.constantFrom(
    0x7ff0_0000_0000_0002n,
    0x7ff8_0000_0000_0001n,
    0x7ff8_0000_0000_0000n,
    0xffff_ffff_ffff_ffffn,
  ),
  fc
    .tuple(fc.bigInt({ min: 1n, max: 0xf_ffff_ffff_ffffn }), fc.boolean())
    .map(([payload, negative]) => (negative ? 0xfff0_0000_0000_0000n : 0x7ff0_0000_0000_0000n) | payload),
);

export const arbitraryNumber: fc.Arbitrary<number> = fc.oneof(
  fc.double({ noNaN: true }),
  fc.integer(),
  fc.constantFrom(0, -0, 5e-324, -5e-324, 1.7976931348623157e308, 1e21, 1e15, 1e15 + 0.5, 2 ** 53, 1e-7, 0.1),
);

export const arbitraryFloat64: fc.Arbitrary<Float64> = fc.oneof(
  { weight: 4, arbitrary: arbitraryNumber },
  { weight: 1, arbitrary: arbitraryNan },
);

export const arbitraryText: fc.Arbitrary<string> = fc.oneof(
  fc.string({ unit: "grapheme", maxLength: 60 }),
  fc.string({ unit: "binary", maxLength: 60 }),
  fc.constantFrom(
    "",
    '"',
    "\\",
    "\n\r\t\b\f",
    "\u0000\u001f\u007f",
    "日本語",
    "a".repeat(200),
    "\u2028 \ufeff 😀",
  ),
);

export const arbitraryLabels: fc.Arbitrary<readonly Label[]> = fc
  .tuple(
    arbitraryText.filter((name) => name !== ""),
    fc.uniqueArray(
      record({ name: arbitraryText.filter((n) => n !== "" && n !== "__name__"), value: arbitraryText }),
      { selector: ({ name }) => name, maxLength: 12 },
    ),
  )
  .map(([name, labels]) => sortByBytes([{ name: "__name__", value: name }, ...labels]));

export function sortByBytes(labels: readonly Label[]): readonly Label[] {
  return [...labels].sort((a, b) => Buffer.compare(Buffer.from(a.name), Buffer.from(b.name)));
}

/** Parts of any content: histograms that contradict themselves are filtered out where it matters. */
const arbitraryBuckets = record({
  spans: fc.array(
    record({ offset: fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }), length: fc.nat(2 ** 32 - 1) }),
    {
      maxLength: 4,
    },
  ),
  deltas: fc.array(arbitraryInt64, { maxLength: 5 }),
  counts: fc.array(arbitraryFloat64, { maxLength: 5 }),
});

const arbitraryCount = fc.oneof(
  record({ kind: fc.constant("int" as const), value: arbitraryUint64 }),
  record({ kind: fc.constant("float" as const), value: arbitraryFloat64 }),
  fc.constant(undefined),
);

/** Whatever the message can hold, sound or not: the line keeps both. */
export const arbitraryHistogram: fc.Arbitrary<Histogram> = record({
  count: arbitraryCount,
  sum: arbitraryFloat64,
  schema: fc.integer({ min: -53, max: 60 }),
  zeroThreshold: arbitraryFloat64,
  zeroCount: arbitraryCount,
  negative: arbitraryBuckets,
  positive: arbitraryBuckets,
  resetHint: fc.oneof(fc.nat(3), fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 })),
  customValues: fc.array(arbitraryFloat64, { maxLength: 5 }),
});

export function isSound(histogram: Histogram): boolean {
  return histogramFault(histogram) === undefined;
}

const named = <T>(arbitrary: fc.Arbitrary<T & { labels: readonly Label[] }>) =>
  arbitrary.map((line) => ({ ...line, name: line.labels.find((l) => l.name === "__name__")?.value ?? "" }));

const arbitraryMetadata = record({
  type: fc.oneof(fc.nat(7), fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 })),
  help: arbitraryText,
  unit: arbitraryText,
});

const series = { labels: arbitraryLabels, time: arbitraryInt64 };

export const arbitraryLine: fc.Arbitrary<Line> = fc.oneof(
  named(
    record({
      kind: fc.constant("sample" as const),
      ...series,
      start: arbitraryInt64,
      value: arbitraryFloat64,
    }),
  ),
  named(
    record({
      kind: fc.constant("histogram" as const),
      ...series,
      start: arbitraryInt64,
      histogram: arbitraryHistogram,
    }),
  ),
  named(
    record({
      kind: fc.constant("exemplar" as const),
      ...series,
      exemplar: record({ value: arbitraryFloat64, labels: arbitraryLabels }),
    }),
  ),
  named(
    record({ kind: fc.constant("metadata" as const), labels: arbitraryLabels, metadata: arbitraryMetadata }),
  ),
  record({
    kind: fc.constant("metadata" as const),
    name: arbitraryText.filter((name) => name !== ""),
    labels: fc.constant(undefined),
    metadata: arbitraryMetadata,
  }),
);
