/** Reads what the file sink wrote, line by line, into the form that items.ts compares. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync, zstdDecompressSync } from "node:zlib";
import {
  addItem,
  type Bucket,
  histogramText,
  type Labels,
  type SeriesItems,
  seriesKey,
  valueText,
} from "./items.ts";

interface HistogramJson {
  readonly count_int?: number;
  readonly count_float?: number | null;
  readonly sum: number | null;
  readonly sum_special?: string;
  readonly schema: number;
  readonly zero_threshold: number;
  readonly zero_count_int?: number;
  readonly zero_count_float?: number;
  readonly negative_spans?: readonly (readonly [number, number])[];
  readonly negative_deltas?: readonly number[];
  readonly negative_counts?: readonly number[];
  readonly positive_spans?: readonly (readonly [number, number])[];
  readonly positive_deltas?: readonly number[];
  readonly positive_counts?: readonly number[];
  readonly custom_values?: readonly number[];
}

export interface LineJson {
  readonly name: string;
  readonly time: number;
  readonly start?: number;
  readonly value?: number | null;
  readonly special?: string;
  readonly histogram?: HistogramJson;
  readonly exemplar?: { readonly value: number | null; readonly special?: string; readonly labels: Labels };
  readonly metadata?: { readonly type: string; readonly help: string; readonly unit: string };
  readonly labels?: Labels;
}

export interface Archive {
  readonly lines: readonly LineJson[];
  /** Relative paths. */
  readonly files: readonly string[];
}

/** Every line of every file under `folder`, finished or not. */
export function readArchive(folder: string): Archive {
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((path) => /\.ndjson/.test(path))
    .sort();
  const lines = files.flatMap((path) => {
    const text = decompress(path, readFileSync(join(folder, path))).toString();
    if (text !== "" && !text.endsWith("\n"))
      throw new Error(`${path} ends within a line: ${text.slice(-100)}`);
    return text
      .split("\n")
      .slice(0, -1)
      .map((line) => JSON.parse(line) as LineJson);
  });
  return { lines, files };
}

export interface ArchivedItems {
  readonly samples: SeriesItems;
  readonly histograms: SeriesItems;
  readonly stale: SeriesItems;
  readonly exemplars: SeriesItems;
  readonly starts: SeriesItems;
}

/** The items of the series that carry the label `archive="<sender>"`. */
export function itemsOfSender(lines: readonly LineJson[], sender: string): ArchivedItems {
  const items = {
    samples: new Map(),
    histograms: new Map(),
    stale: new Map(),
    exemplars: new Map(),
    starts: new Map(),
  };
  for (const line of lines) {
    const { labels, time, start, exemplar, histogram, special } = line;
    if (labels?.["archive"] !== sender || line.metadata !== undefined) continue;
    const key = seriesKey(labels);
    if (exemplar !== undefined) {
      addItem(
        items.exemplars,
        key,
        time,
        exemplarText(numberOf(exemplar.value, exemplar.special), exemplar.labels),
      );
      continue;
    }
    if (start !== undefined) addItem(items.starts, key, time, String(start));
    if ((histogram?.sum_special ?? special) === "stale") addItem(items.stale, key, time, "stale");
    else if (histogram !== undefined) addItem(items.histograms, key, time, textOfHistogram(histogram));
    else addItem(items.samples, key, time, valueText(numberOf(line.value, special)));
  }
  return items;
}

/** Value and labels of an exemplar as text. */
export function exemplarText(value: number, labels: Labels): string {
  return `${valueText(value)} ${seriesKey(labels)}`;
}

function decompress(path: string, bytes: Buffer): Buffer {
  if (path.endsWith(".gz")) return gunzipSync(bytes);
  return path.endsWith(".zst") ? zstdDecompressSync(bytes) : bytes;
}

function numberOf(value: number | null | undefined, special: string | undefined): number {
  if (special === undefined && typeof value === "number") return value;
  if (special === "+Inf" || special === "-Inf") return special === "+Inf" ? Infinity : -Infinity;
  if (value === null && /^(NaN|0x[0-9a-f]{16})$/.test(special ?? "")) return Number.NaN;
  throw new Error(`value ${value} with special ${special}`);
}

function textOfHistogram(histogram: HistogramJson): string {
  const zeroCount = histogram.zero_count_int ?? histogram.zero_count_float ?? 0;
  const zero = { lower: -histogram.zero_threshold, upper: histogram.zero_threshold, count: zeroCount };
  const positive = side(
    histogram,
    histogram.positive_spans,
    histogram.positive_deltas,
    histogram.positive_counts,
  );
  const negative = side(
    histogram,
    histogram.negative_spans,
    histogram.negative_deltas,
    histogram.negative_counts,
  );
  const mirrored = negative.map(({ lower, upper, count }) => ({ lower: -upper, upper: -lower, count }));
  const count = histogram.count_int ?? histogram.count_float ?? Number.NaN;
  return histogramText(count, numberOf(histogram.sum, histogram.sum_special), [
    ...mirrored,
    zero,
    ...positive,
  ]);
}

/** https://prometheus.io/docs/specs/native_histograms/#buckets: spans to bucket indexes, indexes to bounds. */
function side(
  { schema, custom_values: customValues = [] }: HistogramJson,
  spans: HistogramJson["positive_spans"] = [],
  deltas: readonly number[] | undefined,
  counts: readonly number[] | undefined,
): Bucket[] {
  const bound = (index: number) => 2 ** (index * 2 ** -schema);
  let index = 0;
  let last = 0;
  let at = 0;
  const buckets: Bucket[] = [];
  for (const [offset, length] of spans) {
    index += offset;
    for (const end = index + length; index < end; index++, at++) {
      last = counts?.[at] ?? last + (deltas?.[at] ?? Number.NaN);
      const [lower, upper] =
        schema === -53
          ? [customValues[index - 1] ?? -Infinity, customValues[index] ?? Infinity]
          : [bound(index - 1), bound(index)];
      buckets.push({ lower, upper, count: last });
    }
  }
  return buckets;
}
