/** The one form in which what was archived and what Prometheus answers are compared: texts, by series and time. */

export type Labels = Readonly<Record<string, string>>;

/** Label set as text → time in ms → value as text. */
export type SeriesItems = Map<string, Map<number, string>>;

/** The key of a label set, the same for any order of its labels. */
export function seriesKey(labels: Labels): string {
  return JSON.stringify(Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** The labels of a key again. */
export function labelsOf(key: string): Labels {
  return Object.fromEntries(JSON.parse(key) as [string, string][]);
}

/** The shortest decimal, which no two doubles share; all NaNs are one, since Prometheus' API knows only one. */
export function valueText(value: number): string {
  return Object.is(value, -0) ? "-0" : String(value);
}

export interface Bucket {
  readonly lower: number;
  readonly upper: number;
  readonly count: number;
}

/** Count, sum and the buckets that hold something, in order. Bounds to 10 digits, since each side computes its own. */
export function histogramText(count: number, sum: number, buckets: readonly Bucket[]): string {
  const texts = buckets
    .filter((bucket) => bucket.count !== 0)
    .sort((a, b) => a.lower - b.lower)
    .map(
      ({ lower, upper, count: inBucket }) => `${lower.toPrecision(10)}…${upper.toPrecision(10)}:${inBucket}`,
    );
  return `count ${valueText(count)} sum ${valueText(sum)} [${texts.join(" ")}]`;
}

/** Adds an item; an item that is there already is the same one sent again. */
export function addItem(items: SeriesItems, key: string, time: number, text: string): void {
  const series = items.get(key) ?? new Map<number, string>();
  items.set(key, series);
  series.set(time, text);
}

/** The items with from ≤ time ≤ to, as sorted texts fit for comparison and for reading. */
export function listItems(items: SeriesItems, fromMs: number, toMs: number): string[] {
  return [...items]
    .flatMap(([key, series]) =>
      [...series]
        .filter(([time]) => time >= fromMs && time <= toMs)
        .map(([time, text]) => `${key} ${time} ${text}`),
    )
    .sort();
}

/** A message with the first few items of `a` that `b` lacks; empty when it lacks none. */
export function describeMissing(a: readonly string[], b: readonly string[]): string {
  const inB = new Set(b);
  const missing = a.filter((item) => !inB.has(item));
  if (missing.length === 0) return "";
  return `${missing.length} of ${a.length} are missing, for example:\n${missing.slice(0, 8).join("\n")}`;
}
