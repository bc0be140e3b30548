/** The series of one sender under load: their labels as bytes and as JSON, and the bytes and lines of their items. */
import { bytesField, concat, fixed64Field, varintField, zigzag } from "./write-request-bytes.ts";

type Labels = readonly (readonly [name: string, value: string])[];

export interface LoadSeries {
  readonly name: string;
  /** Not always sorted, as senders may send them. */
  readonly labels: Labels;
  readonly labelsV1: Uint8Array;
  /** `"labels":{…}}`, sorted: the end of every line of the series. */
  readonly lineEnd: string;
  readonly kind: "counter" | "gauge" | "special" | "histogram";
}

export interface Item {
  readonly message: Uint8Array;
  /** The whole line, `\n` not included; told from FORMAT.md. */
  readonly line: string;
}

export interface Times {
  readonly timeMs: number;
  /** 0: not set. */
  readonly startMs: number;
}

const texts = [
  "plain",
  'a"b\\c',
  "line\nend\ttab",
  "é☃🦊",
  "\u0001\u007f\u2028",
  "</script>,{}=/",
  "x".repeat(300),
];
const kinds = ["counter", "gauge", "counter", "special", "gauge", "counter", "gauge", "histogram"] as const;

/** Doubles that are easily changed on the way, as bits, and what stands for them on the line. */
const specials: readonly (readonly [bits: bigint, text: string])[] = [
  [0x7ff8_0000_0000_0001n, '"value":null,"special":"NaN"'],
  [0x7ff0_0000_0000_0002n, '"value":null,"special":"stale"'],
  [0x7ff0_0000_0000_0000n, '"value":null,"special":"+Inf"'],
  [0xfff0_0000_0000_0000n, '"value":null,"special":"-Inf"'],
  [0x7ff8_0000_0000_0000n, '"value":null,"special":"0x7ff8000000000000"'],
  [0xfff8_dead_0000_beefn, '"value":null,"special":"0xfff8dead0000beef"'],
  [0x8000_0000_0000_0000n, '"value":-0'],
  [0x0000_0000_0000_0001n, '"value":5e-324'],
  [0x7fef_ffff_ffff_ffffn, '"value":1.7976931348623157e+308'],
  [0x3fd3_3333_3333_3334n, '"value":0.30000000000000004'],
  [0x4340_0000_0000_0001n, '"value":9007199254740994'],
  [0x444b_1ae4_d6e2_ef50n, '"value":1e+21'],
];

/** `count` series with labels that no other sender has. */
export function makeSeries(sender: string, count: number): readonly LoadSeries[] {
  return Array.from({ length: count }, (_, at) => {
    const name = `load_${kinds[at % kinds.length]}_${at % 20}`;
    const labels: (readonly [string, string])[] = [
      ["__name__", name],
      ["instance", `10.0.${at % 7}.${at % 250}:9100`],
      ["sender", sender],
      ["series", String(at)],
    ];
    if (at % 3 === 0) labels.push(["text", texts[at % texts.length]!], ["job", "load"]);
    if (at % 5 === 0) labels.push(["Zone", ""], ["größe", "☃"]);
    const sorted = [...labels].sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
    return {
      name,
      labels,
      labelsV1: concat(
        ...labels.map(([label, value]) => bytesField(1, bytesField(1, label), bytesField(2, value))),
      ),
      lineEnd: `"labels":${JSON.stringify(Object.fromEntries(sorted))}}`,
      kind: kinds[at % kinds.length]!,
    };
  });
}

/** The `nth` sample of a series. */
export function sampleOf({ kind, name, lineEnd }: LoadSeries, nth: number, times: Times): Item {
  const message = Buffer.allocUnsafe(40);
  let text: string;
  message[0] = (1 << 3) | 1;
  if (kind === "special") {
    const [bits, shown] = specials[nth % specials.length]!;
    message.writeBigUInt64LE(bits, 1);
    text = shown;
  } else {
    const value = kind === "counter" ? nth * 17 : Math.sin(nth) * 10 ** ((nth % 40) - 20);
    message.writeDoubleLE(value, 1);
    text = `"value":${value}`;
  }
  let end = writeVarint(message, 9, 2 << 3, times.timeMs);
  if (times.startMs !== 0) end = writeVarint(message, end, 3 << 3, times.startMs);
  return {
    message: message.subarray(0, end),
    line: `{"name":"${name}",${timesText(times)}${text},${lineEnd}`,
  };
}

