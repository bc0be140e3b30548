/** Figures of several runs as one table: medians, and the spread of the first column. */
import { type Figure, median } from "../test/bench/measure.ts";

/** Column heads, shortest first of meaning; what is not here keeps its own name. */
const heads: Readonly<Record<string, string>> = {
  cpuNsPerSample: "ns/sample",
  toFloor: "× floor",
  toZlib: "× zlib",
  toNaive: "× naive",
  toAwsSdk: "× AWS SDK",
  samplesPerCoreSecond: "samples/core s",
  cpuSecondsPerMillion: "CPU s/M",
  samplesPerSecond: "samples/s",
  cpuNsPerRequest: "ns/request",
  rssPeakMiB: "peak MiB",
  rssFirstFifthMiB: "MiB first fifth",
  rssLastFifthMiB: "MiB last fifth",
  idleRssMiB: "idle MiB",
  readyMs: "ready ms",
  p50Ms: "p50 ms",
  p99Ms: "p99 ms",
  maxMs: "max ms",
  coresUsed: "cores",
};

/** One table per kind of figure, as Markdown, which a terminal shows as well. */
export function tableOf(measured: readonly Figure[]): string {
  // Single looks of a soak are for those who draw them.
  const figures = measured.filter(({ part }) => part !== "series");
  const kinds = [...new Set(figures.map(({ figure }) => figure))];
  return kinds.map((kind) => tableOfKind(figures.filter(({ figure }) => figure === kind))).join("\n\n");
}

/** One figure as it is measured. */
export function oneLine({ figure, part, input, runtime, values }: Figure): string {
  const texts = Object.entries(values).map(([name, value]) => `${heads[name] ?? name} ${rounded(value)}`);
  return `${[figure, part, input, runtime].filter(Boolean).join(", ")}: ${texts.join(", ")}`;
}

function tableOfKind(figures: readonly Figure[]): string {
  const groups = Map.groupBy(figures, ({ input, part, runtime }) => [input, part, runtime].join("\t"));
  const columns = [...new Set(figures.flatMap(({ values }) => Object.keys(values)))];
  const head = ["input", "part", "runtime", ...columns.map((name) => heads[name] ?? name), "spread"];
  const rows = [...groups].map(([key, runs]) => {
    const cells = columns.map((name) => {
      const values = valuesOf(runs, name);
      return values.length === 0 ? "" : rounded(median(values));
    });
    return [...key.split("\t"), ...cells, spreadOf(valuesOf(runs, columns[0] ?? ""))];
  });
  return `## ${figures[0]?.figure}\n\n${align([head, ...rows])}`;
}

function valuesOf(runs: readonly Figure[], name: string): number[] {
  return runs.map(({ values }) => values[name]).filter((value) => value !== undefined);
}

/** From the least to the most of all runs. */
function spreadOf(values: readonly number[]): string {
  if (values.length < 2) return "";
  return `${rounded(Math.min(...values))}–${rounded(Math.max(...values))}`;
}

function rounded(value: number): string {
  if (value < 0) return `-${rounded(-value)}`;
  if (value >= 100) return String(Math.round(value)).replace(/\B(?=(\d{3})+$)/g, ",");
  return value === 0 ? "0" : value.toPrecision(value >= 10 ? 3 : 2);
}

function align(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, at) => Math.max(...rows.map((row) => row[at]?.length ?? 0)));
  const line = (row: readonly string[]) =>
    `| ${row.map((cell, at) => cell.padEnd(widths[at]!)).join(" | ")} |`;
  const rule = `|${widths.map((width) => "-".repeat(width + 2)).join("|")}|`;
  const [head = [], ...rest] = rows;
  return [line(head), rule, ...rest.map(line)].join("\n");
}
