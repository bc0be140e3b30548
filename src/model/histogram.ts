/** A native histogram as the protocol carries it, and the rules its parts have to agree on. */
import type { Float64, Int64 } from "./scalar.ts";

export interface BucketSpan {
  /** Gap to the end of the span before; of the first span, the index of its first bucket. */
  readonly offset: number;
  readonly length: number;
}

/** One side (negative or positive) of the buckets. Integer histograms have `deltas`, float histograms `counts`. */
export interface Buckets {
  readonly spans: BucketSpan[];
  /** The first absolute, each further one as the difference to the one before. */
  readonly deltas: Int64[];
  readonly counts: Float64[];
}

/** A count as the oneof of the message: an integer, a float, or not set. */
export type HistogramCount =
  | { readonly kind: "int"; readonly value: Int64 }
  | { readonly kind: "float"; readonly value: Float64 }
  | undefined;

/** The fields of `Histogram` in types.proto, less the timestamps, which the line carries. */
export interface Histogram {
  readonly count: HistogramCount;
  readonly sum: Float64;
  readonly schema: number;
  readonly zeroThreshold: Float64;
  readonly zeroCount: HistogramCount;
  readonly negative: Buckets;
  readonly positive: Buckets;
  /** The number of the protocol's enum; names in `resetHints`. */
  readonly resetHint: number;
  /** Upper bounds of custom buckets, the last one (+Inf) left out. */
  readonly customValues: readonly Float64[];
}

/** ResetHint of both protocol versions, by number. */
export const resetHints = ["unknown", "yes", "no", "gauge"] as const;

/** Schema of histograms with custom bucket bounds. */
export const customBucketsSchema = -53;
const exponentialSchemaMin = -9;
const exponentialSchemaMax = 52;

/**
 * Why the parts of a histogram contradict each other, or undefined where they agree. The rules are those of
 * Prometheus: https://github.com/prometheus/prometheus/blob/main/model/histogram/histogram.go (Validate), with one
 * more: integer and float parts do not mix.
 */
export function histogramFault(histogram: Histogram): string | undefined {
  return mixFault(histogram) ?? layoutFault(histogram) ?? countFault(histogram);
}

function mixFault({ count, zeroCount, negative, positive }: Histogram): string | undefined {
  const float = count?.kind === "float";
  if (zeroCount !== undefined && (zeroCount.kind === "float") !== float) {
    return "count and zero count are not of one kind";
  }
  const foreign = float ? "deltas" : "counts";
  if (negative[foreign].length + positive[foreign].length > 0) {
    return float ? "float histogram with integer buckets" : "integer histogram with float buckets";
  }
  return undefined;
}

function layoutFault(histogram: Histogram): string | undefined {
  const { schema, negative, positive, customValues, zeroCount, zeroThreshold } = histogram;
  if (schema === customBucketsSchema) {
    if (zeroThreshold !== 0 || (zeroCount !== undefined && Number(zeroCount.value) !== 0)) {
      return "custom buckets with a zero bucket";
    }
    if (negative.spans.length + negative.deltas.length + negative.counts.length > 0) {
      return "custom buckets with negative buckets";
    }
    return customBoundsFault(customValues, positive.spans) ?? spansFault("positive", positive);
  }
  if (schema < exponentialSchemaMin || schema > exponentialSchemaMax) return `unknown schema ${schema}`;
  if (customValues.length > 0) return `custom bounds with exponential schema ${schema}`;
  return spansFault("positive", positive) ?? spansFault("negative", negative);
}

function spansFault(side: string, { spans, deltas, counts }: Buckets): string | undefined {
  let spanned = 0;
  for (let i = 0; i < spans.length; i++) {
    const { offset, length } = spans[i]!;
    if (i > 0 && offset < 0) return `${side} span ${i} has negative offset ${offset}`;
    spanned += length;
  }
  const buckets = deltas.length + counts.length;
  return spanned === buckets ? undefined : `${side} spans hold ${spanned} buckets, but ${buckets} came`;
}

function customBoundsFault(bounds: readonly Float64[], spans: readonly BucketSpan[]): string | undefined {
  let previous: number | undefined;
  for (const bound of bounds) {
    if (typeof bound === "bigint") return "custom bound is NaN";
    if (previous !== undefined && bound <= previous)
      return `custom bound ${bound} after ${previous}: they must increase`;
    previous = bound;
  }
  if (previous === Number.POSITIVE_INFINITY) return "custom bound is +Inf, which is implied";
  let reach = 0;
  for (const { offset, length } of spans) {
    if (offset < 0) return `custom bucket span has negative offset ${offset}`;
    reach += offset + length;
  }
  return reach <= bounds.length + 1 ? undefined : `spans reach bucket ${reach} of ${bounds.length + 1}`;
}

function countFault(histogram: Histogram): string | undefined {
  const { count, zeroCount, negative, positive, sum } = histogram;
  if (count?.kind === "float") {
    const negativeCount = [...negative.counts, ...positive.counts].find(
      (c) => typeof c === "number" && c < 0,
    );
    return negativeCount === undefined ? undefined : `bucket count ${negativeCount} is negative`;
  }
  let total: Int64 = zeroCount?.value ?? 0;
  for (const { deltas } of [negative, positive]) {
    let inBucket: Int64 = 0;
    for (const delta of deltas) {
      inBucket = add(inBucket, delta);
      if (inBucket < 0) return `bucket count ${inBucket} is negative`;
      total = add(total, inBucket);
    }
  }
  const claimed = count?.value ?? 0;
  // A NaN observation counts, but falls in no bucket.
  const agrees = typeof sum === "bigint" ? total <= claimed : total === claimed;
  return agrees ? undefined : `buckets hold ${total} observations, but the count is ${claimed}`;
}

/** The exact sum; a bigint only where a number cannot hold it, as everywhere for Int64. */
function add(a: Int64, b: Int64): Int64 {
  if (typeof a === "number" && typeof b === "number") {
    const sum = a + b;
    if (Number.isSafeInteger(sum)) return sum;
  }
  const exact = BigInt(a) + BigInt(b);
  const narrow = Number(exact);
  return Number.isSafeInteger(narrow) ? narrow : exact;
}
