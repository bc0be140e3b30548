/** Write requests of both versions as messages of the reference codecs, with what is right and wrong in real ones. */
import { create } from "@bufbuild/protobuf";
import fc from "fast-check";
import { type Request, RequestSchema } from "../../src/remote/gen/io/prometheus/write/v2/types_pb.ts";
import { type WriteRequest, WriteRequestSchema } from "../../src/remote/gen/prometheus/remote_pb.ts";
import { arbitraryHistogramInit, type HistogramInit } from "./arbitrary-write-histogram.ts";
import { brokenText, Doubles } from "./message-patch.ts";

/** A label as its name and value. */
type Pair = readonly [name: string, value: string];

interface SeriesChoice {
  readonly labels: readonly Pair[];
  readonly samples: readonly { bits: bigint; timestamp: bigint; startTimestamp: bigint }[];
  readonly histograms: readonly HistogramInit[];
  readonly exemplars: readonly { labels: readonly Pair[]; bits: bigint; timestamp: bigint }[];
  readonly metadata: { type: number; help: string; unit: string } | undefined;
  readonly created: bigint;
  readonly refFault: "none" | "odd" | "range";
  readonly exemplarRefFault: "none" | "odd" | "range";
}

const int64 = fc.oneof(
  { weight: 4, arbitrary: fc.bigInt({ min: 1_600_000_000_000n, max: 1_800_000_000_000n }) },
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  fc.constantFrom(0n, 1n, -1n, 2n ** 53n, -(2n ** 53n), 2n ** 63n - 1n, -(2n ** 63n)),
);
const start = fc.oneof({ weight: 2, arbitrary: fc.constant(0n) }, int64);

/** The 64 bits of a double: what senders write, every special value, and anything at all. */
export const arbitraryBits: fc.Arbitrary<bigint> = fc.oneof(
  fc.double({ noNaN: true }).map((value) => {
    const view = new DataView(new ArrayBuffer(8));
    view.setFloat64(0, value);
    return view.getBigUint64(0);
  }),
  fc.constantFrom(
    0n,
    0x8000_0000_0000_0000n,
    0x7ff0_0000_0000_0000n,
    0xfff0_0000_0000_0000n,
    0x7ff0_0000_0000_0002n,
    0x7ff8_0000_0000_0001n,
    0xffff_ffff_ffff_ffffn,
    1n,
  ),
  fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
);

const text = fc.oneof(
  { weight: 6, arbitrary: fc.string({ unit: "grapheme", maxLength: 12 }) },
  { weight: 3, arbitrary: fc.string({ unit: "binary", maxLength: 12 }) },
  { weight: 1, arbitrary: fc.constantFrom("", "é", '"\\\n', "a".repeat(300)) },
);
const rarely = (weight: number, fault: fc.Arbitrary<string>) =>
  fc.oneof({ weight, arbitrary: text }, { weight: 1, arbitrary: fault });
const labelName = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.constantFrom("job", "instance", "le", "zone", "é", "a.b", "__x", "J", "jo", "job2"),
  },
  { weight: 4, arbitrary: text.filter((name) => name !== "" && name !== "__name__") },
);
const labelPair = fc.tuple(labelName, rarely(200, fc.constant(brokenText)));
const distinct = fc.uniqueArray(labelPair, { selector: ([name]) => name, maxLength: 12 });
const faulty = fc.array(
  fc.tuple(
    fc.oneof(labelName, fc.constantFrom("", "__name__", brokenText)),
    rarely(4, fc.constant(brokenText)),
  ),
  { maxLength: 6 },
);
const labels: fc.Arbitrary<readonly Pair[]> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc
      .tuple(
        text.filter((name) => name !== ""),
        distinct,
        fc.nat(12),
      )
      .map(([name, pairs, at]) => [...pairs.slice(0, at), ["__name__", name] as Pair, ...pairs.slice(at)]),
  },
  { weight: 1, arbitrary: faulty },
);
const refFault = fc.oneof(
  { weight: 12, arbitrary: fc.constant("none" as const) },
  { weight: 1, arbitrary: fc.constantFrom("odd" as const, "range" as const) },
);

