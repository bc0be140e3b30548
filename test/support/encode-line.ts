import { LineEncoder } from "../../src/line/encode.ts";
import { LabelSet } from "../../src/model/label-set.ts";
import type { Label, Line } from "../../src/model/line.ts";
import type { Float64 } from "../../src/model/scalar.ts";
import { ByteWriter } from "../../src/wire/byte-writer.ts";

const text = new TextEncoder();

/** Encodes lines one after the other, each as a series of its own; undefined where one does not fit. */
export function encodeLines(lines: readonly Line[], lineBytesMax = 1 << 20): Uint8Array | undefined {
  const encoder = new LineEncoder(new ByteWriter(64 << 20), lineBytesMax);
  for (const line of lines) if (!encodeLine(encoder, line)) return undefined;
  return encoder.out.written().slice();
}

export function encodeLine(encoder: LineEncoder, line: Line): boolean {
  if (line.labels !== undefined) encoder.startSeries(labelSet(line.labels));
  switch (line.kind) {
    case "sample":
      return encoder.sample(...halves(line.value), line.time, line.start);
    case "histogram":
      return encoder.histogram(line.histogram, line.time, line.start);
    case "exemplar":
      return encoder.exemplar(labelSet(line.exemplar.labels), ...halves(line.exemplar.value), line.time);
    case "metadata": {
      const texts = new Texts();
      const family = texts.add(line.name);
      const metadata = {
        type: line.metadata.type,
        help: texts.add(line.metadata.help),
        unit: texts.add(line.metadata.unit),
      };
      const source = texts.bytes();
      return line.labels === undefined
        ? encoder.familyMetadata(source, family, metadata)
        : encoder.seriesMetadata(source, metadata);
    }
  }
}

/** A normalized label set over bytes of its own. */
export function labelSet(labels: readonly Label[]): LabelSet {
  const texts = new Texts();
  const spans = labels.map(({ name, value }) => [texts.add(name), texts.add(value)] as const);
  const set = new LabelSet();
  set.clear(texts.bytes());
  for (const [name, value] of spans) set.add(name.start, name.end, value.start, value.end);
  const reason = set.normalize(false, 1 << 30);
  if (reason !== undefined) throw new Error(reason);
  return set;
}

/** The two halves of a double, without passing a NaN through a number. */
export function halves(value: Float64): [hi: number, lo: number] {
  if (typeof value === "bigint") return [Number(value >> 32n), Number(value & 0xffff_ffffn)];
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value);
  return [view.getUint32(0), view.getUint32(4)];
}

class Texts {
  private readonly parts: number[] = [];

  add(value: string): { start: number; end: number } {
    const start = this.parts.length;
    this.parts.push(...text.encode(value));
    return { start, end: this.parts.length };
  }

  bytes(): Uint8Array {
    return Uint8Array.from(this.parts);
  }
}
