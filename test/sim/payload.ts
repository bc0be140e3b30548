/** Write requests of simulated senders, and the lines they have to become: told from FORMAT.md, not from src. */
import { createRequire } from "node:module";
import { create, toBinary } from "@bufbuild/protobuf";
import {
  Histogram_ResetHint,
  Metadata_MetricType,
  RequestSchema,
} from "../../src/remote/gen/io/prometheus/write/v2/types_pb.ts";
import { MetricMetadata_MetricType, WriteRequestSchema } from "../../src/remote/gen/prometheus/remote_pb.ts";
import type { Chance } from "./chance.ts";

const { compress } = createRequire(import.meta.url)("snappyjs") as {
  compress(bytes: Uint8Array): Uint8Array<ArrayBuffer>;
};

/** One request, sent as often as it takes. */
export interface SimRequest {
  readonly id: string;
  readonly version: 1 | 2;
  readonly body: Uint8Array<ArrayBuffer>;
  /** The valid lines, `\n` not included. */
  readonly lines: readonly string[];
  readonly lineBytes: number;
  /** Valid lines that the sink refuses for good. */
  readonly poison: readonly string[];
  /** How many items of each kind are valid. */
  readonly written: { readonly samples: number; readonly histograms: number; readonly exemplars: number };
  /** The answer that ends it. */
  readonly status: 204 | 400 | 413;
  attempts: number;
}

type Labels = readonly (readonly [name: string, value: string])[];

interface Item {
  readonly kind: "sample" | "histogram" | "exemplar";
  readonly time: number;
  readonly start: number;
  readonly value: number;
}

interface Series {
  readonly labels: Labels;
  readonly items: readonly Item[];
  readonly metadata: boolean;
}

const values = [
  0,
  -0,
  1,
  -1.5,
  0.1,
  1e21,
  5e-324,
  2 ** 53 + 2,
  Number.POSITIVE_INFINITY,
  Number.NEGATIVE_INFINITY,
];
const texts = ["plain", 'a"b\\c', "line\nend", "é☃🦊", "\u0001\u007f\u2028", ""];
const help = "says nothing";

/** What a receiver refuses for its size. */
export interface SizeLimits {
  readonly lineBytesMax: number;
  /** Of all lines of a request. */
  readonly linesBytesMax: number;
  /** How many series hold lines that the sink refuses. */
  readonly poisonShare: number;
  /** Whether the answer waits for the sink, and so tells of them. */
  readonly poisonIsTold: boolean;
}

/** What the sink refuses a line for. */
export const poisonMark = '"text":"poison"';

/** A request with lines that no other request has. */
export function makeRequest(chance: Chance, id: string, limits: SizeLimits): SimRequest {
  const version = chance.pick([1, 2] as const);
  const roll = chance.random();
  if (roll < 0.03) return malformed(chance, id, version);
  if (roll < 0.06) return metadataOnly(id);
  const series = Array.from({ length: chance.int(1, 8) }, (_, i) =>
    // A sink that refuses all it ever gets is taken for blocked: each request has something good.
    i === 0 && limits.poisonShare > 0
      ? goodSeries(`${id}-${i}`)
      : makeSeries(chance, `${id}-${i}`, version, limits),
  );
  const expected = series.flatMap((one) => linesOf(one));
  const isTooLong = ({ line }: { readonly line: string }) => byteLength(line) > limits.lineBytesMax;
  const fitting = expected.filter((each) => !isTooLong(each));
  const lineBytes = fitting.reduce((sum, { line }) => sum + byteLength(line), 0);
  const body = compress(version === 1 ? encodeV1(series) : encodeV2(series));
  if (lineBytes > limits.linesBytesMax)
    return { ...refusedWhole, id, version, body, status: 413, attempts: 0 };
  // Text of refused series counts as well as it is read: whether that alone is too much is another's test.
  const unfit = series.filter((one) => !isValid(one.labels) || linesOf(one).some(isTooLong));
  if (lineBytes + byteLength(JSON.stringify(unfit)) > limits.linesBytesMax) return metadataOnly(id);
  const good = fitting.filter(({ line }) => !line.includes(poisonMark));
  const poison = fitting.filter(({ line }) => line.includes(poisonMark));
  const isTold = limits.poisonIsTold && poison.length > 0;
  const refused = isTold || fitting.length < expected.length || series.some((one) => !isValid(one.labels));
  const counted = isTold ? good : fitting;
  const count = (kind: string) => counted.filter((each) => each.kind === kind).length;
  return {
    id,
    version,
    body,
    lines: good.map(({ line }) => line),
    poison: poison.map(({ line }) => line),
    lineBytes,
    written: { samples: count("sample"), histograms: count("histogram"), exemplars: count("exemplar") },
    status: refused ? 400 : 204,
    attempts: 0,
  };
}

