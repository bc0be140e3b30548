/** Real Prometheus servers write to the real program while everything around them moves; what each has in the end. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import {
  type PrometheusServer,
  runPromtool,
  startNodeExporter,
  startPrometheus,
} from "../support/prometheus.ts";
import { startTarget, type Target } from "../support/prometheus-target.ts";
import type { ServerProcess } from "../support/server-process.ts";
import { type Dump, exemplarsOfAnswer, histogramsOfAnswer, parseDump, samplesOfAnswer } from "./answer.ts";
import type { Archive } from "./archive.ts";
import type { Labels, SeriesItems } from "./items.ts";
import { fileReceiver, type Receiver, type ReceiverOptions, startReceiver } from "./receiver.ts";

export interface Sender {
  /** Value of the external label `archive`. */
  readonly name: string;
  readonly path: string;
  readonly promtoolPath: string;
  readonly writePath: string;
  readonly flags: readonly string[];
  readonly globalConfig: Readonly<Record<string, unknown>>;
  readonly remoteWriteConfig: Readonly<Record<string, unknown>>;
  readonly targetPath: string;
  /** Further scrape jobs of the target that has everything. */
  readonly targetJobs: readonly Readonly<Record<string, unknown>>[];
}

export interface SenderEvidence {
  readonly external: Labels;
  readonly samples: SeriesItems;
  readonly exemplars: SeriesItems;
  readonly histograms: SeriesItems;
  /** What the sender's own storage holds at the end. */
  readonly dump: Dump;
  readonly metadata: Readonly<Record<string, readonly { type: string; help: string; unit: string }[]>>;
  /** The sender's own metrics shortly before its end. */
  readonly metrics: string;
  readonly log: string;
}

export interface ReceiverEvidence {
  readonly archive: Archive;
  /** Its own metrics after the last write. */
  readonly metrics: string;
  readonly exitCode: number | string;
  readonly receiverLog: string;
}

/** The evidence of the first receiver, and of all. */
export interface Evidence extends ReceiverEvidence {
  readonly senders: ReadonlyMap<string, SenderEvidence>;
  readonly receivers: ReadonlyMap<string, ReceiverEvidence>;
  /** Everything up to here was asked for and must be in the archive. */
  readonly untilMs: number;
  /** When node_exporter was stopped. */
  readonly vanishedMs: number;
  readonly createdMs: number;
}

export interface ScenarioOptions {
  /** Started in this order; each scrapes those before it as well. */
  readonly senders: readonly Sender[];
  readonly nodeExporterPath: string;
  /** Every sender writes to each of them. Not set: one that writes files. */
  readonly receivers?: readonly ReceiverOptions[];
  /** Called while the senders write; may stop and start the receivers. */
  readonly whileWriting: (
    receivers: readonly Receiver[],
    servers: readonly PrometheusServer[],
  ) => Promise<void>;
}

/** How long samples are on their way to the API's answer at most. */
const settledMs = 2_000;

