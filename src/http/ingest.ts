import { MalformedError, RequestError } from "../errors.ts";
import { LineEncoder } from "../line/encode.ts";
import type { ItemCounters, ItemKind } from "../metrics.ts";
import type { Histogram } from "../model/histogram.ts";
import { KnownSeries, knownSeriesBytes } from "../model/known-series.ts";
import type { LabelSet } from "../model/label-set.ts";
import type { RejectReason } from "../model/rejection.ts";
import type { Int64 } from "../model/scalar.ts";
import { createQuickMemory, type QuickMemory } from "../quick/quick-memory.ts";
import { emptyPassage, QuickSeries } from "../quick/quick-series.ts";
import { WriteV1Walker } from "../remote/write-v1.ts";
import { WriteV2Walker } from "../remote/write-v2.ts";
import type {
  ByteSpan,
  ItemCounts,
  MetadataSpans,
  SymbolicMetadata,
  WriteVisitor,
} from "../remote/write-visitor.ts";
import { WriterFullError } from "../wire/byte-writer.ts";
import { release } from "../wire/release.ts";
import { snappyDecodedLength } from "../wire/snappy.ts";
import { messageBytesMax, snappyMessage } from "../wire/snappy-memory.ts";
import type { Ingested, IngestOptions } from "./ingested.ts";
import { KnownMetadata, metadataKey } from "./known-metadata.ts";
import { LinePieces, pieceBytes } from "./line-pieces.ts";
import type { WriteVersion } from "./negotiate.ts";
import { Refusals, tooManyLines } from "./refusals.ts";

/** A larger message takes tens of milliseconds, or, made for it, seconds. */
const largeBytesMin = 1024 * 1024;
/** Lines up to this length need not be moved when they come last before lines are set aside. */
const quickLineBytesMax = 64 * 1024;
const noMessage = new Uint8Array(0);

/**
 * Turns the compressed body of a write request into lines. All scratch is kept between requests, so a request is
 * ingested in one go, without waiting for anything.
 */
export class Ingest implements WriteVisitor {
  readonly labelBytesMax: number;
  private readonly options: IngestOptions;
  private readonly lines: LinePieces;
  private readonly encoder: LineEncoder;
  private readonly seriesBefore: KnownSeries | undefined;
  private readonly quickMemory: QuickMemory | undefined;
  private readonly quick: QuickSeries | undefined;
  private readonly passage = emptyPassage();
  private readonly v1: WriteV1Walker;
  private readonly v2: WriteV2Walker;
  private readonly refusals = new Refusals();
  private readonly received = { samples: 0, histograms: 0, exemplars: 0, metadata: 0 };
  private readonly written = { samples: 0, histograms: 0, exemplars: 0, metadata: 0 };
  private readonly rejected: [ItemKind, RejectReason, number][] = [];
  private readonly known: KnownMetadata;
  /** Metadata that was left out because its line is known. */
  private repeated = 0;
  private message: Uint8Array = noMessage;
  private labels: LabelSet | undefined;
  /** Of the series under way among those that came before; 0: it did not. */
  private slot = 0;
  private weighedBytes = 0;

  constructor(options: IngestOptions) {
    this.options = options;
    this.known = new KnownMetadata(options.clock);
    this.labelBytesMax = options.lineBytesMax;
    const bytesMax = options.knownSeriesBytes ?? knownSeriesBytes;
    const quickMemory = createQuickMemory(pieceBytes + quickLineBytesMax, bytesMax);
    this.quickMemory = quickMemory;
    this.lines = new LinePieces(options.lineBytesMax, quickMemory?.lines);
    const series = bytesMax > 0 ? new KnownSeries(bytesMax, quickMemory?.keys) : undefined;
    if (series !== undefined && quickMemory !== undefined)
      this.quick = new QuickSeries(quickMemory, series, this.lines.out, options.lineBytesMax);
    this.seriesBefore = series;
    this.v1 = new WriteV1Walker(series);
    const symbolsHome = quickMemory && { slots: quickMemory.symbolSlots, spans: quickMemory.symbolSpans };
    this.v2 = new WriteV2Walker(series, symbolsHome);
    this.encoder = new LineEncoder(this.lines.out, options.lineBytesMax, series);
  }