/** The `nth` histogram: integer, stale, or float in turns. `startMs` is of remote write 2.0 alone. */
export function histogramOf({ name, lineEnd }: LoadSeries, nth: number, times: Times): Item {
  const [fields, text] = [integerHistogram, staleHistogram, floatHistogram][nth % 3]!(nth);
  const start = times.startMs === 0 ? [] : [varintField(17, times.startMs)];
  return {
    message: concat(...fields, varintField(15, times.timeMs), ...start),
    line: `{"name":"${name}",${timesText(times)}"histogram":{${text}},${lineEnd}`,
  };
}

/** An exemplar of the `nth` sample. `labels` are its labels as the protocol's version writes them. */
export function exemplarOf(
  { name, lineEnd }: LoadSeries,
  nth: number,
  timeMs: number,
  labels: Uint8Array,
): Item {
  const value = nth + 0.25;
  const message = concat(labels, fixed64Field(2, bitsOf(value)), varintField(3, timeMs));
  const exemplar = `"exemplar":{"value":${value},"labels":{"trace_id":"${exemplarTrace(nth)}"}}`;
  return { message, line: `{"name":"${name}","time":${timeMs},${exemplar},${lineEnd}` };
}

export function exemplarTrace(nth: number): string {
  return `trace-${nth}`;
}

/** The line of a series' own metadata, which only remote write 2.0 has. */
export function metadataLine({ name, lineEnd }: LoadSeries, help: string): string {
  return `{"name":"${name}","metadata":{"type":"gauge","help":"${help}","unit":"bytes"},${lineEnd}`;
}

type HistogramParts = readonly [fields: Uint8Array[], text: string];

function integerHistogram(nth: number): HistogramParts {
  const fields = [
    varintField(1, nth + 7),
    fixed64Field(3, bitsOf(2.5)),
    concat([4 << 3], zigzag(3)),
    fixed64Field(5, bitsOf(0.001)),
    varintField(6, nth + 1),
    bytesField(11, [1 << 3], zigzag(-2), varintField(2, 2)),
    bytesField(12, zigzag(2), zigzag(2)),
    varintField(14, 2),
  ];
  const text =
    `"count_int":${nth + 7},"sum":2.5,"schema":3,"zero_threshold":0.001,"zero_count_int":${nth + 1},` +
    '"positive_spans":[[-2,2]],"positive_deltas":[2,2],"reset_hint":"no"';
  return [fields, text];
}

function staleHistogram(): HistogramParts {
  const fields = [varintField(1, 0), fixed64Field(3, 0x7ff0_0000_0000_0002n), varintField(6, 0)];
  const text =
    '"count_int":0,"sum":null,"sum_special":"stale","schema":0,"zero_threshold":0,"zero_count_int":0,' +
    '"reset_hint":"unknown"';
  return [fields, text];
}

function floatHistogram(nth: number): HistogramParts {
  const fields = [
    fixed64Field(2, bitsOf(nth + 0.5)),
    fixed64Field(3, bitsOf(-1.25)),
    concat([4 << 3], zigzag(0)),
    fixed64Field(5, bitsOf(0.001)),
    fixed64Field(7, bitsOf(0.5)),
    bytesField(8, [1 << 3], zigzag(-2), varintField(2, 1)),
    bytesField(10, eightBytes(bitsOf(nth))),
    varintField(14, 3),
  ];
  const text =
    `"count_float":${nth + 0.5},"sum":-1.25,"schema":0,"zero_threshold":0.001,"zero_count_float":0.5,` +
    `"negative_spans":[[-2,1]],"negative_counts":[${nth}],"reset_hint":"gauge"`;
  return [fields, text];
}

function timesText({ timeMs, startMs }: Times): string {
  return startMs === 0 ? `"time":${timeMs},` : `"time":${timeMs},"start":${startMs},`;
}

function bitsOf(value: number): bigint {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value);
  return view.getBigUint64(0);
}

function eightBytes(bits: bigint): Uint8Array {
  return fixed64Field(0, bits).subarray(1);
}

/** Writes a tag and a whole number; answers where it ends. */
function writeVarint(out: Buffer, at: number, tag: number, value: number): number {
  out[at] = tag;
  let end = at + 1;
  let rest = value;
  for (; rest >= 128; rest = Math.floor(rest / 128)) out[end++] = (rest % 128) | 128;
  out[end++] = rest;
  return end;
}
