import type { BucketSpan, Buckets, Histogram, HistogramCount } from "../model/histogram.ts";
import type { Float64, Int64 } from "../model/scalar.ts";
import { type ByteReader, expectWireType, wireBytes, wireFixed64, wireVarint } from "../wire/byte-reader.ts";
import { bits64, float64, isNan64 } from "../wire/float64.ts";

/** A histogram with its timestamps, as decoded. */
export interface TimedHistogram {
  readonly histogram: Histogram;
  readonly time: Int64;
  /** 0: not set. */
  readonly start: Int64;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/*
 * message Histogram {                          message BucketSpan {
 *   oneof count { uint64 count_int = 1;          sint32 offset = 1;
 *                 double count_float = 2; }      uint32 length = 2;
 *   double sum = 3;  sint32 schema = 4;        }
 *   double zero_threshold = 5;
 *   oneof zero_count { uint64 zero_count_int = 6; double zero_count_float = 7; }
 *   repeated BucketSpan negative_spans = 8;  repeated sint64 negative_deltas = 9;
 *   repeated double negative_counts = 10;
 *   repeated BucketSpan positive_spans = 11; repeated sint64 positive_deltas = 12;
 *   repeated double positive_counts = 13;
 *   ResetHint reset_hint = 14;  int64 timestamp = 15;  repeated double custom_values = 16;
 *   int64 start_timestamp = 17;                // 2.0 only
 * }
 */

/**
 * Decodes the Histogram between the reader's `offset` and `end`; the fields are the same in 1.0 and 2.0, but for the
 * start timestamp. Undefined where any of its lists has more than `partsMax` elements: those are not kept.
 * https://github.com/prometheus/prometheus/blob/main/prompb/io/prometheus/write/v2/types.proto
 */
export function readHistogram(
  reader: ByteReader,
  hasStart: boolean,
  partsMax: number,
): TimedHistogram | undefined {
  const fields: Mutable<Histogram> & { readonly customValues: Float64[] } = {
    count: undefined,
    sum: 0,
    schema: 0,
    zeroThreshold: 0,
    zeroCount: undefined,
    negative: { spans: [], deltas: [], counts: [] },
    positive: { spans: [], deltas: [], counts: [] },
    resetHint: 0,
    customValues: [],
  };
  let time: Int64 = 0;
  let start: Int64 = 0;
  while (reader.offset < reader.end) {
    const tag = reader.tag();
    const field = tag >>> 3;
    if (field === 1) fields.count = readIntCount(reader, tag);
    else if (field === 2) fields.count = { kind: "float", value: readDouble(reader, tag) };
    else if (field === 3) fields.sum = readDouble(reader, tag);
    else if (field === 4) {
      expectWireType(tag, wireVarint);
      fields.schema = reader.sint32();
    } else if (field === 5) fields.zeroThreshold = readDouble(reader, tag);
    else if (field === 6) fields.zeroCount = readIntCount(reader, tag);
    else if (field === 7) fields.zeroCount = { kind: "float", value: readDouble(reader, tag) };
    else if (field >= 8 && field <= 10) readBuckets(reader, tag, field - 8, fields.negative, partsMax);
    else if (field >= 11 && field <= 13) readBuckets(reader, tag, field - 11, fields.positive, partsMax);
    else if (field === 14) {
      expectWireType(tag, wireVarint);
      fields.resetHint = reader.uint32() | 0;
    } else if (field === 15) time = readInt64(reader, tag);
    else if (field === 16) readDoubles(reader, tag, fields.customValues, partsMax);
    else if (field === 17 && hasStart) start = readInt64(reader, tag);
    else reader.skip(tag);
  }
  const { negative, positive, customValues } = fields;
  const lists = [...Object.values(negative), ...Object.values(positive), customValues];
  return lists.some((list) => list.length > partsMax) ? undefined : { histogram: fields, time, start };
}

function readIntCount(reader: ByteReader, tag: number): HistogramCount {
  expectWireType(tag, wireVarint);
  return { kind: "int", value: reader.uint64() };
}

function readInt64(reader: ByteReader, tag: number): Int64 {
  expectWireType(tag, wireVarint);
  return reader.int64();
}

function readDouble(reader: ByteReader, tag: number): Float64 {
  expectWireType(tag, wireFixed64);
  reader.fixed64();
  return float64Of(reader.hi, reader.lo);
}

/** The fields of one side, counted from its spans: 0 spans, 1 deltas, 2 counts. */
function readBuckets(
  reader: ByteReader,
  tag: number,
  which: number,
  buckets: Buckets,
  partsMax: number,
): void {
  if (which === 0) {
    expectWireType(tag, wireBytes);
    const span = readSpan(reader);
    if (buckets.spans.length <= partsMax) buckets.spans.push(span);
  } else if (which === 1) readDeltas(reader, tag, buckets.deltas, partsMax);
  else readDoubles(reader, tag, buckets.counts, partsMax);
}

function readSpan(reader: ByteReader): BucketSpan {
  const outerEnd = reader.end;
  reader.end = reader.lengthEnd();
  let offset = 0;
  let length = 0;
  while (reader.offset < reader.end) {
    const tag = reader.tag();
    if (tag >>> 3 === 1) {
      expectWireType(tag, wireVarint);
      offset = reader.sint32();
    } else if (tag >>> 3 === 2) {
      expectWireType(tag, wireVarint);
      length = reader.uint32();
    } else reader.skip(tag);
  }
  reader.end = outerEnd;
  return { offset, length };
}

/** Repeated sint64, packed or one by one: a decoder has to take both. One above `partsMax` are kept at the most. */
function readDeltas(reader: ByteReader, tag: number, deltas: Int64[], partsMax: number): void {
  const outerEnd = reader.end;
  let end = reader.offset + 1;
  if ((tag & 7) !== wireVarint) {
    expectWireType(tag, wireBytes);
    end = reader.lengthEnd();
    reader.end = end;
  }
  while (reader.offset < end) {
    const delta = reader.sint64();
    if (deltas.length <= partsMax) deltas.push(delta);
  }
  reader.end = outerEnd;
}

/** Repeated double, packed or one by one. One above `partsMax` are kept at the most. */
function readDoubles(reader: ByteReader, tag: number, doubles: Float64[], partsMax: number): void {
  const outerEnd = reader.end;
  let end = reader.offset + 1;
  if ((tag & 7) !== wireFixed64) {
    expectWireType(tag, wireBytes);
    end = reader.lengthEnd();
    reader.end = end;
  }
  while (reader.offset < end) {
    reader.fixed64();
    if (doubles.length <= partsMax) doubles.push(float64Of(reader.hi, reader.lo));
  }
  reader.end = outerEnd;
}

function float64Of(hi: number, lo: number): Float64 {
  return isNan64(hi, lo) ? bits64(hi, lo) : float64(hi, lo);
}
