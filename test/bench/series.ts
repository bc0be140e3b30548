/**
 * Series as node_exporter and kube-state-metrics have them: 8 to 12 labels, 500 a target; counters, gauges and classic
 * histograms. All follows from the series' number, so a million of them take no memory.
 */
export const seriesPerTarget = 500;

export type ValueKind = "counter" | "seconds" | "bytes" | "ratio" | "flag" | "bucket";

export interface SeriesTemplate {
  /** Sorted by name. A value may hold `targetMark`, in whose place the number of the target comes. */
  readonly labels: readonly (readonly [string, string])[];
  readonly kind: ValueKind;
  /** As metadata of 2.0 names it. */
  readonly type: number;
  readonly help: string;
}

/** Six digits take its place. */
export const targetMark = "{num}";

interface Family {
  readonly name: string;
  readonly kind: ValueKind;
  readonly help: string;
  /** Label names and the values each goes through, the last one fastest. */
  readonly by: readonly (readonly [string, readonly string[]])[];
}

const cpus = ["0", "1", "2", "3"];
const modes = ["idle", "iowait", "irq", "nice", "softirq", "steal", "system", "user"];
const devices = ["eth0", "lo", "cali0a4d51dd2a7", "veth6d0e4c1b"];
const disks = ["nvme0n1", "nvme1n1"];
const mounts = ["/", "/boot/efi", "/var/lib/kubelet", "/run/user/1000"];
const buckets = ["0.005", "0.01", "0.025", "0.05", "0.1", "0.25", "0.5", "1", "2.5", "5", "10", "+Inf"];
const reasons = ["CrashLoopBackOff", "ContainerCreating", "ErrImagePull", "OOMKilled", "Completed"];
const handlers = ["/api/v1/query", "/api/v1/query_range", '/api/v1/label/:name/values"'];
const memory = words(
  "MemFree MemAvailable Buffers Cached SwapCached Active Inactive Dirty Writeback Mapped Shmem Slab",
);
const netstat = words(
  "Tcp_InSegs Tcp_OutSegs Tcp_RetransSegs Udp_InDatagrams Udp_NoPorts Icmp_InMsgs IpExt_InOctets",
);
const vmstat = words("pgfault pgmajfault pgpgin pgpgout pswpin pswpout oom_kill");
const memstats = words(
  "alloc buck_hash_sys frees gc_sys heap_alloc heap_idle heap_inuse mallocs mspan_inuse stack_sys",
);
const pods = words(
  "api-5f6d8c7b9 web-7c9f6d5b4 db-0 cache-66b8f5d7c cron-28391040 etcd-1 proxy-x2v9q queue-59d4c8b76",
);

const families: readonly Family[] = [
  counter("node_cpu_seconds_total", "seconds", ["cpu", cpus], ["mode", modes]),
  ...memory.map((field) => gauge(`node_memory_${field}_bytes`, "bytes")),
  ...netstat.map((field) => counter(`node_netstat_${field}`, "counter")),
  ...vmstat.map((field) => counter(`node_vmstat_${field}`, "counter")),
  ...memstats.map((field) => gauge(`go_memstats_${field}_bytes`, "bytes")),
  counter("node_network_receive_bytes_total", "bytes", ["device", devices]),
  counter("node_network_transmit_packets_total", "counter", ["device", devices]),
  counter("node_disk_io_time_seconds_total", "seconds", ["device", disks]),
  counter("node_disk_reads_completed_total", "counter", ["device", disks]),
  gauge("node_filesystem_avail_bytes", "bytes", ["fstype", ["ext4"]], ["mountpoint", mounts]),
  ...["node_load1", "node_load5", "node_load15"].map((name) => gauge(name, "ratio")),
  gauge("kube_pod_container_status_waiting_reason", "flag", ["exported_pod", pods], ["reason", reasons]),
  gauge("kube_pod_container_resource_requests", "ratio", ["exported_pod", pods], ["unit", ["core", "byte"]]),
  gauge("container_memory_working_set_bytes", "bytes", ["exported_pod", pods], ["image", ["app:1.42.0"]]),
  counter("container_cpu_usage_seconds_total", "seconds", ["exported_pod", pods], ["cpu", cpus]),
  ...["up", "scrape_duration_seconds", "scrape_samples_scraped"].map((name) => gauge(name, "ratio")),
  histogram("http_request_duration_seconds", ["code", ["200", "500"]], ["handler", handlers]),
];