/** Runs all of it and stops all of it. */
export async function runScenario(options: ScenarioOptions): Promise<Evidence> {
  const folder = mkdtempSync(join(tmpdir(), "prk-e2e-"));
  const cleanups: (() => Promise<unknown>)[] = [];
  try {
    return await runIn(folder, options, cleanups);
  } finally {
    for (const cleanup of cleanups.reverse()) await cleanup();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function runIn(
  folder: string,
  { senders, nodeExporterPath, receivers: given = [fileReceiver], whileWriting }: ScenarioOptions,
  cleanups: (() => Promise<unknown>)[],
): Promise<Evidence> {
  const startedMs = Date.now();
  const receivers: Receiver[] = [];
  for (const options of given) {
    const receiver = await startReceiver(options, join(folder, options.name));
    cleanups.push(() => receiver.kill());
    receivers.push(receiver);
  }
  const target = await startTarget();
  cleanups.push(() => target.stop());
  const nodeExporter = await startNodeExporter(nodeExporterPath);
  cleanups.push(() => nodeExporter.kill());
  const started: { sender: Sender; server: PrometheusServer }[] = [];
  for (const sender of senders) {
    const others = started.map(({ server }) => server);
    const config = configOf(sender, { receivers, target, nodeExporter, others });
    const server = await startPrometheus({ ...sender, folder: join(folder, sender.name), config, rules });
    cleanups.push(() => server.kill());
    started.push({ sender, server });
  }

  await whileWriting(
    receivers,
    started.map(({ server }) => server),
  );
  const vanishedMs = Date.now();
  await nodeExporter.stop();
  await sleep(4_000 + settledMs);

  const untilMs = Date.now() - settledMs;
  const span = { startedMs, untilMs };
  const asked = await Promise.all(started.map(({ sender, server }) => ask(sender, server, span)));
  await Promise.all(started.map(({ server }) => stopCleanly(server)));
  const ends = await Promise.all(receivers.map(async (each) => [each.name, await each.finish()] as const));
  const evidence = started.map(({ sender, server }, at): [string, SenderEvidence] => {
    const text = runPromtool(sender.promtoolPath, ["tsdb", "dump", server.dataFolder]);
    return [sender.name, { ...asked[at]!, dump: parseDump(text, externalLabels(sender)), log: server.log() }];
  });
  return {
    ...ends[0]![1],
    senders: new Map(evidence),
    receivers: new Map(ends),
    untilMs,
    vanishedMs,
    createdMs: target.createdMs,
  };
}

/** One label that nothing else has, one that the target has as well, and one that is hard to write. */
function externalLabels(sender: Sender): Labels {
  return { archive: sender.name, region: "of the sender", zone: 'a"\\☃' };
}

/** Rates of native histograms are float histograms, which no target exposes. */
const rules = {
  groups: [
    {
      name: "histograms",
      rules: [{ record: "http:rate", expr: "rate(prometheus_http_request_duration_seconds[5s])" }],
    },
  ],
};

interface Surroundings {
  readonly receivers: readonly Receiver[];
  readonly target: Target;
  readonly nodeExporter: ServerProcess;
  /** Prometheus servers that run already. */
  readonly others: readonly ServerProcess[];
}

function configOf(sender: Sender, { receivers, target, nodeExporter, others }: Surroundings) {
  const scraping = (...addresses: string[]) => ({ static_configs: [{ targets: addresses }] });
  const addressOf = ({ url }: ServerProcess) => url.replace("http://", "");
  return (ownAddress: string) => ({
    global: {
      scrape_interval: "1s",
      evaluation_interval: "1s",
      external_labels: externalLabels(sender),
      ...sender.globalConfig,
    },
    rule_files: ["rules.yml"],
    scrape_configs: [
      { job_name: "prometheus", ...scraping(ownAddress, ...others.map(addressOf)) },
      { job_name: "node", ...scraping(addressOf(nodeExporter)) },
      { job_name: "target", metrics_path: sender.targetPath, ...scraping(target.address) },
      ...sender.targetJobs.map((job) => ({ ...job, ...scraping(target.address) })),
    ],
    remote_write: receivers.map(({ url }) => ({
      url: `${url}${sender.writePath}`,
      send_exemplars: true,
      send_native_histograms: true,
      queue_config: {
        capacity: 2_000,
        min_shards: 2,
        max_shards: 4,
        max_samples_per_send: 500,
        batch_send_deadline: "500ms",
      },
      ...sender.remoteWriteConfig,
    })),
  });
}

async function ask(
  sender: Sender,
  server: PrometheusServer,
  { startedMs, untilMs }: { readonly startedMs: number; readonly untilMs: number },
): Promise<Omit<SenderEvidence, "dump">> {
  const external = externalLabels(sender);
  const query = '{__name__=~".+"}';
  const end = String(untilMs / 1000);
  const start = String(startedMs / 1000 - 60);
  const seconds = Math.ceil((untilMs - startedMs) / 1000) + 60;
  const answer = await server.api("query", { query: `${query}[${seconds}s]`, time: end });
  return {
    external,
    samples: samplesOfAnswer(answer, external),
    histograms: histogramsOfAnswer(answer, external),
    exemplars: exemplarsOfAnswer(await server.api("query_exemplars", { query, start, end }), external),
    metadata: (await server.api("metadata")) as SenderEvidence["metadata"],
    metrics: await server.metrics(),
    log: "",
  };
}

async function stopCleanly(server: PrometheusServer): Promise<void> {
  const code = await server.stop();
  if (code !== 0) throw new Error(`Prometheus ended with ${code}: ${server.log().slice(-4000)}`);
}

/** Prometheus' API leaves stale markers out; in its dump they are the NaNs that the API does not answer. */
export function staleMarkersOf({ dump, samples }: SenderEvidence): SeriesItems {
  return new Map(
    [...dump.nans].map(([key, series]) => {
      const answered = samples.get(key);
      return [
        key,
        new Map([...series.keys()].filter((time) => !answered?.has(time)).map((time) => [time, "stale"])),
      ];
    }),
  );
}
