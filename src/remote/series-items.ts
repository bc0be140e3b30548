import { histogramFault } from "../model/histogram.ts";
import { LabelSet } from "../model/label-set.ts";
import type { RejectReason } from "../model/rejection.ts";
import type { Int64 } from "../model/scalar.ts";
import { type ByteReader, expectWireType, wireBytes, wireFixed64, wireVarint } from "../wire/byte-reader.ts";
import { readHistogram } from "./histogram.ts";
import type { ItemCounts, WriteVisitor } from "./write-visitor.ts";

/** Where 1.0 and 2.0 differ in the items of a series. */
export interface ItemDialect {
  /** Field numbers in TimeSeries. */
  readonly sampleField: number;
  readonly histogramField: number;
  readonly exemplarField: number;
  /** Samples and histograms carry a start timestamp. */
  readonly hasStart: boolean;
  /** Reads one label field of an exemplar into `labels`, or answers why it cannot. */
  readExemplarLabels(reader: ByteReader, tag: number, labels: LabelSet): RejectReason | undefined;
}

/** `normalize` of a label set, weighed before: too long ones are not looked at, so they weigh nothing. */
export function normalizeLabels(
  labels: LabelSet,
  requireName: boolean,
  visitor: WriteVisitor,
): RejectReason | undefined {
  if (labels.byteLength <= visitor.labelBytesMax) visitor.weigh(labels.byteLength);
  return labels.normalize(requireName, visitor.labelBytesMax);
}

/**
 * The items of the series under way. Protocol Buffers may send fields in any order, so labels can come last: the
 * first walk over a series only counts the items and notes where they begin; once its label set is known, `visit`
 * walks them again.
 */
export class SeriesItems {
  readonly counts: ItemCounts = { samples: 0, histograms: 0, exemplars: 0 };
  private readonly dialect: ItemDialect;
  private readonly exemplarLabels = new LabelSet();
  private firstOffset = -1;

  constructor(dialect: ItemDialect) {
    this.dialect = dialect;
  }

  clear(): void {
    this.firstOffset = -1;
    this.counts.samples = 0;
    this.counts.histograms = 0;
    this.counts.exemplars = 0;
  }

  /** Whether all items are samples. */
  get onlySamples(): boolean {
    return this.counts.histograms === 0 && this.counts.exemplars === 0;
  }

  /** Counts the field whose tag was read at `tagOffset` and passes over it, if it is an item. */
  note(reader: ByteReader, tag: number, tagOffset: number): boolean {
    const field = tag >>> 3;
    const { dialect, counts } = this;
    if (field === dialect.sampleField) counts.samples++;
    else if (field === dialect.histogramField) counts.histograms++;
    else if (field === dialect.exemplarField) counts.exemplars++;
    else return false;
    expectWireType(tag, wireBytes);
    reader.offset = reader.lengthEnd();
    if (this.firstOffset < 0) this.firstOffset = tagOffset;
    return true;
  }

  /**
   * Decodes the items up to the reader's `end` and hands them to the visitor. `seriesStart` stands in for a start
   * timestamp that an item does not carry itself.
   */
  visit(reader: ByteReader, visitor: WriteVisitor, seriesStart: Int64): void {
    if (this.firstOffset < 0) return;
    const { dialect } = this;
    const seriesEnd = reader.end;
    reader.offset = this.firstOffset;
    while (reader.offset < seriesEnd) {
      const tag = reader.tag();
      const field = tag >>> 3;
      const isSample = field === dialect.sampleField;
      const isHistogram = field === dialect.histogramField;
      if (!isSample && !isHistogram && field !== dialect.exemplarField) {
        reader.skip(tag);
        continue;
      }
      reader.end = reader.lengthEnd();
      if (isSample) this.visitSample(reader, visitor, seriesStart);
      else if (isHistogram) this.visitHistogram(reader, visitor, seriesStart);
      else this.visitExemplar(reader, visitor);
      reader.end = seriesEnd;
    }
  }

  /* message Sample { double value = 1; int64 timestamp = 2; int64 start_timestamp = 3; // 2.0 only } */
  private visitSample(reader: ByteReader, visitor: WriteVisitor, seriesStart: Int64): void {
    let hi = 0;
    let lo = 0;
    let time: Int64 = 0;
    let start: Int64 = 0;
    while (reader.offset < reader.end) {
      const tag = reader.tag();
      if (tag >>> 3 === 1) {
        expectWireType(tag, wireFixed64);
        reader.fixed64();
        hi = reader.hi;
        lo = reader.lo;
      } else if (tag >>> 3 === 2) {
        expectWireType(tag, wireVarint);
        time = reader.int64();
      } else if (tag >>> 3 === 3 && this.dialect.hasStart) {
        expectWireType(tag, wireVarint);
        start = reader.int64();
      } else reader.skip(tag);
    }
    visitor.sample(hi, lo, time, start === 0 ? seriesStart : start);
  }

  private visitHistogram(reader: ByteReader, visitor: WriteVisitor, seriesStart: Int64): void {
    // In a line every bucket takes two bytes at least, a digit and a comma.
    const partsMax = Math.floor(visitor.labelBytesMax / 2);
    const timed = readHistogram(reader, this.dialect.hasStart, partsMax);
    if (timed === undefined) {
      visitor.refusedHistogram("line_too_long");
      return;
    }
    const { histogram, time, start } = timed;
    const fault = histogramFault(histogram);
    if (fault === undefined) visitor.histogram(histogram, time, start === 0 ? seriesStart : start);
    else visitor.refusedHistogram("invalid_histogram", fault);
  }

  /* message Exemplar { <labels> = 1; double value = 2; int64 timestamp = 3; } */
  private visitExemplar(reader: ByteReader, visitor: WriteVisitor): void {
    const labels = this.exemplarLabels;
    labels.clear(reader.bytes);
    let hi = 0;
    let lo = 0;
    let time: Int64 = 0;
    let reason: RejectReason | undefined;
    while (reader.offset < reader.end) {
      const tag = reader.tag();
      if (tag >>> 3 === 1) reason = this.dialect.readExemplarLabels(reader, tag, labels) ?? reason;
      else if (tag >>> 3 === 2) {
        expectWireType(tag, wireFixed64);
        reader.fixed64();
        hi = reader.hi;
        lo = reader.lo;
      } else if (tag >>> 3 === 3) {
        expectWireType(tag, wireVarint);
        time = reader.int64();
      } else reader.skip(tag);
    }
    reason ??= normalizeLabels(labels, false, visitor);
    if (reason === undefined) visitor.exemplar(labels, hi, lo, time);
    else visitor.refusedExemplar(reason);
  }
}
