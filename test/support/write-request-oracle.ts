/**
 * What a receiver has to make of a write request, told from the message of the reference codec and the rules in
 * FORMAT.md and the protocol's specifications: written for plainness and without anything of src but its types.
 */

import type { Histogram, HistogramCount } from "../../src/model/histogram.ts";
import type { Label, Line } from "../../src/model/line.ts";
import type { Float64, Int64 } from "../../src/model/scalar.ts";
import type {
  Histogram as HistogramV2,
  Request,
  TimeSeries as TimeSeriesV2,
} from "../../src/remote/gen/io/prometheus/write/v2/types_pb.ts";
import type {
  Histogram as HistogramV1,
  TimeSeries as TimeSeriesV1,
  WriteRequest,
} from "../../src/remote/gen/prometheus/remote_pb.ts";
import { soundHistogram } from "./histogram-oracle.ts";
import { type Doubles, isBroken } from "./message-patch.ts";

export interface Expected {
  readonly lines: Line[];
  /** Items and series that are refused. */
  refused: number;
  readonly written: { samples: number; histograms: number; exemplars: number };
}

interface ExemplarGiven {
  readonly labels: readonly Label[] | undefined;
  readonly value: number;
  readonly timestamp: bigint;
}

export function expectedV1({ timeseries, metadata }: WriteRequest, doubles: Doubles): Expected {
  const expected = nothingYet();
  for (const series of timeseries) seriesV1(series, doubles, expected);
  for (const { type, metricFamilyName: name, help, unit } of metadata) {
    if (name === "" || [name, help, unit].some(isBroken)) expected.refused++;
    else expected.lines.push({ kind: "metadata", name, labels: undefined, metadata: { type, help, unit } });
  }
  return expected;
}

export function expectedV2({ symbols, timeseries }: Request, doubles: Doubles): Expected {
  const expected = nothingYet();
  for (const series of timeseries) seriesV2(series, symbols, doubles, expected);
  return expected;
}

function nothingYet(): Expected {
  return { lines: [], refused: 0, written: { samples: 0, histograms: 0, exemplars: 0 } };
}

function seriesV1(series: TimeSeriesV1, doubles: Doubles, expected: Expected): void {
  const labels = validLabels(plain(series.labels), true);
  if (labels === undefined) {
    expected.refused++;
    return;
  }
  for (const { value, timestamp } of series.samples) {
    expected.written.samples++;
    const time = narrow(timestamp);
    expected.lines.push({ kind: "sample", ...named(labels), time, start: 0, value: float(value, doubles) });
  }
  const exemplars = series.exemplars.map((each) => ({ ...each, labels: plain(each.labels) }));
  addExemplars(exemplars, labels, doubles, expected);
  for (const each of series.histograms) addHistogram(each, 0n, labels, doubles, expected);
}

function seriesV2(
  series: TimeSeriesV2,
  symbols: readonly string[],
  doubles: Doubles,
  expected: Expected,
): void {
  const given = resolve(series.labelsRefs, symbols);
  const labels = given && validLabels(given, true);
  const metadata = metadataOf(series, symbols);
  if (labels === undefined || metadata === "invalid") {
    expected.refused++;
    return;
  }
  if (metadata !== undefined) expected.lines.push({ kind: "metadata", ...named(labels), metadata });
  const created = series.createdTimestamp;
  for (const { value, timestamp, startTimestamp } of series.samples) {
    expected.written.samples++;
    const start = narrow(startTimestamp === 0n ? created : startTimestamp);
    const line = { ...named(labels), time: narrow(timestamp), start, value: float(value, doubles) };
    expected.lines.push({ kind: "sample", ...line });
  }
  for (const each of series.histograms) {
    const start = each.startTimestamp === 0n ? created : each.startTimestamp;
    addHistogram(each, start, labels, doubles, expected);
  }
  const exemplars = series.exemplars.map((each) => ({ ...each, labels: resolve(each.labelsRefs, symbols) }));
  addExemplars(exemplars, labels, doubles, expected);
}

/** Metadata that says nothing makes no line, and is not looked at. */
function metadataOf({ metadata }: TimeSeriesV2, symbols: readonly string[]) {
  if (metadata === undefined) return undefined;
  const { type, helpRef, unitRef } = metadata;
  if (type === 0 && helpRef === 0 && unitRef === 0) return undefined;
  const [help, unit] = [helpRef, unitRef].map((ref) => symbols[ref] ?? (ref === 0 ? "" : undefined));
  if (help === undefined || unit === undefined || isBroken(help) || isBroken(unit)) return "invalid";
  return { type, help, unit };
}

