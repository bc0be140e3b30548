/** Write requests as a Prometheus with one shard sends them: 2,000 samples each, target by target, scrape by scrape. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { compressSync } from "snappy";
import type { Input } from "./inputs.ts";
import { MessageWriter } from "./message-writer.ts";
import {
  labelsOf,
  seriesPerTarget,
  targetDigits,
  targetMark,
  templateOf,
  templates,
  valueAt,
} from "./series.ts";

export interface WriteBody {
  readonly version: 1 | 2;
  /** A snappy block. */
  readonly body: Uint8Array;
  /** Samples and histograms in it: what figures are divided by. */
  readonly samples: number;
}

const scrapeIntervalMs = 15_000;
const corpusFolder = join(import.meta.dirname, "../golden/rw1");
/** Of these, one in as many series is a native histogram where the input has any. */
const nativeEvery = 20;
const encoder = new TextEncoder();

/** The requests of an input, one after the other, without end; what follows each scrape is the next. */
export function* requestsOf(input: Input, startMs = 1_795_000_000_000): Generator<WriteBody> {
  if (input.isCorpus) {
    for (;;) yield* corpus();
  }
  const writer = new MessageWriter();
  const write = input.version === 1 ? writeV1 : writeV2;
  const seriesPerRequest = Math.max(1, Math.floor(input.samplesPerRequest / input.samplesPerSeries));
  let index = 0;
  let scrape = 0;
  for (;;) {
    const slots: Slot[] = [];
    while (slots.length < seriesPerRequest) {
      slots.push({ index, scrape });
      if (++index < input.series) continue;
      index = 0;
      scrape += input.samplesPerSeries;
    }
    writer.clear();
    write(writer, slots, input, startMs);
    const samples = seriesPerRequest * input.samplesPerSeries;
    yield { version: input.version, body: new Uint8Array(compressSync(writer.written())), samples };
  }
}

/** The next `count` requests. */
export function take(requests: Generator<WriteBody>, count: number): WriteBody[] {
  return Array.from({ length: count }, () => requests.next().value as WriteBody);
}

export function samplesIn(bodies: readonly WriteBody[]): number {
  return bodies.reduce((sum, { samples }) => sum + samples, 0);
}

/** What two real Prometheus servers sent: see test/golden/README.md. */
function corpus(): WriteBody[] {
  return readdirSync(corpusFolder)
    .filter((name) => name.endsWith(".snappy"))
    .sort()
    .map((name) => {
      const expected = readFileSync(join(corpusFolder, name.replace(".snappy", ".expected.ndjson")), "utf8");
      const samples = expected.split("\n").length - 1;
      return { version: 1 as const, body: new Uint8Array(readFileSync(join(corpusFolder, name))), samples };
    })
    .filter(({ samples }) => samples > 0);
}

interface Slot {
  readonly index: number;
  readonly scrape: number;
}

/** Targets are scraped in turn, so one scrape's series share their time. */
function timeOf({ index, scrape }: Slot, startMs: number): number {
  const target = Math.floor(index / seriesPerTarget);
  return startMs + scrape * scrapeIntervalMs + ((target * 7919) % scrapeIntervalMs);
}

function isNative({ native }: Input, index: number): boolean {
  return native && index % nativeEvery === 0;
}

/** The labels of each template as fields of a TimeSeries, and where the digits of the target go. */
const labelFields = templates.map((_, at) => {
  const writer = new MessageWriter();
  for (const [name, value] of labelsOf(at)) {
    const start = writer.begin(1);
    writer.string(1, name);
    writer.string(2, value);
    writer.end(start);
  }
  const bytes = writer.written().slice();
  return { bytes, digitsAt: placesOf(bytes, encoder.encode(targetDigits(0))) };
});

/** The digits of target 0 stand nowhere else. */
function placesOf(bytes: Uint8Array, wanted: Uint8Array): number[] {
  const places: number[] = [];
  for (let at = 0; at <= bytes.length - wanted.length; at++) {
    if (wanted.every((byte, i) => bytes[at + i] === byte)) places.push(at);
  }
  return places;
}

