import type { Histogram } from "../model/histogram.ts";
import type { KnownSeries } from "../model/known-series.ts";
import type { LabelSet } from "../model/label-set.ts";
import { metricTypes } from "../model/line.ts";
import type { Int64 } from "../model/scalar.ts";
import type { ByteWriter } from "../wire/byte-writer.ts";
import { isFinite64 } from "../wire/float64.ts";
import { histogramText } from "./histogram-text.ts";
import { escapedBytesMax, specialName, writeFinite, writeString } from "./json-writer.ts";
import { KnownLines } from "./known-lines.ts";

/** Bytes [start, end) of the message that a text came in. */
interface TextSpan {
  readonly start: number;
  readonly end: number;
}

/** More than a time, a start and a value take, with their names. */
const sampleBytesMax = 160;

interface MetadataSpans {
  readonly type: number;
  readonly help: TextSpan;
  readonly unit: TextSpan;
}

/**
 * Writes lines, the format of FORMAT.md, into a ByteWriter. After `startSeries`, each call writes one whole line of
 * that series and answers whether it fits in `lineBytesMax`, `\n` included; where it does not, nothing is left of it.
 * The first line of a series is built; the further ones repeat its head and its labels. With `known`, these are kept
 * there for the next requests, and not built for a series that is known.
 */
export class LineEncoder {
  readonly out: ByteWriter;
  private readonly lineBytesMax: number;
  private labels: LabelSet | undefined;
  /** Whether a line of this series stands in `out`, with its head and labels at these places. */
  private built = false;
  private headStart = 0;
  private headEnd = 0;
  private labelsStart = 0;
  private labelsEnd = 0;
  /** Bytes that every line of this series has, once one was made; −1: none was. */
  private seriesBytes = -1;
  private readonly known: KnownSeries | undefined;
  private readonly knownLines: KnownLines | undefined;
  /** Those of the series under way, if it is known. */
  private texts: KnownLines | undefined;

  constructor(out: ByteWriter, lineBytesMax: number, known?: KnownSeries) {
    this.out = out;
    this.lineBytesMax = lineBytesMax;
    this.known = known;
    this.knownLines = known && new KnownLines(out, known);
  }

  /** Names the series of the next lines. The label set is normalized, has a `__name__` and stays as it is. */
  startSeries(labels: LabelSet): void {
    this.labels = labels;
    this.texts = undefined;
    this.built = false;
    this.seriesBytes = -1;
  }

  /** Names the series of the next lines by its slot among the known ones. */
  startKnownSeries(slot: number): void {
    this.texts = this.knownLines;
    this.seriesBytes = this.texts?.startSeries(slot) ?? -1;
  }

  /** The lines before were taken out of `out`: the next one of the series is built again. */
  restart(): void {
    this.built = false;
  }

  /** The value comes as its two halves; `start` 0 is left out. */
  sample(hi: number, lo: number, time: Int64, start: Int64): boolean {
    const { out } = this;
    const lineStart = out.length;
    if (this.mayNotFit(sampleBytesMax)) {
      this.sampleFields(hi, lo, time, start);
      if (!this.fitsInSeries(lineStart)) return false;
    }
    this.head();
    this.sampleFields(hi, lo, time, start);
    return this.finish(lineStart);
  }

  histogram(histogram: Histogram, time: Int64, start: Int64): boolean {
    const { out } = this;
    const lineStart = out.length;
    const text = histogramText(histogram);
    if (text.length > this.lineBytesMax) return false;
    if (this.mayNotFit(sampleBytesMax + text.length)) {
      this.histogramFields(text, time, start);
      if (!this.fitsInSeries(lineStart)) return false;
    }
    this.head();
    this.histogramFields(text, time, start);
    return this.finish(lineStart);
  }

  exemplar(exemplarLabels: LabelSet, hi: number, lo: number, time: Int64): boolean {
    const { out } = this;
    const lineStart = out.length;
    const { byteLength, count } = exemplarLabels;
    // Six bytes are also the quotes, colon and comma of a label.
    if (this.mayNotFit(sampleBytesMax + (byteLength + count) * escapedBytesMax)) {
      this.exemplarFields(exemplarLabels, hi, lo, time);
      if (!this.fitsInSeries(lineStart)) return false;
    }
    this.head();
    this.exemplarFields(exemplarLabels, hi, lo, time);
    return this.finish(lineStart);
  }

  /** Metadata of the series, as remote write 2.0 sends it: without a time. Its texts are spans of `source`. */
  seriesMetadata(source: Uint8Array, metadata: MetadataSpans): boolean {
    if (this.tooLong(metadata.help) || this.tooLong(metadata.unit)) return false;
    const lineStart = this.out.length;
    this.head();
    this.metadataField(source, metadata);
    this.out.ascii(",");
    return this.finish(lineStart);
  }

  /** Takes back the line that starts at `lineStart` and was the last one written. */
  undo(lineStart: number): void {
    this.out.length = lineStart;
    if (this.headStart >= lineStart) this.built = false;
  }

  /** Metadata of a metric family, as remote write 1.0 sends it: without a time and without labels. */
  familyMetadata(source: Uint8Array, family: TextSpan, metadata: MetadataSpans): boolean {
    const { out } = this;
    const lineStart = out.length;
    if (this.tooLong(family) || this.tooLong(metadata.help) || this.tooLong(metadata.unit)) return false;
    out.ascii('{"name":');
    writeString(out, source, family.start, family.end);
    out.ascii(",");
    this.metadataField(source, metadata);
    out.ascii("}\n");
    return this.fits(lineStart);
  }