const nothing: SimRequest["written"] = { samples: 0, histograms: 0, exemplars: 0 };
const refusedWhole = { lines: [], poison: [], lineBytes: 0, written: nothing };

function malformed(chance: Chance, id: string, version: 1 | 2): SimRequest {
  // Declares 100 bytes and begins with a literal of 60 bytes that it does not bring.
  const body = Uint8Array.from([
    100,
    59 << 2,
    ...Array.from({ length: chance.int(0, 40) }, () => chance.int(0, 255)),
  ]);
  return { ...refusedWhole, id, version, body, status: 400, attempts: 0 };
}

function metadataOnly(id: string): SimRequest {
  const family = `family_${id.replaceAll("-", "_")}`;
  const metadata = [{ type: MetricMetadata_MetricType.COUNTER, metricFamilyName: family, help, unit: "" }];
  const line = `{"name":"${family}","metadata":{"type":"counter","help":"${help}","unit":""}}`;
  return {
    id,
    version: 1,
    body: compress(toBinary(WriteRequestSchema, create(WriteRequestSchema, { metadata }))),
    lines: [line],
    poison: [],
    lineBytes: byteLength(line),
    written: nothing,
    status: 204,
    attempts: 0,
  };
}

function goodSeries(id: string): Series {
  const labels: Labels = [
    ["__name__", "sim_total"],
    ["id", id],
  ];
  return {
    labels,
    items: [{ kind: "sample", time: 1_600_000_000_000, start: 0, value: 1 }],
    metadata: false,
  };
}

function makeSeries(
  chance: Chance,
  id: string,
  version: 1 | 2,
  { poisonShare, lineBytesMax }: SizeLimits,
): Series {
  const labels: [string, string][] = [
    ["__name__", "sim_total"],
    ["id", id],
  ];
  const padding: [string, string] = ["padding", "x".repeat(chance.pick([0, 0, 0, 5, 50, 400, 1_200]))];
  labels.push(["text", chance.happens(poisonShare) ? "poison" : chance.pick(texts)], padding);
  const fault = chance.random();
  if (fault < 0.01) labels.shift();
  else if (fault < 0.02) labels.push(["id", id]);
  else if (fault < 0.03) labels.push(["", "nameless"]);
  else if (fault < 0.04) labels[0]![1] = "";
  const items = Array.from({ length: chance.int(1, 4) }, (_, i) => ({
    kind: chance.pick(["sample", "sample", "sample", "histogram", "exemplar"] as const),
    time: 1_600_000_000_000 + i,
    start: version === 2 && chance.happens(0.3) ? 1_500_000_000_000 : 0,
    value: chance.pick(values),
  }));
  const series = { labels: chance.shuffle(labels), items, metadata: version === 2 && chance.happens(0.2) };
  if (lineBytesMax > 8_000 || !chance.happens(0.15)) return series;
  // A line as long as one may be, one byte less, or one more.
  padding[1] = "";
  const [first] = linesOf({ labels, items, metadata: false });
  const bytes = lineBytesMax + chance.int(-1, 1) - (first === undefined ? 0 : byteLength(first.line));
  padding[1] = "x".repeat(Math.max(0, bytes));
  return series;
}

function isValid(labels: Labels): boolean {
  const names = labels.map(([name]) => name);
  if (new Set(names).size < names.length || names.includes("")) return false;
  return labels.some(([name, value]) => name === "__name__" && value !== "");
}

