import { MalformedError } from "../errors.ts";
import type { KnownSeries } from "../model/known-series.ts";
import { LabelSet } from "../model/label-set.ts";
import { ByteReader, expectWireType, wireBytes, wireVarint } from "../wire/byte-reader.ts";
import { isUtf8 } from "../wire/utf8.ts";
import { type ItemDialect, normalizeLabels, SeriesItems } from "./series-items.ts";
import type { ByteSpan, WriteVisitor } from "./write-visitor.ts";

/*
 * message WriteRequest { repeated TimeSeries timeseries = 1; repeated MetricMetadata metadata = 3; }
 * message TimeSeries   { repeated Label labels = 1; repeated Sample samples = 2;
 *                        repeated Exemplar exemplars = 3; repeated Histogram histograms = 4; }
 * message Label        { string name = 1; string value = 2; }
 * message MetricMetadata { MetricType type = 1; string metric_family_name = 2; string help = 4; string unit = 5; }
 */

/** Walks requests of remote write 1.0. Keeps its scratch between requests, so one walk at a time. */
export class WriteV1Walker {
  private readonly reader = new ByteReader();
  private readonly labels = new LabelSet();
  private readonly items = new SeriesItems(dialect);
  private readonly known: KnownSeries | undefined;

  /** With `known`, series that came before are told by their slots. */
  constructor(known?: KnownSeries) {
    this.known = known;
  }

  /**
   * Walks a decoded `prometheus.WriteRequest` and calls the visitor for all it holds. Throws MalformedError where
   * the bytes are not such a message; what the visitor got before that must then be thrown away.
   * https://github.com/prometheus/prometheus/blob/main/prompb/remote.proto
   *
   * A message of 2.0 reads as an empty one of 1.0, since no field has the same number; but a request that holds series
   * must not be answered as if it held none.
   */
  walk(message: Uint8Array, visitor: WriteVisitor): void {
    const { reader } = this;
    reader.reset(message);
    const messageEnd = reader.end;
    let holdsOwn = false;
    let holdsV2Series = false;
    while (reader.offset < messageEnd) {
      const { offset } = reader;
      if (message[offset] === seriesTag && visitor.passSeries !== undefined) {
        reader.offset = visitor.passSeries(offset, messageEnd);
        if (reader.offset !== offset) {
          holdsOwn = true;
          continue;
        }
      }
      const tag = reader.tag();
      const field = tag >>> 3;
      if (field !== 1 && field !== 3) {
        if (tag === v2SeriesTag) holdsV2Series = true;
        reader.skip(tag);
        continue;
      }
      holdsOwn = true;
      expectWireType(tag, wireBytes);
      reader.end = reader.lengthEnd();
      if (field === 1) this.walkSeries(visitor);
      else this.walkMetadata(visitor);
      reader.offset = reader.end;
      reader.end = messageEnd;
    }
    if (holdsV2Series && !holdsOwn) {
      throw new MalformedError(
        "Cannot read prometheus.WriteRequest: the body looks like remote write 2.0; " +
          "send it as application/x-protobuf;proto=io.prometheus.write.v2.Request",
      );
    }
  }

  private walkSeries(visitor: WriteVisitor): void {
    const { reader, items, labels } = this;
    const start = reader.offset;
    const expected = this.expectedSeries();
    const slot = expected === 0 ? this.findSeries() : expected;
    if (slot !== 0) {
      this.visitKnown(slot, start, expected === 0, visitor);
      return;
    }
    const reason = normalizeLabels(labels, true, visitor);
    if (reason !== undefined) {
      visitor.refusedSeries(reason, labels, items.counts);
      return;
    }
    visitor.series(labels);
    items.visit(reader, visitor, 0);
  }

  /**
   * Looks whether the series starts with the label fields that are expected, and has no further ones: then these are
   * not even read. Answers the slot, or 0; then it is as if nothing was looked at.
   */
  private expectedSeries(): number {
    const { reader, items, known } = this;
    if (known === undefined) return 0;
    const { keys } = known;
    const start = reader.offset;
    const slot = keys.expected(reader.bytes, reader.view, start, reader.end);
    // What starts with 0 is no field, but may be the key of a series of 2.0, see LabelRefs.makeKey.
    if (slot === 0 || reader.bytes[start] === 0) return 0;
    reader.offset += keys.keyBytes(slot);
    items.clear();
    while (reader.offset < reader.end) {
      const tagOffset = reader.offset;
      const tag = reader.tag();
      if (tag >>> 3 === 1) {
        reader.offset = start;
        return 0;
      }
      if (!items.note(reader, tag, tagOffset)) reader.skip(tag);
    }
    keys.take(slot);
    return slot;
  }