  /** `{"name":"…",` */
  private head(): void {
    const { out, labels, texts } = this;
    if (texts !== undefined) {
      texts.head();
      return;
    }
    if (this.built) {
      out.repeat(this.headStart, this.headEnd);
      return;
    }
    if (labels === undefined) throw new RangeError("A line before its series");
    const at = labels.nameIndex * 4;
    this.headStart = out.length;
    out.ascii('{"name":');
    writeString(out, labels.source, labels.spans[at + 2]!, labels.spans[at + 3]!);
    out.ascii(",");
    this.headEnd = out.length;
  }

  /** `"labels":{…}}` and the end of the line; answers whether it fits. */
  private finish(lineStart: number): boolean {
    const { out, labels, texts } = this;
    if (texts !== undefined) {
      texts.tail();
      return this.fits(lineStart);
    }
    if (this.built) {
      out.repeat(this.labelsStart, this.labelsEnd);
      return this.fits(lineStart);
    }
    this.labelsStart = out.length;
    if (labels !== undefined) this.labelsField(labels);
    out.ascii("}\n");
    this.labelsEnd = out.length;
    this.seriesBytes = this.headEnd - this.headStart + (this.labelsEnd - this.labelsStart);
    this.built = this.fits(lineStart);
    if (this.built && !this.mayNotFit(sampleBytesMax) && labels !== undefined) {
      const { headStart, headEnd, labelsStart, labelsEnd } = this;
      this.known?.keep(labels.byteLength, out.bytes, headStart, headEnd, labelsStart, labelsEnd);
    }
    return this.built;
  }

  /**
   * Whether a line with at most `bytes` besides those of its series may be too long. Only then is it measured before
   * it is made: a request may hold millions of items of a series whose labels hardly fit, or do not.
   */
  private mayNotFit(bytes: number): boolean {
    return this.seriesBytes >= 0 && this.seriesBytes + bytes > this.lineBytesMax;
  }

  /** Takes back what stands from `lineStart` on and answers whether a line of the series has room for it. */
  private fitsInSeries(lineStart: number): boolean {
    const bytes = this.out.length - lineStart;
    this.out.length = lineStart;
    return this.seriesBytes + bytes <= this.lineBytesMax;
  }

  /** Whether a text alone is too long, told before up to six times its bytes are reserved for it. */
  private tooLong({ start, end }: TextSpan): boolean {
    return end - start > this.lineBytesMax;
  }

  private fits(lineStart: number): boolean {
    const { out } = this;
    if (out.length - lineStart <= this.lineBytesMax) return true;
    out.length = lineStart;
    return false;
  }

  private sampleFields(hi: number, lo: number, time: Int64, start: Int64): void {
    if (this.texts !== undefined && start === 0 && isFinite64(hi)) {
      this.knownSampleFields(this.texts, hi, lo, time);
      return;
    }
    this.timeFields(time, start);
    this.out.ascii(",");
    this.valueField(hi, lo);
    this.out.ascii(",");
  }

  private knownSampleFields(texts: KnownLines, hi: number, lo: number, time: Int64): void {
    const { out } = this;
    if (!texts.repeatTime(time)) {
      const start = out.length;
      this.timeFields(time, 0);
      out.ascii(',"value":');
      texts.noteTime(time, start);
    }
    texts.value(hi, lo);
    out.ascii(",");
  }

  private histogramFields(text: string, time: Int64, start: Int64): void {
    this.timeFields(time, start);
    this.out.ascii(`,"histogram":${text},`);
  }

  private exemplarFields(exemplarLabels: LabelSet, hi: number, lo: number, time: Int64): void {
    const { out } = this;
    this.timeFields(time, 0);
    out.ascii(',"exemplar":{');
    this.valueField(hi, lo);
    out.ascii(",");
    this.labelsField(exemplarLabels);
    out.ascii("},");
  }

  private labelsField({ source, spans, count }: LabelSet): void {
    const { out } = this;
    out.ascii('"labels":{');
    for (let at = 0; at < count * 4; at += 4) {
      if (at > 0) out.byte(0x2c);
      writeString(out, source, spans[at]!, spans[at + 1]!);
      out.byte(0x3a);
      writeString(out, source, spans[at + 2]!, spans[at + 3]!);
    }
    out.ascii("}");
  }

  private timeFields(time: Int64, start: Int64): void {
    const { out } = this;
    out.ascii('"time":');
    this.int64(time);
    if (start === 0) return;
    out.ascii(',"start":');
    this.int64(start);
  }

  private int64(value: Int64): void {
    if (typeof value === "number") this.out.integer(value);
    else this.out.ascii(String(value));
  }

  private valueField(hi: number, lo: number): void {
    const { out } = this;
    out.ascii('"value":');
    if (isFinite64(hi)) writeFinite(out, hi, lo);
    else out.ascii(`null,"special":"${specialName(hi, lo)}"`);
  }

  private metadataField(source: Uint8Array, { type, help, unit }: MetadataSpans): void {
    const { out } = this;
    out.ascii(`"metadata":{"type":"${metricTypes[type] ?? type}","help":`);
    writeString(out, source, help.start, help.end);
    out.ascii(',"unit":');
    writeString(out, source, unit.start, unit.end);
    out.ascii("}");
  }
}
