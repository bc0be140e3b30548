/** Real Prometheus servers write to the real program while everything around them moves; what each has in the end. */
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
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
import { freePort, type ServerProcess, startServer } from "../support/server-process.ts";
import { type Dump, exemplarsOfAnswer, histogramsOfAnswer, parseDump, samplesOfAnswer } from "./answer.ts";
import { type Archive, readArchive } from "./archive.ts";
import type { Labels, SeriesItems } from "./items.ts";

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

export interface Evidence {
  readonly senders: ReadonlyMap<string, SenderEvidence>;
  readonly archive: Archive;
  /** Our own metrics after the last write. */
  readonly metrics: string;
  readonly exitCode: number | string;
  readonly receiverLog: string;
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
  /** Called while the senders write; may stop and start the receiver. */
  readonly whileWriting: (receiver: ReceiverControl) => Promise<void>;
}

export interface ReceiverControl {
  /** SIGKILL, and the same command again after `downMs`. */
  restartAfterKill(downMs: number): Promise<void>;
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
  { senders, nodeExporterPath, whileWriting }: ScenarioOptions,
  cleanups: (() => Promise<unknown>)[],
): Promise<Evidence> {
  const archiveFolder = join(folder, "archive");
  const port = await freePort();
  let receiver = await startReceiver(archiveFolder, port);
  let receiverLog = "";
  cleanups.push(() => receiver.kill());
  const target = await startTarget();
  cleanups.push(() => target.stop());
  const nodeExporter = await startNodeExporter(nodeExporterPath);
  cleanups.push(() => nodeExporter.kill());
  const started: { sender: Sender; server: PrometheusServer }[] = [];
  for (const sender of senders) {
    const others = started.map(({ server }) => server);
    const config = configOf(sender, { port, target, nodeExporter, others });
    const server = await startPrometheus({ ...sender, folder: join(folder, sender.name), config, rules });
    cleanups.push(() => server.kill());
    started.push({ sender, server });
  }

  await whileWriting({
    async restartAfterKill(downMs) {
      await receiver.kill();
      receiverLog += receiver.log();
      await sleep(downMs);
      receiver = await startReceiver(archiveFolder, port);
    },
  });
  const vanishedMs = Date.now();
  await nodeExporter.stop();
  await sleep(4_000 + settledMs);

  const untilMs = Date.now() - settledMs;
  const asked = await Promise.all(started.map(({ sender, server }) => ask(sender, server, untilMs)));
  await Promise.all(started.map(({ server }) => stopCleanly(server)));
  const metrics = await (await fetch(`${receiver.url}/metrics`)).text();
  const exitCode = await receiver.stop();
  const evidence = started.map(({ sender, server }, at): [string, SenderEvidence] => {
    const text = runPromtool(sender.promtoolPath, ["tsdb", "dump", server.dataFolder]);
    return [sender.name, { ...asked[at]!, dump: parseDump(text, externalLabels(sender)), log: server.log() }];
  });
  return {
    senders: new Map(evidence),
    archive: readArchive(archiveFolder),
    metrics,
    exitCode,
    receiverLog: receiverLog + receiver.log(),
    untilMs,
    vanishedMs,
    createdMs: target.createdMs,
  };
}

function startReceiver(archiveFolder: string, port: number): Promise<ServerProcess> {
  mkdirSync(archiveFolder, { recursive: true });
  const root = join(import.meta.dirname, "../..");
  const address = `127.0.0.1:${port}`;
  return startServer({
    command: [
      join(root, "node_modules/.bin/bun"),
      join(root, "src/main.ts"),
      ...["--listen-addr", address, "--sink", `file:${archiveFolder}`, "--linger", "50ms"],
      // Several files, so that rotation and compression happen meanwhile.
      ...["--rotate-age", "5s", "--log-level", "debug"],
    ],
    url: `http://${address}`,
    readyPath: "/-/ready",
  });
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
  readonly port: number;
  readonly target: Target;
  readonly nodeExporter: ServerProcess;
  /** Prometheus servers that run already. */
  readonly others: readonly ServerProcess[];
}

function configOf(sender: Sender, { port, target, nodeExporter, others }: Surroundings) {
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
    remote_write: [
      {
        url: `http://127.0.0.1:${port}${sender.writePath}`,
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
      },
    ],
  });
}

async function ask(
  sender: Sender,
  server: PrometheusServer,
  untilMs: number,
): Promise<Omit<SenderEvidence, "dump">> {
  const external = externalLabels(sender);
  const query = '{__name__=~".+"}';
  const end = String(untilMs / 1000);
  const start = String(untilMs / 1000 - 300);
  const answer = await server.api("query", { query: `${query}[5m]`, time: end });
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
