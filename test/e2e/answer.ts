/** What Prometheus itself says it has, over its HTTP API and from `promtool tsdb dump`, in the form of items.ts. */
import { exemplarText } from "./archive.ts";
import { addItem, histogramText, type Labels, type SeriesItems, seriesKey, valueText } from "./items.ts";

interface HistogramAnswer {
  readonly count: string;
  readonly sum: string;
  readonly buckets?: readonly (readonly [number, string, string, string])[];
}

interface MatrixAnswer {
  readonly result: readonly {
    readonly metric: Labels;
    readonly values?: readonly (readonly [number, string])[];
    readonly histograms?: readonly (readonly [number, HistogramAnswer])[];
  }[];
}

type ExemplarsAnswer = readonly {
  readonly seriesLabels: Labels;
  readonly exemplars: readonly {
    readonly labels: Labels;
    readonly value: string;
    readonly timestamp: number;
  }[];
}[];

/** Samples of an instant query with a range selector; `external` labels as remote write adds them. */
export function samplesOfAnswer(data: unknown, external: Labels): SeriesItems {
  const items: SeriesItems = new Map();
  for (const { metric, values = [] } of (data as MatrixAnswer).result) {
    const key = seriesKey({ ...external, ...metric });
    for (const [seconds, text] of values) addItem(items, key, toMs(seconds), sentText(text));
  }
  return items;
}

/** Histograms of the same. */
export function histogramsOfAnswer(data: unknown, external: Labels): SeriesItems {
  const items: SeriesItems = new Map();
  for (const { metric, histograms = [] } of (data as MatrixAnswer).result) {
    const key = seriesKey({ ...external, ...metric });
    for (const [seconds, answer] of histograms) addItem(items, key, toMs(seconds), textOfHistogram(answer));
  }
  return items;
}

/** The answer of query_exemplars. */
export function exemplarsOfAnswer(data: unknown, external: Labels): SeriesItems {
  const items: SeriesItems = new Map();
  for (const { seriesLabels, exemplars } of data as ExemplarsAnswer) {
    const key = seriesKey({ ...external, ...seriesLabels });
    for (const { labels, value, timestamp } of exemplars) {
      addItem(items, key, toMs(timestamp), exemplarText(parseGoFloat(value), labels));
    }
  }
  return items;
}

export interface Dump {
  /** Samples whose value is a NaN, and histograms whose sum is one, of any kind. */
  readonly nans: SeriesItems;
  /** All other histograms. */
  readonly histograms: SeriesItems;
}

/** The output of `promtool tsdb dump`. */
export function parseDump(dump: string, external: Labels): Dump {
  const parsed: Dump = { nans: new Map(), histograms: new Map() };
  for (const line of dump.split("\n")) {
    const match = /^\{(.*)\} (NaN|\{count:.*\}) (\d+)$/.exec(line);
    if (match === null) continue;
    const [, labels = "", value = "", time = ""] = match;
    const key = seriesKey({ ...external, ...parseGoLabels(labels) });
    const isNan = value === "NaN" || value.includes("sum:NaN");
    if (isNan) addItem(parsed.nans, key, Number(time), "NaN");
    else addItem(parsed.histograms, key, Number(time), textOfGoHistogram(value));
  }
  return parsed;
}

/** Go's spelling of a float. */
export function parseGoFloat(text: string): number {
  if (text === "+Inf" || text === "-Inf") return text === "+Inf" ? Infinity : -Infinity;
  return Number(text);
}

/** What a sender makes of a value: its encoder leaves out fields that equal zero, and with them the sign of −0. */
function sentText(text: string): string {
  return valueText(parseGoFloat(text) + 0);
}

function toMs(seconds: number): number {
  return Math.round(seconds * 1000);
}

function textOfHistogram({ count, sum, buckets = [] }: HistogramAnswer): string {
  const parsed = buckets.map(([, lower, upper, inBucket]) => ({
    lower: parseGoFloat(lower),
    upper: parseGoFloat(upper),
    count: Number(inBucket),
  }));
  return histogramText(Number(count), parseGoFloat(sum), parsed);
}

/** `{count:3, sum:1.5, [-0.001,0.001]:1, (0.5,1]:2}` */
function textOfGoHistogram(text: string): string {
  const [, count = "", sum = ""] = /^\{count:([^,]+), sum:([^,}]+)/.exec(text) ?? [];
  const buckets = [...text.matchAll(/[[(]([^,]+),([^\])]+)[\])]:([^,}]+)/g)].map(
    ([, lower = "", upper = "", inBucket = ""]) => ({
      lower: parseGoFloat(lower),
      upper: parseGoFloat(upper),
      count: parseGoFloat(inBucket),
    }),
  );
  return histogramText(parseGoFloat(count), parseGoFloat(sum), buckets);
}

function parseGoLabels(text: string): Labels {
  const quoted = String.raw`"((?:[^"\\]|\\.)*)"`;
  const labels = text.matchAll(new RegExp(`(?:${quoted}|([\\w:]+))=${quoted}`, "g"));
  return Object.fromEntries(
    [...labels].map(([, quotedName, name = "", value = ""]) => [
      quotedName === undefined ? name : unquoteGo(quotedName),
      unquoteGo(value),
    ]),
  );
}

const shortEscapes: Readonly<Record<string, string>> = {
  a: "\x07",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
};

function unquoteGo(text: string): string {
  return text.replace(/\\(?:x([\da-f]{2})|u([\da-f]{4})|U([\da-f]{8})|(.))/g, (_, x, u, big, other) => {
    const hex = x ?? u ?? big;
    if (hex !== undefined) return String.fromCodePoint(Number.parseInt(hex, 16));
    return shortEscapes[other] ?? other;
  });
}