function writeV1(writer: MessageWriter, slots: readonly Slot[], input: Input, startMs: number): void {
  for (const slot of slots) {
    const { bytes, digitsAt } = labelFields[slot.index % seriesPerTarget]!;
    const digits = encoder.encode(targetDigits(Math.floor(slot.index / seriesPerTarget)));
    for (const at of digitsAt) bytes.set(digits, at);
    const start = writer.begin(1);
    writer.raw(bytes);
    writeItems(writer, slot, input, startMs, { samples: 2, histograms: 4 });
    writer.end(start);
  }
}

function writeV2(out: MessageWriter, slots: readonly Slot[], input: Input, startMs: number): void {
  // Symbols come first and are known last.
  const writer = new MessageWriter();
  const symbols = new Map([["", 0]]);
  const ref = (symbol: string) => {
    const known = symbols.get(symbol);
    if (known !== undefined) return known;
    symbols.set(symbol, symbols.size);
    return symbols.size - 1;
  };
  for (const slot of slots) {
    const { labels, type, help } = templateOf(slot.index);
    const digits = targetDigits(Math.floor(slot.index / seriesPerTarget));
    const start = writer.begin(5);
    const refs = writer.begin(1);
    for (const [name, value] of labels) {
      writer.varint(ref(name));
      writer.varint(ref(value.replace(targetMark, digits)));
    }
    writer.end(refs);
    writeItems(writer, slot, input, startMs, { samples: 2, histograms: 3 });
    if (input.metadata) {
      const metadata = writer.begin(5);
      writer.tag(1, 0);
      writer.varint(type);
      writer.tag(3, 0);
      writer.varint(ref(help));
      writer.end(metadata);
    }
    writer.end(start);
  }
  for (const symbol of symbols.keys()) out.string(4, symbol);
  out.raw(writer.written());
}

function writeItems(
  writer: MessageWriter,
  { index, scrape }: Slot,
  input: Input,
  startMs: number,
  fields: { readonly samples: number; readonly histograms: number },
): void {
  for (let nth = scrape; nth < scrape + input.samplesPerSeries; nth++) {
    const timeMs = timeOf({ index, scrape: nth }, startMs);
    if (isNative(input, index)) {
      writeNative(writer, fields.histograms, { index, scrape: nth }, timeMs);
      continue;
    }
    const start = writer.begin(fields.samples);
    const value = valueAt(index, nth);
    // Senders leave out zeros.
    if (value !== 0) {
      writer.tag(1, 1);
      writer.double(value);
    }
    writer.tag(2, 0);
    writer.varint(timeMs);
    writer.end(start);
  }
}

/** A native histogram of 24 buckets in two spans. */
function writeNative(writer: MessageWriter, field: number, { index, scrape }: Slot, timeMs: number): void {
  const counts = Array.from({ length: 24 }, (_, at) => 1 + ((index + 13 * at) % 40) + (scrape % 10));
  const start = writer.begin(field);
  writer.tag(1, 0);
  writer.varint(counts.reduce((sum, each) => sum + each, 0));
  writer.tag(3, 1);
  writer.double(valueAt(index, scrape) + 0.125);
  writer.tag(4, 0);
  writer.zigzag(3);
  writer.tag(5, 1);
  writer.double(2 ** -128);
  for (const offset of [-20, 3]) {
    const span = writer.begin(11);
    writer.tag(1, 0);
    writer.zigzag(offset);
    writer.tag(2, 0);
    writer.varint(12);
    writer.end(span);
  }
  const deltas = writer.begin(12);
  for (const [at, each] of counts.entries()) writer.zigzag(each - (counts[at - 1] ?? 0));
  writer.end(deltas);
  writer.tag(15, 0);
  writer.varint(timeMs);
  writer.end(start);
}
