import { isUtf8 } from "../wire/utf8.ts";
import { compareNames, sortLabels } from "./label-order.ts";
import type { RejectReason } from "./rejection.ts";

/** The label that holds the metric name. */
const metricName = new TextEncoder().encode("__name__");
/** More labels than a line can hold (at least 7 bytes each in 1 MiB) are counted as too many, not kept. */
export const labelsMax = 150_000;
const describedCharsMax = 80;
/** A name that needs no quotes; any other may hold what does not belong in a message, such as a line end. */
const plainName = /^[\w:.]+$/;
const decoder = new TextDecoder();

/**
 * The labels of one series as spans of bytes of the message they came in: four offsets a label, in `spans`: start and
 * end of the name, start and end of the value. One instance is used over and over; nothing is made per label.
 */
export class LabelSet {
  source: Uint8Array = new Uint8Array(0);
  spans: Int32Array = new Int32Array(4 * 32);
  count = 0;
  /** Sum of the bytes of all names and values. */
  byteLength = 0;
  /** Which label is `__name__`, after `normalize`; −1: none. */
  nameIndex = -1;
  /** Where the name starts that waits for its value, after an odd number of `addHalf`; −1: none does. */
  private halfStart = -1;
  private halfEnd = 0;
  private tooMany = false;

  clear(source: Uint8Array): void {
    this.source = source;
    this.count = 0;
    this.byteLength = 0;
    this.nameIndex = -1;
    this.halfStart = -1;
    this.tooMany = false;
  }

  /** Adds a name, then its value, then the next name and so on, as references of remote write 2.0 come. */
  addHalf(start: number, end: number): void {
    if (this.halfStart < 0) {
      this.halfStart = start;
      this.halfEnd = end;
    } else {
      this.add(this.halfStart, this.halfEnd, start, end);
      this.halfStart = -1;
    }
  }

  add(nameStart: number, nameEnd: number, valueStart: number, valueEnd: number): void {
    const at = this.count * 4;
    if (this.count >= labelsMax) {
      this.tooMany = true;
      return;
    }
    if (at === this.spans.length) {
      const grown = new Int32Array(at * 2);
      grown.set(this.spans);
      this.spans = grown;
    }
    const { spans } = this;
    spans[at] = nameStart;
    spans[at + 1] = nameEnd;
    spans[at + 2] = valueStart;
    spans[at + 3] = valueEnd;
    this.count++;
    this.byteLength += nameEnd - nameStart + (valueEnd - valueStart);
  }

  /**
   * Sorts the labels by the bytes of their names and answers what is wrong with them, or undefined: a name without
   * value, an empty or duplicate name, bytes that are not UTF-8, with `requireName` a missing or empty `__name__`, or
   * more than `byteLengthMax` bytes.
   */
  normalize(requireName: boolean, byteLengthMax: number): RejectReason | undefined {
    if (this.halfStart >= 0) return "invalid_symbol_ref";
    if (this.tooMany || this.byteLength > byteLengthMax) return "line_too_long";
    const { source, spans, count } = this;
    sortLabels(source, spans, count);
    for (let i = 0; i < count; i++) {
      const at = i * 4;
      const nameStart = spans[at]!;
      const nameEnd = spans[at + 1]!;
      if (nameStart === nameEnd) return "empty_label_name";
      if (!isUtf8(source, nameStart, nameEnd) || !isUtf8(source, spans[at + 2]!, spans[at + 3]!)) {
        return "invalid_utf8";
      }
      if (i > 0 && compareNames(source, spans, at - 4, at) === 0) return "duplicate_label";
      if (this.isMetricName(at)) this.nameIndex = i;
    }
    if (!requireName) return undefined;
    const at = this.nameIndex * 4;
    return at < 0 || spans[at + 2] === spans[at + 3] ? "missing_metric_name" : undefined;
  }

  /** Only what of `normalize` shows: for labels that are known to be valid. */
  sort(): void {
    sortLabels(this.source, this.spans, this.count);
  }

  /** The labels as a person writes them, cut short: `{job="node", instance="a:9100"…}`. */
  describe(): string {
    let text = "";
    for (let i = 0; i < this.count && text.length < describedCharsMax; i++) {
      const name = this.text(i * 4);
      const shownName = plainName.test(name) ? name : JSON.stringify(name);
      text += `${i > 0 ? ", " : ""}${shownName}=${JSON.stringify(this.text(i * 4 + 2))}`;
    }
    return text.length < describedCharsMax ? `{${text}}` : `{${text.slice(0, describedCharsMax)}…}`;
  }

  /** The text of the span at `at`, cut to what a message shows. */
  private text(at: number): string {
    const start = this.spans[at]!;
    return decoder.decode(
      this.source.subarray(start, Math.min(this.spans[at + 1]!, start + describedCharsMax)),
    );
  }

  private isMetricName(at: number): boolean {
    const { source, spans } = this;
    const start = spans[at]!;
    if (spans[at + 1]! - start !== metricName.length) return false;
    for (let i = 0; i < metricName.length; i++) {
      if (source[start + i] !== metricName[i]) return false;
    }
    return true;
  }
}
