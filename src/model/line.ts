/**
 * What one line carries, as a reader of the archive gets it. The write path never builds these objects for samples;
 * they are the meaning that line/encode and line/decode agree on.
 */
import type { Histogram } from "./histogram.ts";
import type { Float64, Int64 } from "./scalar.ts";

export interface Label {
  readonly name: string;
  readonly value: string;
}

interface SeriesLine {
  /** The value of `__name__`. */
  readonly name: string;
  /** Sorted by the bytes of their names, `__name__` included. */
  readonly labels: readonly Label[];
  /** Milliseconds since the epoch. */
  readonly time: Int64;
}

interface StartedLine extends SeriesLine {
  /** Start timestamp in milliseconds since the epoch; 0: not set. */
  readonly start: Int64;
}

export interface SampleLine extends StartedLine {
  readonly kind: "sample";
  readonly value: Float64;
}

export interface HistogramLine extends StartedLine {
  readonly kind: "histogram";
  readonly histogram: Histogram;
}

export interface ExemplarLine extends SeriesLine {
  readonly kind: "exemplar";
  readonly exemplar: { readonly value: Float64; readonly labels: readonly Label[] };
}

/** Remote write 1.0 sends metadata by metric family, without labels; 2.0 sends it with each series. */
export interface MetadataLine {
  readonly kind: "metadata";
  readonly name: string;
  /** Undefined for a metric family of remote write 1.0. */
  readonly labels: readonly Label[] | undefined;
  readonly metadata: Metadata;
}

export interface Metadata {
  /** The number of the protocol's enum; names in `metricTypes`. */
  readonly type: number;
  readonly help: string;
  readonly unit: string;
}

/** MetricType of both protocol versions, by number. */
export const metricTypes = [
  "unknown",
  "counter",
  "gauge",
  "histogram",
  "gaugehistogram",
  "summary",
  "info",
  "stateset",
] as const;

export type Line = SampleLine | HistogramLine | ExemplarLine | MetadataLine;