function linesOf({ labels, items, metadata }: Series): { kind: string; line: string }[] {
  if (!isValid(labels)) return [];
  const sorted = [...labels].sort(([a], [b]) => (a < b ? -1 : 1));
  const end = `"labels":${JSON.stringify(Object.fromEntries(sorted))}}`;
  const lines = items.map((item) => {
    const start = item.start === 0 || item.kind === "exemplar" ? "" : `"start":${item.start},`;
    return {
      kind: item.kind,
      line: `{"name":"sim_total","time":${item.time},${start}${textOf(item)},${end}`,
    };
  });
  if (!metadata) return lines;
  const field = `"metadata":{"type":"gauge","help":"${help}","unit":""}`;
  return [{ kind: "metadata", line: `{"name":"sim_total",${field},${end}` }, ...lines];
}

function textOf({ kind, value }: Item): string {
  if (kind === "sample") return valueText(value);
  if (kind === "exemplar") return `"exemplar":{${valueText(value)},"labels":{"trace":"t"}}`;
  return (
    '"histogram":{"count_int":7,"sum":2.5,"schema":3,"zero_threshold":0.001,"zero_count_int":1,' +
    '"positive_spans":[[-2,2]],"positive_deltas":[2,2],"reset_hint":"no"}'
  );
}

function valueText(value: number): string {
  if (Number.isFinite(value)) return `"value":${Object.is(value, -0) ? "-0" : value}`;
  return `"value":null,"special":"${value > 0 ? "+Inf" : "-Inf"}"`;
}

function histogramOf({ time, start }: Item) {
  return {
    count: { case: "countInt", value: 7n } as const,
    sum: 2.5,
    schema: 3,
    zeroThreshold: 0.001,
    zeroCount: { case: "zeroCountInt", value: 1n } as const,
    positiveSpans: [{ offset: -2, length: 2 }],
    positiveDeltas: [2n, 2n],
    resetHint: Histogram_ResetHint.NO,
    timestamp: BigInt(time),
    startTimestamp: BigInt(start),
  };
}

function encodeV1(series: readonly Series[]): Uint8Array {
  const timeseries = series.map(({ labels, items }) => ({
    labels: labels.map(([name, value]) => ({ name, value })),
    samples: ofKind(items, "sample").map(({ value, time }) => ({ value, timestamp: BigInt(time) })),
    histograms: ofKind(items, "histogram").map((item) => {
      const { startTimestamp: _, ...histogram } = histogramOf(item);
      return histogram;
    }),
    exemplars: ofKind(items, "exemplar").map(({ value, time }) => ({
      labels: [{ name: "trace", value: "t" }],
      value,
      timestamp: BigInt(time),
    })),
  }));
  return toBinary(WriteRequestSchema, create(WriteRequestSchema, { timeseries }));
}

function encodeV2(series: readonly Series[]): Uint8Array {
  const symbols = [""];
  const ref = (text: string) => {
    const known = symbols.indexOf(text);
    return known >= 0 ? known : symbols.push(text) - 1;
  };
  const timeseries = series.map(({ labels, items, metadata }) => ({
    labelsRefs: labels.flatMap(([name, value]) => [ref(name), ref(value)]),
    samples: ofKind(items, "sample").map(({ value, time, start }) => ({
      value,
      timestamp: BigInt(time),
      startTimestamp: BigInt(start),
    })),
    histograms: ofKind(items, "histogram").map(histogramOf),
    exemplars: ofKind(items, "exemplar").map(({ value, time }) => ({
      labelsRefs: [ref("trace"), ref("t")],
      value,
      timestamp: BigInt(time),
    })),
    ...(metadata ? { metadata: { type: Metadata_MetricType.GAUGE, helpRef: ref(help), unitRef: 0 } } : {}),
  }));
  return toBinary(RequestSchema, create(RequestSchema, { symbols, timeseries }));
}

function ofKind(items: readonly Item[], kind: Item["kind"]): Item[] {
  return items.filter((item) => item.kind === kind);
}

function byteLength(line: string): number {
  return new TextEncoder().encode(line).length + 1;
}
