import {
  type BucketSpan,
  type Buckets,
  type Histogram,
  type HistogramCount,
  resetHints,
} from "../model/histogram.ts";
import type { Float64, Int64 } from "../model/scalar.ts";
import { enumNumber } from "./enum-name.ts";
import type { JsonReader } from "./json-reader.ts";
import { readFinite, readInt32, readInt64, readUint64, specialValue } from "./numbers.ts";

/** What the object holds, before nulls and their specials are put together. */
class HistogramFields {
  readonly ints = new Map<string, Int64>();
  readonly floats = new Map<string, number | null>();
  readonly floatArrays = new Map<string, (number | null)[]>();
  readonly intArrays = new Map<string, Int64[]>();
  readonly spans = new Map<string, BucketSpan[]>();
  readonly specials = new Map<string, string>();
  readonly arraySpecials = new Map<string, Map<number, string>>();
  schema = 0;
  resetHint = 0;
}

/** The object that histogramText writes. Throws MalformedError on other content; unknown keys are passed over. */
export function readHistogramObject(json: JsonReader): Histogram {
  const fields = new HistogramFields();
  json.object((key) => readField(json, key, fields));
  return {
    count: countOf(json, "count", fields),
    sum: floatOf(json, "sum", fields) ?? 0,
    schema: fields.schema,
    zeroThreshold: floatOf(json, "zero_threshold", fields) ?? 0,
    zeroCount: countOf(json, "zero_count", fields),
    negative: bucketsOf(json, "negative", fields),
    positive: bucketsOf(json, "positive", fields),
    resetHint: fields.resetHint,
    customValues: floatsOf(json, "custom_values", fields),
  };
}

function readField(json: JsonReader, key: string, fields: HistogramFields): void {
  switch (key) {
    case "schema":
      fields.schema = readInt32(json);
      return;
    case "reset_hint":
      fields.resetHint = enumNumber(json, resetHints);
      return;
    case "count_int":
    case "zero_count_int":
      fields.ints.set(key, readUint64(json));
      return;
    case "sum":
    case "zero_threshold":
    case "count_float":
    case "zero_count_float":
      fields.floats.set(key, json.null() ? null : readFinite(json));
      return;
    case "sum_special":
    case "zero_threshold_special":
    case "count_float_special":
    case "zero_count_float_special":
      fields.specials.set(key.slice(0, -"_special".length), json.string());
      return;
    case "negative_spans":
    case "positive_spans":
      fields.spans.set(key, readSpans(json));
      return;
    case "negative_deltas":
    case "positive_deltas":
      fields.intArrays.set(key, readArray(json, readInt64));
      return;
    case "negative_counts":
    case "positive_counts":
    case "custom_values":
      fields.floatArrays.set(
        key,
        readArray(json, () => (json.null() ? null : readFinite(json))),
      );
      return;
    case "negative_counts_special":
    case "positive_counts_special":
    case "custom_values_special":
      fields.arraySpecials.set(key.slice(0, -"_special".length), readSpecials(json));
      return;
    default:
      json.skip();
  }
}

function readArray<T>(json: JsonReader, read: (json: JsonReader) => T): T[] {
  const elements: T[] = [];
  json.array(() => elements.push(read(json)));
  return elements;
}

function readSpans(json: JsonReader): BucketSpan[] {
  return readArray(json, () => {
    const [offset, length, ...rest] = readArray(json, readInt32);
    if (offset === undefined || length === undefined || length < 0 || rest.length > 0) {
      throw json.malformed("a span that is not [offset, length]");
    }
    return { offset, length };
  });
}

function readSpecials(json: JsonReader): Map<number, string> {
  const specials = new Map<number, string>();
  json.object((index) => specials.set(Number(index), json.string()));
  return specials;
}

function countOf(json: JsonReader, name: string, fields: HistogramFields): HistogramCount {
  const int = fields.ints.get(`${name}_int`);
  const float = floatOf(json, `${name}_float`, fields);
  if (int !== undefined && float !== undefined) throw json.malformed(`both ${name}_int and ${name}_float`);
  if (int !== undefined) return { kind: "int", value: int };
  return float === undefined ? undefined : { kind: "float", value: float };
}

function floatOf(json: JsonReader, name: string, fields: HistogramFields): Float64 | undefined {
  const value = fields.floats.get(name);
  const special = fields.specials.get(name);
  if (value !== null) return value;
  if (special === undefined) throw json.malformed(`${name} is null without ${name}_special`);
  return specialValue(json, special);
}

function floatsOf(json: JsonReader, name: string, fields: HistogramFields): Float64[] {
  const specials = fields.arraySpecials.get(name);
  return (fields.floatArrays.get(name) ?? []).map((value, index) => {
    if (value !== null) return value;
    const special = specials?.get(index);
    if (special === undefined) throw json.malformed(`${name}[${index}] is null without ${name}_special`);
    return specialValue(json, special);
  });
}

function bucketsOf(json: JsonReader, side: string, fields: HistogramFields): Buckets {
  return {
    spans: fields.spans.get(`${side}_spans`) ?? [],
    deltas: fields.intArrays.get(`${side}_deltas`) ?? [],
    counts: floatsOf(json, `${side}_counts`, fields),
  };
}