const arbitrarySeries: fc.Arbitrary<SeriesChoice> = fc.record({
  labels,
  samples: fc.array(fc.record({ bits: arbitraryBits, timestamp: int64, startTimestamp: start }), {
    maxLength: 5,
  }),
  histograms: fc.array(arbitraryHistogramInit(int64, start), { maxLength: 3 }),
  exemplars: fc.array(
    fc.record({
      labels: fc.oneof({ weight: 5, arbitrary: distinct }, { weight: 1, arbitrary: faulty }),
      bits: arbitraryBits,
      timestamp: int64,
    }),
    { maxLength: 3 },
  ),
  metadata: fc.option(
    fc.record({
      type: fc.oneof(fc.nat(7), fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 })),
      help: rarely(8, fc.constantFrom("first", brokenText)),
      unit: rarely(20, fc.constant(brokenText)),
    }),
    { nil: undefined },
  ),
  created: start,
  refFault,
  exemplarRefFault: refFault,
});

/** A request and what stands for its doubles. */
export interface Generated<T> {
  readonly message: T;
  readonly doubles: Doubles;
}

export const arbitraryWriteV1: fc.Arbitrary<Generated<WriteRequest>> = fc
  .tuple(
    fc.array(arbitrarySeries, { maxLength: 5 }),
    fc.array(
      fc.record({
        type: fc.oneof(fc.nat(7), fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 })),
        metricFamilyName: rarely(20, fc.constant(brokenText)),
        help: rarely(20, fc.constant(brokenText)),
        unit: text,
      }),
      { maxLength: 3 },
    ),
  )
  .map(([series, metadata]) => {
    const doubles = new Doubles();
    const timeseries = series.map((one) => ({
      labels: labelInits(one.labels),
      samples: one.samples.map(({ bits, timestamp }) => ({ value: doubles.place(bits), timestamp })),
      exemplars: one.exemplars.map((exemplar) => ({
        labels: labelInits(exemplar.labels),
        value: doubles.place(exemplar.bits),
        timestamp: exemplar.timestamp,
      })),
      histograms: one.histograms.map(({ startTimestamp: _, ...rest }) => doubles.placeAll(rest)),
    }));
    return { message: create(WriteRequestSchema, { timeseries, metadata } as object), doubles };
  });

/** The table is deduplicated or not, starts with the empty symbol or not. */
export const arbitraryWriteV2: fc.Arbitrary<Generated<Request>> = fc
  .tuple(
    fc.array(arbitrarySeries, { maxLength: 5 }),
    fc.boolean(),
    fc.oneof({ weight: 8, arbitrary: fc.constant("") }, fc.constantFrom("first", brokenText)),
  )
  .map(([series, deduplicate, first]) => {
    const doubles = new Doubles();
    const symbols: string[] = [first];
    const ref = (symbol: string): number => {
      const known = deduplicate ? symbols.indexOf(symbol) : -1;
      return known >= 0 ? known : symbols.push(symbol) - 1;
    };
    const timeseries = series.map((one) => {
      const refsOf = (pairs: readonly Pair[], fault: string) => {
        const refs = pairs.flatMap(([name, value]) => [ref(name), ref(value)]);
        if (fault === "odd") refs.push(0);
        if (fault === "range") refs.push(0, 1_000_000);
        return refs;
      };
      const { metadata } = one;
      return {
        labelsRefs: refsOf(one.labels, one.refFault),
        samples: one.samples.map(({ bits, ...times }) => ({ value: doubles.place(bits), ...times })),
        histograms: one.histograms.map((histogram) => doubles.placeAll(histogram)),
        exemplars: one.exemplars.map((exemplar) => ({
          labelsRefs: refsOf(exemplar.labels, one.exemplarRefFault),
          value: doubles.place(exemplar.bits),
          timestamp: exemplar.timestamp,
        })),
        ...(metadata && {
          metadata: { type: metadata.type, helpRef: ref(metadata.help), unitRef: ref(metadata.unit) },
        }),
        createdTimestamp: one.created,
      };
    });
    return { message: create(RequestSchema, { symbols, timeseries } as object), doubles };
  });

function labelInits(pairs: readonly Pair[]): { name: string; value: string }[] {
  return pairs.map(([name, value]) => ({ name, value }));
}
