/**
 * Lines as a Prometheus that watches Kubernetes would send them: target by target, in the order of their scrape, with
 * eight to twelve labels a series; counters, gauges and buckets of histograms in the shares they have there.
 */
import type { Random } from "../clock.ts";

export interface Workload {
  readonly series: number;
  readonly samplesPerSecond: number;
}

type Labels = readonly (readonly [name: string, value: string])[];

interface Series {
  /** `{"name":"…",` */
  readonly head: string;
  /** `"labels":{…}}` and the line's end. */
  readonly tail: string;
  readonly kind: "counter" | "seconds" | "gauge" | "ratio";
  value: number;
}

/** Series of one target: what a pod exposes. */
const targetSeries = 120;
const buckets = ["0.005", "0.01", "0.025", "0.05", "0.1", "0.25", "0.5", "1", "2.5", "5", "10", "+Inf"];
const routes = [
  "/",
  "/api/v1/orders",
  "/api/v1/orders/:id",
  "/api/v1/users/:id/sessions",
  "/healthz",
  "/login",
];
const codes = ["200", "201", "204", "304", "400", "404", "500", "503"];
const counters = [
  "process_cpu_seconds_total",
  "container_network_receive_bytes_total",
  "http_client_request_duration_seconds_sum",
  "container_cpu_usage_seconds_total",
  "http_client_requests_total",
  "kafka_consumer_records_consumed_total",
];
const gauges = [
  "container_memory_working_set_bytes",
  "go_goroutines",
  "process_resident_memory_bytes",
  "db_pool_connections_in_use",
  "queue_depth",
  "kube_pod_container_status_ready",
];
const services = [
  "checkout",
  "catalog",
  "payments",
  "search",
  "session-store",
  "recommendation",
  "mail",
  "gateway",
];
const startMs = Date.UTC(2026, 10, 1);

/** Endless samples of a workload, the series in turns; the same for the same `random`. */
export class LineSource {
  private readonly series: (Series | undefined)[];
  private readonly workload: Workload;
  private readonly random: Random;
  private nth = 0;
  private timeMs = startMs;

  constructor(workload: Workload, random: Random) {
    this.workload = workload;
    this.random = random;
    this.series = new Array<Series | undefined>(workload.series);
  }

  /** The next `count` samples as lines. */
  next(count: number): string {
    let lines = "";
    for (let i = 0; i < count; i++) {
      const at = this.nth % this.workload.series;
      // All samples of a scrape have its time.
      if (at % targetSeries === 0) this.timeMs = this.scrapeMs();
      const series = this.series[at] ?? makeSeries(at, this.random);
      this.series[at] = series;
      this.advance(series);
      lines += `${series.head}"time":${this.timeMs},"value":${series.value},${series.tail}`;
      this.nth++;
    }
    return lines;
  }

  private scrapeMs(): number {
    return startMs + Math.floor((this.nth * 1000) / this.workload.samplesPerSecond + this.random() * 10);
  }

  private advance(series: Series): void {
    const { random } = this;
    if (series.kind === "ratio") series.value = random();
    else if (series.kind === "gauge")
      series.value = Math.max(0, series.value + Math.floor((random() - 0.5) * 1000) * 4);
    else if (series.kind === "seconds") series.value += random() * 15;
    // Many counters stand still between two scrapes.
    else if (random() < 0.7) series.value += Math.floor(random() * 5_000);
  }
}

function makeSeries(at: number, random: Random): Series {
  const target = Math.floor(at / targetSeries);
  const place = at % targetSeries;
  const labels = [...targetLabels(target)];
  let kind: Series["kind"] = "counter";
  let name: string;
  if (place < 48) {
    const route = Math.floor(place / buckets.length) + target;
    name = "http_server_request_duration_seconds_bucket";
    labels.push(["le", buckets[place % buckets.length]!], ["method", route % 3 === 0 ? "POST" : "GET"]);
    labels.push(["route", routes[route % routes.length]!]);
  } else if (place < 84) {
    name = counters[place % counters.length]!;
    if (place % 2 === 0) kind = "seconds";
    labels.push(["code", codes[Math.floor(place / 5) % codes.length]!], ["interface", `eth${place % 4}`]);
  } else {
    name = gauges[place % gauges.length]!;
    kind = place % 2 === 0 ? "ratio" : "gauge";
    labels.push(["container", services[place % services.length]!], ["shard", String(place)]);
  }
  labels.push(["__name__", name]);
  labels.sort(([a], [b]) => (a < b ? -1 : 1));
  return {
    head: `{"name":"${name}",`,
    tail: `"labels":${labelsText(labels)}}\n`,
    kind,
    value: Math.floor(random() * 10 ** (3 + random() * 8)),
  };
}

function targetLabels(target: number): Labels {
  const service = services[target % services.length]!;
  // Names as Kubernetes makes them: they look random, and compress as badly.
  const hash = mixed(target).toString(36).padStart(7, "0");
  return [
    ["cluster", "prod-eu-1"],
    ["instance", `10.${target % 4}.${(target >> 2) % 250}.${(target * 7) % 250}:9090`],
    ["job", `kubernetes-pods/${service}`],
    ["namespace", service === "gateway" ? "ingress" : "shop"],
    ["node", `ip-10-${target % 4}-${(target >> 4) % 250}-17.eu-central-1.compute.internal`],
    [
      "pod",
      `${service}-${hash}-${mixed(target + 1)
        .toString(36)
        .slice(-5)}`,
    ],
  ];
}

function mixed(of: number): number {
  return Math.imul(of ^ 0x9e37_79b9, 0x85eb_ca6b) >>> 0;
}

function labelsText(labels: Labels): string {
  return `{${labels.map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`).join(",")}}`;
}
