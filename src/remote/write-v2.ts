import { MalformedError } from "../errors.ts";
import { LabelSet } from "../model/label-set.ts";
import type { RejectReason } from "../model/rejection.ts";
import type { Int64 } from "../model/scalar.ts";
import { ByteReader, expectWireType, wireBytes, wireVarint } from "../wire/byte-reader.ts";
import { isUtf8 } from "../wire/utf8.ts";
import { type ItemDialect, normalizeLabels, SeriesItems } from "./series-items.ts";
import type { ByteSpan, MetadataSpans, WriteVisitor } from "./write-visitor.ts";

/*
 * message Request    { repeated string symbols = 4; repeated TimeSeries timeseries = 5; }
 * message TimeSeries { repeated uint32 labels_refs = 1; repeated Sample samples = 2; repeated Histogram histograms = 3;
 *                      repeated Exemplar exemplars = 4; Metadata metadata = 5;
 *                      int64 created_timestamp = 6; // until 2.0-rc.3, now on Sample and Histogram }
 * message Metadata   { MetricType type = 1; uint32 help_ref = 3; uint32 unit_ref = 4; }
 */

/** Walks requests of remote write 2.0. Keeps its scratch between requests, so one walk at a time. */
export class WriteV2Walker {
  private readonly reader = new ByteReader();
  private readonly labels = new LabelSet();
  private readonly symbols = new SymbolTable();
  private readonly items = new SeriesItems(dialectOf(this.symbols));
  private readonly metadata = { present: false, type: 0, helpRef: 0, unitRef: 0 };

  /**
   * Walks a decoded `io.prometheus.write.v2.Request`: first the symbols, wherever they stand, then all series. Throws
   * MalformedError where the bytes are not such a message; what the visitor got before must then be thrown away.
   * https://github.com/prometheus/prometheus/blob/main/prompb/io/prometheus/write/v2/types.proto
   *
   * A message of 1.0 reads as an empty one of 2.0 and is refused, as the other way round.
   */
  walk(message: Uint8Array, visitor: WriteVisitor): void {
    const { reader } = this;
    this.symbols.read(reader, message);
    reader.reset(message);
    const messageEnd = reader.end;
    let holdsOwn = this.symbols.count > 0;
    let holdsV1 = false;
    while (reader.offset < messageEnd) {
      const tag = reader.tag();
      if (tag >>> 3 !== 5) {
        if (v1Tags.includes(tag)) holdsV1 = true;
        reader.skip(tag);
        continue;
      }
      holdsOwn = true;
      expectWireType(tag, wireBytes);
      const end = reader.lengthEnd();
      reader.end = end;
      this.walkSeries(visitor);
      reader.offset = end;
      reader.end = messageEnd;
    }
    if (holdsV1 && !holdsOwn) {
      throw new MalformedError(
        "Cannot read io.prometheus.write.v2.Request: the body looks like remote write 1.0; " +
          "send it as application/x-protobuf;proto=prometheus.WriteRequest",
      );
    }
  }

  private walkSeries(visitor: WriteVisitor): void {
    const { reader, items, labels, metadata } = this;
    let created: Int64 = 0;
    let reason: RejectReason | undefined;
    labels.clear(reader.bytes);
    items.clear();
    metadata.present = false;
    while (reader.offset < reader.end) {
      const tagOffset = reader.offset;
      const tag = reader.tag();
      const field = tag >>> 3;
      if (field === 1) reason = readLabelRefs(reader, tag, labels, this.symbols) ?? reason;
      else if (items.note(reader, tag, tagOffset)) continue;
      else if (field === 5) this.readMetadata(tag);
      else if (field === 6) {
        expectWireType(tag, wireVarint);
        created = reader.int64();
      } else reader.skip(tag);
    }
    reason ??= normalizeLabels(labels, true, visitor) ?? this.metadataFault(visitor);
    if (reason !== undefined) {
      visitor.refusedSeries(reason, labels, items.counts);
      return;
    }
    visitor.series(labels);
    const spans = this.metadataSpans();
    if (spans !== undefined) visitor.metadata(spans);
    items.visit(reader, visitor, created);
  }

  /** A field that comes twice is merged, as Protocol Buffers want it. */
  private readMetadata(tag: number): void {
    const { reader, metadata } = this;
    expectWireType(tag, wireBytes);
    const outerEnd = reader.end;
    reader.end = reader.lengthEnd();
    if (!metadata.present) Object.assign(metadata, { present: true, type: 0, helpRef: 0, unitRef: 0 });
    while (reader.offset < reader.end) {
      const inner = reader.tag();
      const field = inner >>> 3;
      if (field !== 1 && field !== 3 && field !== 4) {
        reader.skip(inner);
        continue;
      }
      expectWireType(inner, wireVarint);
      const value = reader.uint32();
      if (field === 1) metadata.type = value | 0;
      else if (field === 3) metadata.helpRef = value;
      else metadata.unitRef = value;
    }
    reader.end = outerEnd;
  }

