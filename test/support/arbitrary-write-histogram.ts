import fc from "fast-check";

/** A double by its bits. */
interface Bits {
  readonly bits: bigint;
}

/** The fields of a Histogram message as the reference codecs take them, once the doubles are placed. */
export interface HistogramInit {
  readonly count?: { case: "countInt"; value: bigint } | { case: "countFloat"; value: Bits };
  readonly sum: Bits;
  readonly schema: number;
  readonly zeroThreshold: Bits;
  readonly zeroCount?: { case: "zeroCountInt"; value: bigint } | { case: "zeroCountFloat"; value: Bits };
  readonly negativeSpans: readonly Span[];
  readonly negativeDeltas: readonly bigint[];
  readonly negativeCounts: readonly Bits[];
  readonly positiveSpans: readonly Span[];
  readonly positiveDeltas: readonly bigint[];
  readonly positiveCounts: readonly Bits[];
  readonly resetHint: number;
  readonly customValues: readonly Bits[];
  readonly timestamp: bigint;
  readonly startTimestamp: bigint;
}

interface Span {
  readonly offset: number;
  readonly length: number;
}

interface Side {
  readonly spans: readonly Span[];
  readonly counts: readonly bigint[];
}

const double = (value: number): Bits => {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value);
  return { bits: view.getBigUint64(0) };
};
const finite = fc.double({ noNaN: true, noDefaultInfinity: true });
const bucketCount = fc.oneof(
  { weight: 6, arbitrary: fc.bigInt({ min: 0n, max: 1_000n }) },
  { weight: 1, arbitrary: fc.bigInt({ min: 0n, max: 2n ** 60n }) },
);
const side: fc.Arbitrary<Side> = fc
  .array(fc.record({ offset: fc.nat(100), counts: fc.array(bucketCount, { maxLength: 4 }) }), {
    maxLength: 3,
  })
  .map((runs) => ({
    spans: runs.map(({ offset, counts }) => ({ offset, length: counts.length })),
    counts: runs.flatMap(({ counts }) => counts),
  }));
const sum = fc.oneof(
  { weight: 4, arbitrary: finite.map(double) },
  { weight: 1, arbitrary: fc.constantFrom<Bits>({ bits: 0x7ff0_0000_0000_0002n }, { bits: 0x7ff0n << 48n }) },
);

/** Sound histograms of all three kinds, and every fourth or so with one thing changed. */
export function arbitraryHistogramInit(
  time: fc.Arbitrary<bigint>,
  start: fc.Arbitrary<bigint>,
): fc.Arbitrary<HistogramInit> {
  const sound = fc
    .record({
      kind: fc.constantFrom("int", "float", "custom", "custom float"),
      negative: side,
      positive: side,
      zero: bucketCount,
      sum,
      schema: fc.oneof(fc.integer({ min: -4, max: 8 }), fc.integer({ min: -9, max: 52 })),
      firstOffset: fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
      resetHint: fc.oneof(fc.nat(3), fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 })),
      bounds: fc.uniqueArray(finite, { maxLength: 6 }),
      timestamp: time,
      startTimestamp: start,
    })
    .map((choice) =>
      choice.kind.startsWith("custom") ? customHistogram(choice) : exponentialHistogram(choice),
    );
  return fc.oneof(
    { weight: 3, arbitrary: sound },
    { weight: 1, arbitrary: fc.tuple(sound, fc.nat()).map(spoil) },
  );
}

interface Choice {
  readonly kind: string;
  readonly negative: Side;
  readonly positive: Side;
  readonly zero: bigint;
  readonly sum: Bits;
  readonly schema: number;
  readonly firstOffset: number;
  readonly resetHint: number;
  readonly bounds: readonly number[];
  readonly timestamp: bigint;
  readonly startTimestamp: bigint;
}