  /** Whether ingesting this body would keep others waiting. */
  isLarge(body: Uint8Array): boolean {
    try {
      return snappyDecodedLength(body) >= largeBytesMin;
    } catch {
      // What is wrong with it will be told by `ingest`, at once.
      return false;
    }
  }

  /**
   * Decodes `body` (a snappy block) and writes its lines. Throws RequestError 400 where the body is not such a message,
   * 413 where its lines would be too many; then nothing of it may be archived.
   */
  ingest(body: Uint8Array, version: WriteVersion): Ingested {
    this.clear();
    try {
      const message = this.decode(body);
      if (version === 1) this.v1.walk(message, this);
      else this.v2.walk(message, this);
    } catch (error) {
      this.release();
      if (error instanceof MalformedError) throw new RequestError(400, error.message, { cause: error });
      if (error instanceof WriterFullError) throw tooManyLines(this.options.linesBytesMax);
      throw error;
    } finally {
      if (this.message.length > messageBytesMax) release(this.message);
      this.message = noMessage;
    }
    this.count();
    const { samples, histograms, exemplars, metadata } = this.written;
    const items = samples + histograms + exemplars + metadata;
    return {
      lines: this.lines.join(),
      written: { ...this.written },
      metadataKeys: this.known.noted(),
      refused: this.refusals.any ? this.refusals.describe(items) : undefined,
    };
  }

  /** Metadata of these lines need not be written again for a while: they are durable. */
  remember({ metadataKeys }: Ingested): void {
    this.known.remember(metadataKeys);
  }

  /** The lines are not needed any more: gives back what a large request took. */
  release(): void {
    this.lines.clear();
  }

  private clear(): void {
    this.release();
    this.known.begin();
    this.seriesBefore?.begin();
    this.repeated = 0;
    this.refusals.clear();
    this.rejected.length = 0;
    this.weighedBytes = 0;
    for (const counts of [this.received, this.written]) {
      Object.assign(counts, { samples: 0, histograms: 0, exemplars: 0, metadata: 0 });
    }
  }

  private decode(body: Uint8Array): Uint8Array {
    const { decodedBytesMax } = this.options;
    const length = snappyDecodedLength(body);
    if (length > decodedBytesMax) {
      throw new RequestError(
        400,
        `The body declares ${length} decoded bytes, more than ${decodedBytesMax}: ` +
          "send less at once, or raise --decoded-bytes",
      );
    }
    this.message = snappyMessage(body, this.quickMemory?.snappy);
    return this.message;
  }

  private count(): void {
    const { items, metadataRepeated } = this.options.metrics;
    for (const kind of Object.keys(this.received) as ItemKind[]) {
      const counters: ItemCounters = items[kind];
      if (this.received[kind] > 0) counters.received.inc(this.received[kind]);
    }
    if (this.repeated > 0) metadataRepeated.inc(this.repeated);
    for (const [kind, reason, count] of this.rejected) items[kind].rejected.inc({ reason }, count);
  }

  /** All text ends up in lines, but for that of refused or empty series: so the limit of the lines is its limit. */
  weigh(textBytes: number): void {
    this.weighedBytes += textBytes;
    if (this.weighedBytes > this.options.linesBytesMax) throw tooManyLines(this.options.linesBytesMax);
  }

  passSeries(offset: number, messageEnd: number, symbolCount?: number): number {
    const { quick, lines, options, passage } = this;
    if (quick === undefined) return offset;
    passage.message = this.message;
    passage.offset = offset;
    passage.messageEnd = messageEnd;
    passage.symbolCount = symbolCount;
    passage.period = this.known.period;
    passage.linesBytesMax = options.linesBytesMax - lines.byteLength;
    passage.weighedBytesMax = options.linesBytesMax - this.weighedBytes;
    const end = quick.pass(passage);
    if (end === offset) return offset;
    const { samples, metadata, weighedBytes } = quick.passed;
    this.received.samples += samples;
    this.written.samples += samples;
    this.received.metadata += metadata;
    this.repeated += metadata;
    this.weighedBytes += weighedBytes;
    if (lines.setAside()) this.encoder.restart();
    return end;
  }

