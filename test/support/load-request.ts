/** Write requests of both protocol versions and of varied size, with lines that no other request has. */
import {
  exemplarOf,
  exemplarTrace,
  histogramOf,
  type Item,
  type LoadSeries,
  makeSeries,
  metadataLine,
  sampleOf,
} from "./load-series.ts";
import { seededRandom } from "./seeded-random.ts";
import { snappyCompress } from "./snappy-compress.ts";
import { bytesField, concat, labelV1, symbolsV2, varint, varintField } from "./write-request-bytes.ts";

/** One request, sent as often as it takes, always with the same body. */
export interface LoadRequest {
  readonly version: 1 | 2;
  readonly body: Uint8Array;
  /** Of its valid items, `\n` not included. */
  readonly lines: readonly string[];
  readonly written: ItemCounts;
  /** The answer that ends it: 400 where a series in it is invalid. */
  readonly status: 204 | 400;
}

export interface ItemCounts {
  samples: number;
  histograms: number;
  exemplars: number;
}

export interface RequestsOptions {
  readonly sender: string;
  readonly seed: number;
  /** Series of the sender: the most that one request holds. */
  readonly series: number;
  /** Time of the first sample, in ms since the epoch. */
  readonly startMs: number;
}

const spacingMs = 1_000;

/** One request after the other. */
export function* makeRequests({
  sender,
  seed,
  series: count,
  startMs,
}: RequestsOptions): Generator<LoadRequest> {
  const series = makeSeries(sender, count);
  const random = seededRandom(seed);
  for (let nth = 0; ; nth++) {
    const timeMs = startMs + nth * spacingMs;
    if (nth % 23 === 22) yield familyMetadata(`family_${sender}_${nth}`);
    const size = sizeOf(count, random);
    const from = random(count - size + 1);
    const invalid = nth % 19 === 18;
    const parts = { series: series.slice(from, from + size), nth, timeMs, sender, invalid };
    yield (nth + seed) % 2 === 0 ? requestV1(parts) : requestV2(parts);
  }
}

/** Mostly middling, sometimes a single series, sometimes all of them. */
function sizeOf(count: number, random: (bound: number) => number): number {
  const roll = random(20);
  if (roll === 0) return 1;
  return roll === 1 ? count : 1 + random(Math.max(1, Math.floor(count / 2)));
}

interface Parts {
  readonly series: readonly LoadSeries[];
  readonly nth: number;
  readonly timeMs: number;
  readonly sender: string;
  readonly invalid: boolean;
}

interface Made {
  readonly fields: Uint8Array[];
  readonly lines: string[];
  readonly written: ItemCounts;
}

/** The numbers of the fields in which the two versions differ. */
const fieldsV1 = { samples: 2, exemplars: 3, histograms: 4 } as const;
const fieldsV2 = { samples: 2, histograms: 3, exemplars: 4 } as const;

function requestV1({ series, nth, timeMs, invalid }: Parts): LoadRequest {
  const made: Made = { fields: [], lines: [], written: { samples: 0, histograms: 0, exemplars: 0 } };
  for (const one of series) {
    const labels = () => labelV1("trace_id", exemplarTrace(nth));
    made.fields.push(
      bytesField(1, one.labelsV1, ...itemsOf(one, { nth, timeMs, startMs: 0 }, labels, fieldsV1, made)),
    );
  }
  if (invalid)
    made.fields.push(bytesField(1, labelV1("__name__", "twice"), labelV1("a", "1"), labelV1("a", "2")));
  return finish(1, made, invalid);
}

function requestV2({ series, nth, timeMs, sender, invalid }: Parts): LoadRequest {
  const made: Made = { fields: [], lines: [], written: { samples: 0, histograms: 0, exemplars: 0 } };
  const symbols = new Map([["", 0]]);
  const ref = (text: string) => {
    const known = symbols.get(text);
    if (known !== undefined) return known;
    symbols.set(text, symbols.size);
    return symbols.size - 1;
  };
  const refs = (...texts: readonly string[]) => bytesField(1, ...texts.map((text) => varint(ref(text))));
  const startMs = nth % 3 === 0 ? timeMs - 60_000 : 0;
  for (const [at, one] of series.entries()) {
    const labels = () => refs("trace_id", exemplarTrace(nth));
    const items = itemsOf(one, { nth, timeMs, startMs }, labels, fieldsV2, made);
    const parts = [refs(...one.labels.flat()), ...items];
    if (at % 31 === 0) {
      const help = `help of ${sender} ${nth}`;
      parts.push(bytesField(5, varintField(1, 2), varintField(3, ref(help)), varintField(4, ref("bytes"))));
      made.lines.push(metadataLine(one, help));
    }
    made.fields.push(bytesField(5, ...parts));
  }
  if (invalid) made.fields.push(bytesField(5, refs("__name__", "twice", "a", "1", "a", "2")));
  made.fields.unshift(symbolsV2(...symbols.keys()));
  return finish(2, made, invalid);
}

interface Moment {
  readonly nth: number;
  readonly timeMs: number;
  readonly startMs: number;
}

/** The fields of one series' items: a histogram, or a sample or two and sometimes an exemplar. */
function itemsOf(
  series: LoadSeries,
  { nth, timeMs, startMs }: Moment,
  exemplarLabels: () => Uint8Array,
  fields: Readonly<Record<keyof ItemCounts, number>>,
  made: Made,
): Uint8Array[] {
  const items: Uint8Array[] = [];
  const add = (kind: keyof ItemCounts, { message, line }: Item) => {
    items.push(bytesField(fields[kind], message));
    made.lines.push(line);
    made.written[kind]++;
  };
  if (series.kind === "histogram") {
    add("histograms", histogramOf(series, nth, { timeMs, startMs }));
    return items;
  }
  add("samples", sampleOf(series, nth, { timeMs, startMs }));
  if (nth % 5 === 0) add("samples", sampleOf(series, nth + 1, { timeMs: timeMs + 1, startMs }));
  if (series.kind === "counter" && nth % 4 === 0) {
    add("exemplars", exemplarOf(series, nth, timeMs, exemplarLabels()));
  }
  return items;
}

/** As remote write 1.0 sends it: alone, and by metric family. */
function familyMetadata(family: string): LoadRequest {
  const metadata = [
    varintField(1, 1),
    bytesField(2, family),
    bytesField(4, "says nothing"),
    bytesField(5, ""),
  ];
  const line = `{"name":"${family}","metadata":{"type":"counter","help":"says nothing","unit":""}}`;
  const made = { fields: [bytesField(3, ...metadata)], lines: [line] };
  return finish(1, { ...made, written: { samples: 0, histograms: 0, exemplars: 0 } }, false);
}

function finish(version: 1 | 2, { fields, lines, written }: Made, invalid: boolean): LoadRequest {
  const body = snappyCompress(concat(...fields));
  return { version, body, lines, written, status: invalid ? 400 : 204 };
}