const around: readonly (readonly [string, string])[] = [
  ["cluster", "prod-eu1"],
  ["instance", `node-${targetMark}:9100`],
  ["job", "kubernetes-pods"],
  ["namespace", "observability"],
  ["node", `node-${targetMark}.example.internal`],
  ["pod", `exporter-7d4f9c-${targetMark}`],
];

/** The series of one target, in the order of a scrape. */
export const templates: readonly SeriesTemplate[] = makeTemplates();

/** Labels of series `index`, sorted by name. */
export function labelsOf(index: number): readonly (readonly [string, string])[] {
  const digits = targetDigits(Math.floor(index / seriesPerTarget));
  return templateOf(index).labels.map(([name, value]) => [name, value.replace(targetMark, digits)]);
}

export function templateOf(index: number): SeriesTemplate {
  return templates[index % seriesPerTarget]!;
}

export function targetDigits(target: number): string {
  return String(target).padStart(6, "0");
}

/**
 * The value of a series at its nth scrape. Two in five stand still, as in real exporters; the others grow or move by
 * amounts that follow from both numbers.
 */
export function valueAt(index: number, scrape: number): number {
  const seed = hash(index);
  const still = seed % 5 < 2;
  const at = still ? 0 : scrape;
  const moved = hash(index * 31 + at * 7919);
  switch (templateOf(index).kind) {
    case "counter":
      return (seed % 1_000_000) + at * (1 + (seed % 97));
    case "bucket":
      return (seed % 30_000) + at * (seed % 7);
    case "seconds":
      return Math.round((seed % 900_000) + at * 1500 + (moved % 1500)) / 100;
    case "bytes":
      return 4096 * ((seed % 4_000_000) + (still ? 0 : moved % 512));
    case "flag":
      return seed % 9 === 0 ? 1 : 0;
    case "ratio":
      return moved / 2 ** 32;
  }
}

/** Mixes all 32 bits (the finalizer of MurmurHash3). */
function hash(value: number): number {
  let mixed = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}

function makeTemplates(): SeriesTemplate[] {
  const one = families.flatMap(seriesOf);
  // A target has several of the larger families, told apart as ports of one host are.
  return Array.from({ length: seriesPerTarget }, (_, at) => {
    const template = one[at % one.length]!;
    const round = Math.floor(at / one.length);
    const labels = [...template.labels, ["endpoint", `port-${9100 + round}`] as const];
    return { ...template, labels: sorted(labels) };
  });
}

function seriesOf(family: Family): SeriesTemplate[] {
  let sets: (readonly (readonly [string, string])[])[] = [[]];
  for (const [name, values] of family.by) {
    sets = sets.flatMap((set) => values.map((value) => [...set, [name, value] as const]));
  }
  const isCounter = family.kind !== "ratio" && family.kind !== "flag";
  return sets.map((set) => ({
    labels: [["__name__", family.name], ...around, ...set],
    kind: family.kind,
    type: isCounter ? 1 : 2,
    help: family.help,
  }));
}

function sorted(labels: readonly (readonly [string, string])[]): readonly (readonly [string, string])[] {
  return labels.toSorted(([a], [b]) => (a < b ? -1 : 1));
}

function words(text: string): readonly string[] {
  return text.split(" ");
}

function counter(name: string, kind: ValueKind, ...by: Family["by"]): Family {
  return { name, kind, help: `${name.replaceAll("_", " ")} since the start.`, by };
}

function gauge(name: string, kind: ValueKind, ...by: Family["by"]): Family {
  return { name, kind, help: `${name.replaceAll("_", " ")} at the time of the scrape.`, by };
}

function histogram(name: string, ...by: Family["by"]): Family {
  return {
    name: `${name}_bucket`,
    kind: "bucket",
    help: `${name} in buckets.`,
    by: [...by, ["le", buckets]],
  };
}