  private metadataFault(visitor: WriteVisitor): RejectReason | undefined {
    const { metadata, symbols } = this;
    if (this.metadataIsEmpty()) return undefined;
    for (const ref of [metadata.helpRef, metadata.unitRef]) {
      // Symbol 0 is the empty text by the protocol, whether it was sent or not; if it was, it may be any other.
      if (ref === 0 && symbols.count === 0) continue;
      if (ref >= symbols.count) return "invalid_symbol_ref";
      const start = symbols.start(ref);
      const end = symbols.end(ref);
      if (end - start > visitor.labelBytesMax) return "line_too_long";
      visitor.weigh(end - start);
      if (!isUtf8(this.reader.bytes, start, end)) return "invalid_utf8";
    }
    return undefined;
  }

  /** Whether there is no metadata, or it says nothing: most senders add such to every series. */
  private metadataIsEmpty(): boolean {
    const { present, type, helpRef, unitRef } = this.metadata;
    return !present || (type === 0 && helpRef === 0 && unitRef === 0);
  }

  private metadataSpans(): MetadataSpans | undefined {
    if (this.metadataIsEmpty()) return undefined;
    const { type, helpRef, unitRef } = this.metadata;
    return { type, help: this.symbols.span(helpRef), unit: this.symbols.span(unitRef) };
  }
}

/** Tags of the series (1) and the metadata (3) in prometheus.WriteRequest. */
const v1Tags: readonly number[] = [(1 << 3) | wireBytes, (3 << 3) | wireBytes];

/** More symbols than this in one request are refused: far above what 32 MiB of real series hold. */
export const symbolsMax = 1 << 20;

/** The symbols of the request under way, as spans of its bytes. */
class SymbolTable {
  count = 0;
  private spans = new Int32Array(2 * 1024);

  read(reader: ByteReader, message: Uint8Array): void {
    reader.reset(message);
    this.count = 0;
    while (reader.offset < reader.end) {
      const tag = reader.tag();
      if (tag >>> 3 !== 4) {
        reader.skip(tag);
        continue;
      }
      expectWireType(tag, wireBytes);
      const end = reader.lengthEnd();
      this.add(reader.offset, end);
      reader.offset = end;
    }
  }

  start(ref: number): number {
    return this.spans[ref * 2]!;
  }

  end(ref: number): number {
    return this.spans[ref * 2 + 1]!;
  }

  /** Empty for symbol 0 where there are none. */
  span(ref: number): ByteSpan {
    return ref < this.count ? { start: this.start(ref), end: this.end(ref) } : { start: 0, end: 0 };
  }

  private add(start: number, end: number): void {
    const at = this.count * 2;
    if (at === this.spans.length) {
      if (this.count >= symbolsMax) throw new MalformedError(`Cannot read more than ${symbolsMax} symbols`);
      const grown = new Int32Array(at * 2);
      grown.set(this.spans);
      this.spans = grown;
    }
    this.spans[at] = start;
    this.spans[at + 1] = end;
    this.count++;
  }
}

function dialectOf(symbols: SymbolTable): ItemDialect {
  return {
    sampleField: 2,
    histogramField: 3,
    exemplarField: 4,
    hasStart: true,
    readExemplarLabels: (reader, tag, labels) => readLabelRefs(reader, tag, labels, symbols),
  };
}

/** References come in pairs, possibly over several fields, packed or not. Answers the last one out of range. */
function readLabelRefs(
  reader: ByteReader,
  tag: number,
  labels: LabelSet,
  symbols: SymbolTable,
): RejectReason | undefined {
  if ((tag & 7) === wireVarint) return addLabelRef(reader.uint32(), labels, symbols);
  expectWireType(tag, wireBytes);
  const outerEnd = reader.end;
  const end = reader.lengthEnd();
  reader.end = end;
  let rejection: RejectReason | undefined;
  while (reader.offset < end) rejection = addLabelRef(reader.uint32(), labels, symbols) ?? rejection;
  reader.end = outerEnd;
  return rejection;
}

function addLabelRef(ref: number, labels: LabelSet, symbols: SymbolTable): RejectReason | undefined {
  if (ref >= symbols.count) return "invalid_symbol_ref";
  labels.addHalf(symbols.start(ref), symbols.end(ref));
  return undefined;
}
