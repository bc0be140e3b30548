import type { Histogram } from "../../src/model/histogram.ts";
import type { Float64 } from "../../src/model/scalar.ts";

/**
 * Whether the parts of a histogram agree, told once more and in other words than src/model/histogram.ts, from
 * https://prometheus.io/docs/specs/native_histograms/ and the checks Prometheus makes.
 */
export function soundHistogram(histogram: Histogram): boolean {
  const { count, zeroCount, schema, positive, negative, customValues } = histogram;
  const isFloat = count?.kind === "float";
  const sides = [positive, negative];
  if (zeroCount !== undefined && (zeroCount.kind === "float") !== isFloat) return false;
  if (sides.some(({ deltas, counts }) => (isFloat ? deltas : counts).length > 0)) return false;
  if (sides.some(({ spans }) => spans.slice(1).some(({ offset }) => offset < 0))) return false;
  for (const { spans, deltas, counts } of sides) {
    const buckets = spans.reduce((sum, { length }) => sum + length, 0);
    if (buckets !== deltas.length + counts.length) return false;
  }
  if (schema === -53 ? !soundCustom(histogram) : schema < -9 || schema > 52 || customValues.length > 0) {
    return false;
  }
  return isFloat
    ? sides.every(({ counts }) => counts.every((each) => !isBelowZero(each)))
    : soundCount(histogram);
}

function soundCustom({ customValues, negative, positive, zeroThreshold, zeroCount }: Histogram): boolean {
  if (customValues.some((bound) => typeof bound === "bigint" || bound === Number.POSITIVE_INFINITY))
    return false;
  if (customValues.some((bound, i) => i > 0 && bound <= customValues[i - 1]!)) return false;
  if (negative.spans.length + negative.deltas.length + negative.counts.length > 0) return false;
  if (!isZero(zeroThreshold) || (zeroCount !== undefined && !isZero(zeroCount.value))) return false;
  if (positive.spans.some(({ offset }) => offset < 0)) return false;
  return (
    positive.spans.reduce((sum, { offset, length }) => sum + offset + length, 0) <= customValues.length + 1
  );
}

function soundCount({ count, zeroCount, positive, negative, sum }: Histogram): boolean {
  let total = BigInt(zeroCount?.value ?? 0);
  for (const { deltas } of [positive, negative]) {
    let bucket = 0n;
    for (const delta of deltas) {
      bucket += BigInt(delta);
      if (bucket < 0n) return false;
      total += bucket;
    }
  }
  const claimed = BigInt(count?.value ?? 0);
  return typeof sum === "bigint" ? total <= claimed : total === claimed;
}

function isBelowZero(value: Float64): boolean {
  return typeof value === "number" && value < 0;
}

function isZero(value: Float64): boolean {
  return typeof value === "number" && value === 0;
}
