/** What a running instance tells of itself in /metrics, as far as a plan needs it. */
import type { Compression } from "../compression.ts";
import { compressions } from "../compression.ts";

export interface Measured {
  /** `kinesis`, `firehose`, `s3`, `file`. */
  readonly sink: string;
  readonly compression: Compression;
  /** Samples, histograms, exemplars and metadata: one line each. */
  readonly lines: number;
  readonly bytesPerLine: number;
  /** Of lines that the sink has. */
  readonly rawBytes: number;
  readonly sentBytes: number;
  /** Puts of which every record was taken. */
  readonly puts: number;
  /** Unix time of its start, in seconds. */
  readonly startSeconds: number;
}

const prefix = "prometheus_remote_kinesis_";
const itemKinds = ["samples", "histograms", "exemplars", "metadata"] as const;

/** Throws RangeError that says what is missing: it is no such text, or the instance has nothing to tell yet. */
export function readMeasured(text: string): Measured {
  const values = readMetrics(text);
  const value = (name: string, ...labels: readonly string[]): number =>
    values
      .filter((each) => each.name === prefix + name && labels.every((label) => each.labels.includes(label)))
      .reduce((sum, each) => sum + each.value, 0);
  const info = values.find(({ name }) => name === `${prefix}sink_info`);
  if (info === undefined)
    throw new RangeError("these are not the metrics of a running instance: no sink_info");
  const { sink, compression } = labelsOf(info.labels);
  const known = compressions.find((each) => each === compression);
  if (sink === undefined || known === undefined)
    throw new RangeError(`sink_info says nothing: ${info.labels}`);
  const lines = itemKinds.reduce((sum, kind) => sum + value(`${kind}_written_total`), 0);
  const rawBytes = value("raw_bytes_total");
  const measured: Measured = {
    sink,
    compression: known,
    lines,
    // With a spool, not all that is written has reached the sink.
    bytesPerLine: (value("spool_raw_bytes_total") || rawBytes) / lines,
    rawBytes,
    sentBytes: value("sent_bytes_total"),
    puts: value("put_attempts_total", 'outcome="ok"'),
    startSeconds: value("start_time_seconds"),
  };
  if (lines === 0 || measured.rawBytes === 0 || measured.sentBytes === 0)
    throw new RangeError("the instance has not made any samples durable yet");
  return measured;
}

interface MetricValue {
  readonly name: string;
  /** `sink="s3",compression="gzip"`, without the braces. */
  readonly labels: string;
  readonly value: number;
}

/** https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format, as far as our metrics use it. */
function readMetrics(text: string): MetricValue[] {
  return text.split("\n").flatMap((line) => {
    const [, name, labels = "", digits] = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)/.exec(line) ?? [];
    const value = Number(digits);
    return name === undefined || !Number.isFinite(value) ? [] : [{ name, labels, value }];
  });
}

function labelsOf(text: string): Readonly<Record<string, string | undefined>> {
  return Object.fromEntries([...text.matchAll(/(\w+)="([^"]*)"/g)].map(([, name, value]) => [name, value]));
}
