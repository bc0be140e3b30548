/** What the counters say at one moment, as plain numbers: of two readings a rate can be made. */
import { itemKinds, type Metrics } from "../metrics.ts";

/** Durations by their buckets, as a Prometheus histogram counts them: each bucket holds those below. */
export interface Durations {
  /** Upper bounds in seconds, the last one is Infinity. */
  readonly bounds: readonly number[];
  readonly counts: readonly number[];
}

/** Samples here are samples and histograms: what a sender calls samples. */
export interface Reading {
  /** On a clock that never goes back, in ms. */
  readonly atMs: number;
  readonly received: number;
  readonly written: number;
  readonly rejected: number;
  readonly failed: number;
  /** Write requests answered with 2xx, 4xx, 5xx. */
  readonly answered: Readonly<Record<AnswerClass, number>>;
  readonly ack: Durations;
  /** Puts to the sink. */
  readonly put: Durations;
  readonly recordsPut: number;
  readonly recordsThrottled: number;
  readonly recordsRetried: number;
  readonly spoolShippedBytes: number;
  readonly spoolDroppedBytes: number;
  /** As they are now. */
  readonly pendingBytes: number;
  /** In the spool and not in the sink yet. */
  readonly waitingBytes: number;
}

export const answerClasses = ["2xx", "4xx", "5xx"] as const;
export type AnswerClass = (typeof answerClasses)[number];

/** One value of an instrument, with its labels. */
export interface Labelled {
  readonly labels: Readonly<Partial<Record<string, string | number>>>;
  readonly value: number;
}

/** Anything of prom-client's that has values. */
export interface Instrument {
  get(): Promise<{ readonly values: readonly Labelled[] }>;
}

/** The sum over all labels. */
export async function totalOf(instrument: Instrument): Promise<number> {
  return (await instrument.get()).values.reduce((sum, { value }) => sum + value, 0);
}

/** Sums by the values of one label. */
export async function byLabel(instrument: Instrument, label: string): Promise<Record<string, number>> {
  const sums: Record<string, number> = {};
  for (const { labels, value } of (await instrument.get()).values) {
    const name = String(labels[label] ?? "");
    sums[name] = (sums[name] ?? 0) + value;
  }
  return sums;
}

/** Looks at all counters. `spooled`: puts before the ack go into the spool, where so many bytes wait. */
export async function read(
  metrics: Metrics,
  atMs: number,
  spooled: { readonly waitingBytes: number } | undefined,
): Promise<Reading> {
  const { samples, histograms } = metrics.items;
  const both = async (of: "received" | "written" | "rejected" | "failed") =>
    (await totalOf(samples[of])) + (await totalOf(histograms[of]));
  return {
    atMs,
    received: await both("received"),
    written: await both("written"),
    rejected: await both("rejected"),
    failed: await both("failed"),
    answered: await answersOf(metrics),
    ack: await durationsOf(metrics.ackDuration),
    put: await durationsOf(metrics.puts.putDuration),
    recordsPut: await totalOf(metrics.puts.recordsPut),
    recordsThrottled: await totalOf(metrics.puts.recordsThrottled),
    recordsRetried: await totalOf(metrics.puts.recordsRetried),
    spoolShippedBytes: await totalOf(metrics.spool.shippedBytes),
    spoolDroppedBytes: await totalOf(metrics.spool.droppedBytes),
    pendingBytes: await totalOf((spooled === undefined ? metrics.puts : metrics.spoolPuts).pendingBytes),
    waitingBytes: spooled?.waitingBytes ?? 0,
  };
}

async function answersOf({ requests }: Metrics): Promise<Record<AnswerClass, number>> {
  const answers = { "2xx": 0, "4xx": 0, "5xx": 0 };
  for (const [code, count] of Object.entries(await byLabel(requests, "code"))) {
    const found = answerClasses.find(([first]) => code.startsWith(first!));
    if (found !== undefined) answers[found] += count;
  }
  return answers;
}

async function durationsOf(histogram: Instrument): Promise<Durations> {
  const bounds: number[] = [];
  const counts: number[] = [];
  for (const { labels, value } of (await histogram.get()).values) {
    const bound = labels["le"];
    if (bound === undefined) continue;
    bounds.push(bound === "+Inf" ? Number.POSITIVE_INFINITY : Number(bound));
    counts.push(value);
  }
  return { bounds, counts };
}

/**
 * The duration in ms below which `share` of those lie that came between two readings; undefined: there were none.
 * Between two bounds it is taken to be spread evenly; what is above the last one is put there, as Prometheus does.
 */
export function quantileMs(
  before: Durations | undefined,
  after: Durations,
  share: number,
): number | undefined {
  const count = (at: number) => (after.counts[at] ?? 0) - (before?.counts[at] ?? 0);
  const last = after.counts.length - 1;
  const all = count(last);
  if (!(all > 0)) return undefined;
  const wanted = all * share;
  let at = 0;
  while (at < last && count(at) < wanted) at++;
  const upper = after.bounds[at]!;
  const lower = at === 0 ? 0 : after.bounds[at - 1]!;
  if (upper === Number.POSITIVE_INFINITY) return lower * 1000;
  const below = at === 0 ? 0 : count(at - 1);
  return (lower + ((upper - lower) * (wanted - below)) / (count(at) - below)) * 1000;
}

/** Items of all kinds, by what became of them. */
export interface ItemTotals {
  readonly received: number;
  readonly written: number;
  readonly rejected: number;
  readonly failed: number;
  readonly dropped: number;
  readonly pending: number;
}

/** Totals since the start, by kind. */
export async function itemTotals({ items }: Metrics): Promise<Record<string, ItemTotals>> {
  const totals: Record<string, ItemTotals> = {};
  for (const kind of itemKinds) {
    const counters = items[kind];
    totals[kind] = {
      received: await totalOf(counters.received),
      written: await totalOf(counters.written),
      rejected: await totalOf(counters.rejected),
      failed: await totalOf(counters.failed),
      dropped: await totalOf(counters.dropped),
      pending: await totalOf(counters.pending),
    };
  }
  return totals;
}