function addExemplars(
  exemplars: readonly ExemplarGiven[],
  labels: readonly Label[],
  doubles: Doubles,
  expected: Expected,
): void {
  for (const { labels: given, value, timestamp } of exemplars) {
    const exemplarLabels = given && validLabels(given, false);
    if (exemplarLabels === undefined) {
      expected.refused++;
      continue;
    }
    expected.written.exemplars++;
    const exemplar = { value: float(value, doubles), labels: exemplarLabels };
    expected.lines.push({ kind: "exemplar", ...named(labels), time: narrow(timestamp), exemplar });
  }
}

function addHistogram(
  message: HistogramV1 | HistogramV2,
  start: bigint,
  labels: readonly Label[],
  doubles: Doubles,
  expected: Expected,
): void {
  const histogram = histogramOf(message, doubles);
  if (!soundHistogram(histogram)) {
    expected.refused++;
    return;
  }
  expected.written.histograms++;
  const times = { time: narrow(message.timestamp), start: narrow(start) };
  expected.lines.push({ kind: "histogram", ...named(labels), ...times, histogram });
}

function histogramOf(message: HistogramV1 | HistogramV2, doubles: Doubles): Histogram {
  const floats = (values: readonly number[]) => values.map((value) => float(value, doubles));
  const spans = (given: HistogramV1["positiveSpans"] | HistogramV2["positiveSpans"]) =>
    given.map(({ offset, length }) => ({ offset, length }));
  const count = (oneof: {
    case: string | undefined;
    value?: bigint | number | undefined;
  }): HistogramCount => {
    if (typeof oneof.value === "bigint") return { kind: "int", value: narrow(oneof.value) };
    return oneof.value === undefined ? undefined : { kind: "float", value: float(oneof.value, doubles) };
  };
  return {
    count: count(message.count),
    sum: float(message.sum, doubles),
    schema: message.schema,
    zeroThreshold: float(message.zeroThreshold, doubles),
    zeroCount: count(message.zeroCount),
    negative: {
      spans: spans(message.negativeSpans),
      deltas: message.negativeDeltas.map(narrow),
      counts: floats(message.negativeCounts),
    },
    positive: {
      spans: spans(message.positiveSpans),
      deltas: message.positiveDeltas.map(narrow),
      counts: floats(message.positiveCounts),
    },
    resetHint: message.resetHint,
    customValues: floats(message.customValues),
  };
}

/** Sorted labels, or undefined where a name is empty or there twice, a text is not UTF-8, or the metric has no name. */
function validLabels(given: readonly Label[], requireName: boolean): readonly Label[] | undefined {
  const names = given.map(({ name }) => name);
  if (names.includes("") || new Set(names).size < names.length) return undefined;
  if (given.some(({ name, value }) => isBroken(name) || isBroken(value))) return undefined;
  if (requireName && !given.some(({ name, value }) => name === "__name__" && value !== "")) return undefined;
  return [...given].sort((a, b) => Buffer.compare(Buffer.from(a.name), Buffer.from(b.name)));
}

function plain(labels: readonly Label[]): Label[] {
  return labels.map(({ name, value }) => ({ name, value }));
}

function named(labels: readonly Label[]): { name: string; labels: readonly Label[] } {
  return { name: labels.find(({ name }) => name === "__name__")!.value, labels };
}

function resolve(refs: readonly number[], symbols: readonly string[]): Label[] | undefined {
  if (refs.length % 2 === 1 || refs.some((ref) => ref >= symbols.length)) return undefined;
  const texts = refs.map((ref) => symbols[ref]!);
  return texts.flatMap((name, i) => (i % 2 === 0 ? [{ name, value: texts[i + 1]! }] : []));
}

function narrow(value: bigint): Int64 {
  return Number.isSafeInteger(Number(value)) ? Number(value) : value;
}

function float(value: number, doubles: Doubles): Float64 {
  const bits = doubles.bitsOf(value);
  const isNan = (bits & 0x7fff_ffff_ffff_ffffn) > 0x7ff0_0000_0000_0000n;
  if (isNan) return bits;
  const view = new DataView(new ArrayBuffer(8));
  view.setBigUint64(0, bits);
  return view.getFloat64(0);
}