  series(labels: LabelSet): void {
    this.labels = labels;
    this.slot = 0;
    this.encoder.startSeries(labels);
  }

  knownSeries(slot: number, labels: LabelSet): void {
    this.labels = labels;
    this.slot = slot;
    this.encoder.startKnownSeries(slot);
  }

  sample(hi: number, lo: number, time: Int64, start: Int64): void {
    this.took("samples", this.encoder.sample(hi, lo, time, start));
  }

  histogram(histogram: Histogram, time: Int64, start: Int64): void {
    this.took("histograms", this.encoder.histogram(histogram, time, start));
  }

  exemplar(labels: LabelSet, hi: number, lo: number, time: Int64): void {
    this.took("exemplars", this.encoder.exemplar(labels, hi, lo, time));
  }

  metadata(metadata: SymbolicMetadata): void {
    const { slot, known } = this;
    const before = slot === 0 ? undefined : this.seriesBefore;
    if (before?.isDurable(slot, metadata, known.period)) {
      this.repeatedMetadata();
      return;
    }
    const { out } = this.lines;
    const lineStart = out.length;
    const fits = this.encoder.seriesMetadata(this.message, metadata);
    const key = fits ? metadataKey(out.bytes, lineStart, out.length) : undefined;
    if (key !== undefined && known.has(key)) {
      if (known.isDurable(key)) before?.noteDurable(slot, metadata, known.period);
      this.encoder.undo(lineStart);
      this.repeatedMetadata();
      return;
    }
    this.took("metadata", fits);
    if (key !== undefined) known.note(key);
  }

  private repeatedMetadata(): void {
    this.received.metadata++;
    this.repeated++;
  }

  familyMetadata(source: Uint8Array, family: ByteSpan, metadata: MetadataSpans): void {
    this.labels = undefined;
    this.took("metadata", this.encoder.familyMetadata(source, family, metadata));
  }

  refusedSeries(
    reason: RejectReason,
    labels: LabelSet,
    { samples, histograms, exemplars }: ItemCounts,
  ): void {
    this.refusals.add(reason, samples + histograms + exemplars, true, labels);
    this.refused("samples", reason, samples);
    this.refused("histograms", reason, histograms);
    this.refused("exemplars", reason, exemplars);
  }

  refusedHistogram(reason: RejectReason, fault?: string): void {
    this.refusals.add(reason, 1, false, this.labels, fault);
    this.refused("histograms", reason, 1);
  }

  refusedExemplar(reason: RejectReason): void {
    this.refusals.add(reason, 1, false, this.labels);
    this.refused("exemplars", reason, 1);
  }

  refusedFamilyMetadata(reason: RejectReason): void {
    this.refusals.add(reason, 1, false, undefined);
    this.refused("metadata", reason, 1);
  }

  private took(kind: ItemKind, fits: boolean): void {
    if (fits) {
      this.received[kind]++;
      this.written[kind]++;
      if (this.lines.byteLength > this.options.linesBytesMax) throw tooManyLines(this.options.linesBytesMax);
      // The encoder repeats labels of the lines before, which are not there any more.
      if (this.lines.setAside()) this.encoder.restart();
      return;
    }
    this.refusals.add("line_too_long", 1, false, this.labels);
    this.refused(kind, "line_too_long", 1);
  }

  /** Adds up what comes in a row with one reason: a request may hold millions of refused items. */
  private refused(kind: ItemKind, reason: RejectReason, count: number): void {
    if (count === 0) return;
    this.received[kind] += count;
    const entry = this.rejected.find(([k, r]) => k === kind && r === reason);
    if (entry === undefined) this.rejected.push([kind, reason, count]);
    else entry[2] += count;
  }
}
