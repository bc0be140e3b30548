import type { Histogram } from "../model/histogram.ts";
import type { LabelSet } from "../model/label-set.ts";
import type { RejectReason } from "../model/rejection.ts";
import type { Int64 } from "../model/scalar.ts";

/** How many items of each kind. */
export interface ItemCounts {
  samples: number;
  histograms: number;
  exemplars: number;
}

/** Bytes [start, end) of the message under way. */
export interface ByteSpan {
  readonly start: number;
  readonly end: number;
}

/** Metadata as it stands in a message: texts are spans of its bytes, known to be UTF-8. */
export interface MetadataSpans {
  readonly type: number;
  readonly help: ByteSpan;
  readonly unit: ByteSpan;
}

/** That of 2.0, with the slots of its texts among the known symbols; 0: there is none. */
export interface SymbolicMetadata extends MetadataSpans {
  readonly helpSlot: number;
  readonly unitSlot: number;
}

/**
 * What the walk over a write request meets, in the order of the message. Arguments are only valid during the call.
 * A double comes as its two halves, unsigned; `start` is 0 where it is not set.
 */
export interface WriteVisitor {
  /** Label sets with more bytes of text than this are refused before they are looked at. */
  readonly labelBytesMax: number;
  /**
   * Called with the bytes of text that are looked at next. Throws where they are more than one request may have: in
   * 2.0 a few bytes of references can stand for a long text, again and again.
   */
  weigh(textBytes: number): void;
  /**
   * May visit whole series from `offset` of the message on by itself, and answers where the first one stands that it
   * did not. Called between two series; `symbolCount` is that of 2.0, and undefined in 1.0.
   */
  passSeries?(offset: number, messageEnd: number, symbolCount?: number): number;
  /** A valid label set; its items follow. */
  series(labels: LabelSet): void;
  /**
   * A label set that was valid before, by its slot in the known series; its items follow. `labels` need not be
   * filled where there are only samples: those cannot be refused, as their lines are known to fit.
   */
  knownSeries(slot: number, labels: LabelSet): void;
  sample(valueHi: number, valueLo: number, time: Int64, start: Int64): void;
  histogram(histogram: Histogram, time: Int64, start: Int64): void;
  exemplar(labels: LabelSet, valueHi: number, valueLo: number, time: Int64): void;
  /** Metadata of the series under way (2.0). */
  metadata(metadata: SymbolicMetadata): void;
  /** Metadata of a metric family (1.0). */
  familyMetadata(source: Uint8Array, family: ByteSpan, metadata: MetadataSpans): void;
  /** A series that is refused as a whole, with all its items. */
  refusedSeries(reason: RejectReason, labels: LabelSet, items: ItemCounts): void;
  /** `fault`: which of its parts contradict each other, where that is the reason. */
  refusedHistogram(reason: RejectReason, fault?: string): void;
  refusedExemplar(reason: RejectReason): void;
  refusedFamilyMetadata(reason: RejectReason): void;
}
