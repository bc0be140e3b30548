/** A target with everything that is hard about samples: special values, label texts, exemplars, gaps, start times. */
import { createServer } from "node:http";

export interface Target {
  readonly address: string;
  /** The start time of its counter and its histogram, in ms since the epoch. */
  readonly createdMs: number;
  stop(): Promise<void>;
}

/** Go's and our spelling of doubles that are easily changed on the way. */
const values = [
  "NaN",
  "+Inf",
  "-Inf",
  "-0",
  "0",
  "5e-324",
  "-2.2250738585072014e-308",
  "1.7976931348623157e+308",
  "0.1",
  "0.30000000000000004",
  "9007199254740993",
  "1e21",
  "1e-7",
  "-123456789.12345679",
];

/** Serves OpenMetrics at any path; each path counts its own scrapes. A path that ends in `utf8` has such names too. */
export async function startTarget(): Promise<Target> {
  const scrapes = new Map<string, number>();
  const createdMs = Date.now() - 12_345;
  const server = createServer((request, response) => {
    const path = request.url ?? "/";
    const scrape = (scrapes.get(path) ?? 0) + 1;
    scrapes.set(path, scrape);
    response.setHeader("content-type", "application/openmetrics-text; version=1.0.0; charset=utf-8");
    response.end(exposition({ scrape, nowMs: Date.now(), createdMs, utf8Names: path.endsWith("utf8") }));
  });
  await new Promise<void>((resolve, reject) => {
    server.on("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error(`no port: ${address}`);
  return {
    address: `127.0.0.1:${address.port}`,
    createdMs,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

interface Moment {
  readonly scrape: number;
  readonly nowMs: number;
  readonly createdMs: number;
  readonly utf8Names: boolean;
}

function exposition({ scrape, nowMs, createdMs, utf8Names }: Moment): string {
  const value = (shift: number) => values[(scrape + shift) % values.length];
  const seconds = (ms: number) => (ms / 1000).toFixed(3);
  const exemplar = `# {trace_id="trace-${scrape}",note="é\\"☃"} ${scrape + 0.25} ${seconds(nowMs - 5)}`;
  const lines = [
    "# HELP special Values that are easily changed.",
    "# TYPE special gauge",
    ...values.map((_, shift) => `special{shift="${shift}"} ${value(shift)}`),
    '# HELP label_text Texts with \\"quotes\\", \\\\ and ☃.',
    "# TYPE label_text gauge",
    `label_text{text="a\\"b\\\\c\\nd"} ${scrape}`,
    `label_text{text="héllo ☃ 🦊 \u2028\u0001\u007f"} ${scrape}`,
    `label_text{text="</script>,{}=/"} ${scrape}`,
    "# TYPE region gauge",
    `region{region="of the target"} ${scrape}`,
    "# HELP flapping Here on odd scrapes only.",
    "# TYPE flapping gauge",
    ...(scrape % 2 === 1 ? [`flapping ${scrape}`] : []),
    "# TYPE flapping_seconds histogram",
    ...(scrape % 2 === 1 ? flappingHistogram(scrape) : []),
    "# TYPE delayed gauge",
    `delayed ${scrape} ${seconds(nowMs - 1500)}`,
    "# HELP work_seconds Seconds of work.",
    "# TYPE work_seconds counter",
    "# UNIT work_seconds seconds",
    `work_seconds_total{worker="a"} ${scrape} ${exemplar}`,
    `work_seconds_created{worker="a"} ${seconds(createdMs)}`,
    "# TYPE latency_seconds histogram",
    "# UNIT latency_seconds seconds",
    `latency_seconds_bucket{le="0.1"} ${scrape} ${exemplar}`,
    `latency_seconds_bucket{le="1.0"} ${scrape * 3} # {} 0.5`,
    `latency_seconds_bucket{le="+Inf"} ${scrape * 4}`,
    `latency_seconds_count ${scrape * 4}`,
    `latency_seconds_sum ${scrape * 1.1}`,
    `latency_seconds_created ${seconds(createdMs)}`,
    "# TYPE sizes summary",
    `sizes{quantile="0.5"} ${value(3)}`,
    `sizes_count ${scrape}`,
    `sizes_sum ${scrape / 3}`,
    "# TYPE build info",
    'build_info{version="1.2.3"} 1',
    "# TYPE mode stateset",
    'mode{mode="on"} 1',
    'mode{mode="off"} 0',
    "# TYPE whatever unknown",
    `whatever ${scrape}`,
  ];
  if (utf8Names) lines.push('# TYPE "http.requests" gauge', `{"http.requests","größe.in.m"="☃"} ${scrape}`);
  return `${lines.join("\n")}\n# EOF\n`;
}

function flappingHistogram(scrape: number): string[] {
  return [
    `flapping_seconds_bucket{le="1.0"} ${scrape}`,
    `flapping_seconds_bucket{le="+Inf"} ${scrape * 2}`,
    `flapping_seconds_count ${scrape * 2}`,
    `flapping_seconds_sum ${scrape * 0.7}`,
  ];
}