function exponentialHistogram(choice: Choice): HistogramInit {
  const { kind, negative, zero, firstOffset, schema } = choice;
  const [first, ...others] = choice.positive.spans;
  const spans = first === undefined ? [] : [{ ...first, offset: firstOffset }, ...others];
  const positive = { ...choice.positive, spans };
  return { ...filled(choice, negative, positive, kind === "float", zero), schema, customValues: [] };
}

/** As many buckets as there are bounds, and the one to +Inf. */
function customHistogram(choice: Choice): HistogramInit {
  const bounds = [...choice.bounds]
    .sort((a, b) => a - b)
    .filter((bound, i, all) => i === 0 || bound > all[i - 1]!);
  const counts = choice.positive.counts.slice(0, bounds.length + 1);
  const spans = counts.length === 0 ? [] : [{ offset: 0, length: counts.length }];
  const nothing = { spans: [], counts: [] };
  return {
    ...filled(choice, nothing, { spans, counts }, choice.kind === "custom float", 0n),
    schema: -53,
    zeroThreshold: double(0),
    customValues: bounds.map(double),
  };
}

function filled(choice: Choice, negative: Side, positive: Side, float: boolean, zero: bigint): HistogramInit {
  const total = [...negative.counts, ...positive.counts].reduce((sum, count) => sum + count, zero);
  const deltas = ({ counts }: Side) => counts.map((count, i) => count - (counts[i - 1] ?? 0n));
  const floats = ({ counts }: Side) => counts.map((count) => double(Number(count) / 3));
  return {
    count: float
      ? { case: "countFloat", value: double(Number(total) / 3) }
      : { case: "countInt", value: total },
    sum: choice.sum,
    schema: 0,
    zeroThreshold: double(1e-128),
    zeroCount: float
      ? { case: "zeroCountFloat", value: double(Number(zero) / 3) }
      : { case: "zeroCountInt", value: zero },
    negativeSpans: negative.spans,
    negativeDeltas: float ? [] : deltas(negative),
    negativeCounts: float ? floats(negative) : [],
    positiveSpans: positive.spans,
    positiveDeltas: float ? [] : deltas(positive),
    positiveCounts: float ? floats(positive) : [],
    resetHint: choice.resetHint,
    customValues: [],
    timestamp: choice.timestamp,
    startTimestamp: choice.startTimestamp,
  };
}

const nan: Bits = { bits: 0x7ff8_0000_0000_0001n };

/** One change; most make the histogram contradict itself. */
function spoil([histogram, which]: [HistogramInit, number]): HistogramInit {
  const { positiveSpans, positiveDeltas, positiveCounts, customValues } = histogram;
  const changes: readonly Partial<HistogramInit>[] = [
    { count: { case: "countInt", value: 2n ** 64n - 1n } },
    { count: { case: "countFloat", value: nan } },
    { zeroCount: { case: "zeroCountFloat", value: double(2) } },
    { zeroCount: { case: "zeroCountInt", value: 3n } },
    { schema: 53 },
    { schema: -10 },
    { schema: -53 },
    { schema: 3 },
    { positiveSpans: [...positiveSpans, { offset: -1, length: 0 }] },
    { positiveSpans: [...positiveSpans, { offset: 1, length: 2 ** 32 - 1 }] },
    { positiveDeltas: [...positiveDeltas, -(2n ** 63n)] },
    { positiveDeltas: positiveDeltas.slice(1) },
    { positiveCounts: [...positiveCounts, double(-1)] },
    { positiveCounts: positiveCounts.map(() => double(-1)) },
    { positiveCounts: positiveCounts.map(() => nan) },
    { negativeSpans: [{ offset: 0, length: 1 }], negativeDeltas: [1n] },
    { negativeCounts: [double(1)] },
    { customValues: [...customValues, double(1)] },
    { customValues: [...customValues, nan] },
    { customValues: [...customValues, double(Number.POSITIVE_INFINITY)] },
    { customValues: [double(Number.NEGATIVE_INFINITY), ...customValues] },
    { zeroThreshold: double(-0) },
    { zeroThreshold: nan },
    { sum: nan },
  ];
  return { ...histogram, ...changes[which % changes.length] };
}
