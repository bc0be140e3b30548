import { MalformedError } from "../errors.ts";
import type { KnownSeries } from "../model/known-series.ts";
import { LabelSet } from "../model/label-set.ts";
import type { RejectReason } from "../model/rejection.ts";
import type { Int64 } from "../model/scalar.ts";
import { ByteReader, expectWireType, wireBytes, wireVarint } from "../wire/byte-reader.ts";
import { isUtf8 } from "../wire/utf8.ts";
import { LabelRefs } from "./label-refs.ts";
import { type ItemDialect, normalizeLabels, SeriesItems } from "./series-items.ts";
import { type SymbolsHome, SymbolTable } from "./symbol-table.ts";
import type { SymbolicMetadata, WriteVisitor } from "./write-visitor.ts";

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
  private readonly symbols: SymbolTable;
  private readonly refs: LabelRefs;
  private readonly items: SeriesItems;
  private readonly known: KnownSeries | undefined;
  private readonly metadata = { present: false, type: 0, helpRef: 0, unitRef: 0 };

  /** With `known`, series that came before are told by their slots. */
  constructor(known?: KnownSeries, symbolsHome?: SymbolsHome) {
    this.known = known;
    this.symbols = new SymbolTable(known, symbolsHome);
    this.refs = new LabelRefs(this.symbols);
    this.items = new SeriesItems(dialectOf(this.symbols));
  }

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
      const { offset } = reader;
      if (message[offset] === seriesTag && visitor.passSeries !== undefined) {
        reader.offset = visitor.passSeries(offset, messageEnd, this.symbols.count);
        if (reader.offset !== offset) {
          holdsOwn = true;
          continue;
        }
      }
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
    const { reader, items, labels } = this;
    const created = this.readSeries();
    const slot = this.findSeries();
    const reason = this.labelsFault(slot, visitor) ?? this.metadataFault(visitor);
    if (reason !== undefined) {
      if (slot !== 0 && labels.count === 0) this.addLabels();
      visitor.refusedSeries(reason, labels, items.counts);
      return;
    }
    if (slot === 0) visitor.series(labels);
    else visitor.knownSeries(slot, labels);
    const spans = this.metadataSpans();
    if (spans !== undefined) visitor.metadata(spans);
    items.visit(reader, visitor, created);
  }

  /** Reads references and metadata, and notes items. Answers the start timestamp of the series; 0: none. */
  private readSeries(): Int64 {
    const { reader, items, labels, refs, metadata } = this;
    let created: Int64 = 0;
    labels.clear(reader.bytes);
    refs.clear();
    items.clear();
    metadata.present = false;
    while (reader.offset < reader.end) {
      const tagOffset = reader.offset;
      const tag = reader.tag();
      const field = tag >>> 3;
      if (field === 1) refs.read(reader, tag);
      else if (items.note(reader, tag, tagOffset)) continue;
      else if (field === 5) this.readMetadata(tag);
      else if (field === 6) {
        expectWireType(tag, wireVarint);
        created = reader.int64();
      } else reader.skip(tag);
    }
    return created;
  }

  /** The slot of the label set where it is known, or 0. */
  private findSeries(): number {
    const { refs, known } = this;
    if (known === undefined) return 0;
    const { keys } = known;
    const end = refs.makeKey();
    const expected = keys.expectedWords(refs.key, end / 4);
    if (expected === 0) return end === 0 ? 0 : keys.find(refs.keyBytes, refs.keyView, 0, end);
    keys.take(expected);
    return expected;
  }

  /** Makes the label set, and answers what is wrong with it. A known one is only made where it may have to be named. */
  private labelsFault(slot: number, visitor: WriteVisitor): RejectReason | undefined {
    const { labels, refs, known } = this;
    if (slot === 0 || known === undefined) {
      return refs.addTo(labels) ?? normalizeLabels(labels, true, visitor);
    }
    visitor.weigh(known.labelBytes(slot));
    if (this.items.onlySamples && this.metadataFits(known.labelBytes(slot), visitor)) return undefined;
    this.addLabels();
    return undefined;
  }

  /** Those of a known series, to be named. */
  private addLabels(): void {
    this.refs.addTo(this.labels);
    this.labels.sort();
  }

  /** A field that comes twice is merged, as Protocol Buffers want it. */
  private readMetadata(tag: number): void {
    const { reader, metadata } = this;
    expectWireType(tag, wireBytes);
    const outerEnd = reader.end;
    reader.end = reader.lengthEnd();
    if (!metadata.present) {
      metadata.present = true;
      metadata.type = 0;
      metadata.helpRef = 0;
      metadata.unitRef = 0;
    }
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
    if (this.metadataIsEmpty()) return undefined;
    return this.textFault(this.metadata.helpRef, visitor) ?? this.textFault(this.metadata.unitRef, visitor);
  }

  private textFault(ref: number, visitor: WriteVisitor): RejectReason | undefined {
    const { symbols } = this;
    // Symbol 0 is the empty text by the protocol, whether it was sent or not; if it was, it may be any other.
    if (ref === 0 && symbols.count === 0) return undefined;
    if (ref >= symbols.count) return "invalid_symbol_ref";
    const start = symbols.start(ref);
    const end = symbols.end(ref);
    if (end - start > visitor.labelBytesMax) return "line_too_long";
    visitor.weigh(end - start);
    return isUtf8(this.reader.bytes, start, end) ? undefined : "invalid_utf8";
  }

  /** Whether its line is surely not too long: a byte may become six, twice for the name, and a label has six more. */
  private metadataFits(labelBytes: number, { labelBytesMax }: WriteVisitor): boolean {
    const { helpRef, unitRef } = this.metadata;
    if (this.metadataIsEmpty()) return true;
    const textBytes = this.symbols.byteLength(helpRef) + this.symbols.byteLength(unitRef);
    return 18 * labelBytes + 6 * textBytes + 400 <= labelBytesMax;
  }

  /** Whether there is no metadata, or it says nothing: most senders add such to every series. */
  private metadataIsEmpty(): boolean {
    const { present, type, helpRef, unitRef } = this.metadata;
    return !present || (type === 0 && helpRef === 0 && unitRef === 0);
  }

  private metadataSpans(): SymbolicMetadata | undefined {
    if (this.metadataIsEmpty()) return undefined;
    const { symbols, metadata } = this;
    const { type, helpRef, unitRef } = metadata;
    const [help, unit] = [symbols.span(helpRef), symbols.span(unitRef)];
    return { type, help, unit, helpSlot: symbols.slot(helpRef), unitSlot: symbols.slot(unitRef) };
  }
}

const seriesTag = (5 << 3) | wireBytes;
/** Tags of the series (1) and the metadata (3) in prometheus.WriteRequest. */
const v1Tags: readonly number[] = [(1 << 3) | wireBytes, (3 << 3) | wireBytes];

function dialectOf(symbols: SymbolTable): ItemDialect {
  const exemplarRefs = new LabelRefs(symbols);
  return {
    sampleField: 2,
    histogramField: 3,
    exemplarField: 4,
    hasStart: true,
    readExemplarLabels(reader, tag, labels) {
      exemplarRefs.clear();
      exemplarRefs.read(reader, tag);
      return exemplarRefs.addTo(labels);
    },
  };
}