  /** Reads the series. Answers the slot of its label set where it is known, or 0. */
  private findSeries(): number {
    const { reader, known } = this;
    const start = reader.offset;
    const labelsEnd = this.readSeries();
    if (known === undefined || labelsEnd < 0) return 0;
    return known.keys.find(reader.bytes, reader.view, start, labelsEnd);
  }

  /** Reads label fields and notes items. Answers where the label fields end; −1: they do not stand in front. */
  private readSeries(): number {
    const { reader, items, labels } = this;
    labels.clear(reader.bytes);
    items.clear();
    let labelsEnd = reader.offset;
    let together = true;
    while (reader.offset < reader.end) {
      const tagOffset = reader.offset;
      const tag = reader.tag();
      if (tag >>> 3 === 1) {
        together &&= tagOffset === labelsEnd;
        readLabel(reader, tag, labels);
        labelsEnd = reader.offset;
      } else if (!items.note(reader, tag, tagOffset)) reader.skip(tag);
    }
    return together ? labelsEnd : -1;
  }

  private visitKnown(slot: number, start: number, isRead: boolean, visitor: WriteVisitor): void {
    const { reader, items, labels, known } = this;
    if (known === undefined) return;
    visitor.weigh(known.labelBytes(slot));
    if (!items.onlySamples) {
      if (!isRead) {
        reader.offset = start;
        this.readSeries();
      }
      labels.sort();
    }
    visitor.knownSeries(slot, labels);
    items.visit(reader, visitor, 0);
  }

  private walkMetadata(visitor: WriteVisitor): void {
    const { reader } = this;
    let type = 0;
    let family: ByteSpan = noText;
    let help: ByteSpan = noText;
    let unit: ByteSpan = noText;
    while (reader.offset < reader.end) {
      const tag = reader.tag();
      const field = tag >>> 3;
      if (field === 1) {
        expectWireType(tag, wireVarint);
        type = reader.uint32() | 0;
      } else if (field === 2) family = readSpan(reader, tag);
      else if (field === 4) help = readSpan(reader, tag);
      else if (field === 5) unit = readSpan(reader, tag);
      else reader.skip(tag);
    }
    if (family.start === family.end) {
      visitor.refusedFamilyMetadata("missing_metric_name");
    } else if (![family, help, unit].every(({ start, end }) => isUtf8(reader.bytes, start, end))) {
      visitor.refusedFamilyMetadata("invalid_utf8");
    } else visitor.familyMetadata(reader.bytes, family, { type, help, unit });
  }
}

const seriesTag = (1 << 3) | wireBytes;
/** Tag of `repeated TimeSeries timeseries = 5` in io.prometheus.write.v2.Request. */
const v2SeriesTag = (5 << 3) | wireBytes;
const noText: ByteSpan = { start: 0, end: 0 };

const dialect: ItemDialect = {
  sampleField: 2,
  histogramField: 4,
  exemplarField: 3,
  hasStart: false,
  readExemplarLabels(reader, tag, labels) {
    readLabel(reader, tag, labels);
    return undefined;
  },
};

function readSpan(reader: ByteReader, tag: number): ByteSpan {
  expectWireType(tag, wireBytes);
  const end = reader.lengthEnd();
  const start = reader.offset;
  reader.offset = end;
  return { start, end };
}

function readLabel(reader: ByteReader, tag: number, labels: LabelSet): void {
  expectWireType(tag, wireBytes);
  const outerEnd = reader.end;
  const end = reader.lengthEnd();
  reader.end = end;
  let nameStart = 0;
  let nameEnd = 0;
  let valueStart = 0;
  let valueEnd = 0;
  while (reader.offset < end) {
    const inner = reader.tag();
    const field = inner >>> 3;
    if (field !== 1 && field !== 2) {
      reader.skip(inner);
      continue;
    }
    expectWireType(inner, wireBytes);
    const textEnd = reader.lengthEnd();
    if (field === 1) {
      nameStart = reader.offset;
      nameEnd = textEnd;
    } else {
      valueStart = reader.offset;
      valueEnd = textEnd;
    }
    reader.offset = textEnd;
  }
  reader.end = outerEnd;
  labels.add(nameStart, nameEnd, valueStart, valueEnd);
}
