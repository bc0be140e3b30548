import {
  type BucketSpan,
  type Buckets,
  type Histogram,
  type HistogramCount,
  resetHints,
} from "../model/histogram.ts";
import type { Float64 } from "../model/scalar.ts";
import { specialName } from "./json-writer.ts";

/** The object in place of `value` on the line of a native histogram, as JSON text of ASCII characters only. */
export function histogramText(histogram: Histogram): string {
  const { count, sum, schema, zeroThreshold, zeroCount, negative, positive, resetHint } = histogram;
  const fields = [
    countField("count", count),
    floatField("sum", sum),
    `"schema":${schema}`,
    floatField("zero_threshold", zeroThreshold),
    countField("zero_count", zeroCount),
    ...bucketFields("negative", negative),
    ...bucketFields("positive", positive),
    `"reset_hint":"${resetHints[resetHint] ?? resetHint}"`,
    floatsField("custom_values", histogram.customValues),
  ];
  return `{${fields.filter((field) => field !== "").join(",")}}`;
}

function countField(name: string, count: HistogramCount): string {
  if (count === undefined) return "";
  return count.kind === "int" ? `"${name}_int":${count.value}` : floatField(`${name}_float`, count.value);
}

function bucketFields(side: string, { spans, deltas, counts }: Buckets): string[] {
  return [
    spans.length === 0 ? "" : `"${side}_spans":[${spans.map(spanText).join(",")}]`,
    deltas.length === 0 ? "" : `"${side}_deltas":[${deltas.join(",")}]`,
    floatsField(`${side}_counts`, counts),
  ];
}

function spanText({ offset, length }: BucketSpan): string {
  return `[${offset},${length}]`;
}

/** `"sum":1.5`, or `"sum":null,"sum_special":"stale"` so that the field itself is always a number or null. */
function floatField(name: string, value: Float64): string {
  const special = specialOf(value);
  return special === undefined
    ? `"${name}":${finiteText(value)}`
    : `"${name}":null,"${name}_special":"${special}"`;
}

/** Likewise for an array; the specials stand by index: `"custom_values":[null],"custom_values_special":{"0":"NaN"}`. */
function floatsField(name: string, values: readonly Float64[]): string {
  if (values.length === 0) return "";
  const specials: string[] = [];
  const texts = values.map((value, index) => {
    const special = specialOf(value);
    if (special === undefined) return finiteText(value);
    specials.push(`"${index}":"${special}"`);
    return "null";
  });
  const field = `"${name}":[${texts.join(",")}]`;
  return specials.length === 0 ? field : `${field},"${name}_special":{${specials.join(",")}}`;
}

function finiteText(value: Float64): string {
  return Object.is(value, -0) ? "-0" : String(value);
}

function specialOf(value: Float64): string | undefined {
  if (typeof value === "bigint") return specialName(Number(value >> 32n), Number(value & 0xffff_ffffn));
  if (Number.isFinite(value)) return undefined;
  return value > 0 ? "+Inf" : "-Inf";
}
