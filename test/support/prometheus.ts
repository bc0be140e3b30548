/** Real senders for tests: finds, starts and stops Prometheus and node_exporter, each on a free loopback port. */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";
import { freePort, type ServerProcess, startServer } from "./server-process.ts";

/** A program that is here, or the reason for which its tests are skipped. */
export type Found =
  | { readonly path: string; readonly missing: false }
  | { readonly path: ""; readonly missing: string };

const cache = process.env["PRK_CACHE"] ?? join(homedir(), ".cache/prometheus-remote-kinesis");

/** Prometheus as the distribution has it; Debian's 2.42 speaks remote write 1.0 only. */
export const prometheus2 = find("prometheus", "PROMETHEUS2_BIN", "install the package prometheus");
/** The promtool beside it. */
export const promtool2 = find("promtool", "PROMTOOL2_BIN", "install the package prometheus");
/** Prometheus 3, which speaks remote write 2.0; .ci/run builds it. */
export const prometheus3 = find(
  join(cache, "prometheus3/prometheus"),
  "PROMETHEUS3_BIN",
  "bash .ci/run builds it",
);
/** The promtool beside it. */
export const promtool3 = find(join(cache, "prometheus3/promtool"), "PROMTOOL3_BIN", "bash .ci/run builds it");
/** Some thousand real series. */
export const nodeExporter = find(
  "prometheus-node-exporter",
  "NODE_EXPORTER_BIN",
  "install the package prometheus-node-exporter",
);

export interface PrometheusServer extends ServerProcess {
  readonly dataFolder: string;
  /** The `data` of an answer of its HTTP API. */
  api(path: string, parameters?: Readonly<Record<string, string>>): Promise<unknown>;
  /** Its own metrics in the text format. */
  metrics(): Promise<string>;
}

export interface PrometheusOptions {
  readonly path: string;
  /** For configuration and data. */
  readonly folder: string;
  readonly flags: readonly string[];
  /** The content of prometheus.yml, given the server's own `host:port`. It may name rules.yml as its rule file. */
  readonly config: (ownAddress: string) => unknown;
  /** The content of rules.yml. */
  readonly rules: unknown;
}

/** Starts Prometheus and waits until it is ready. */
export async function startPrometheus(options: PrometheusOptions): Promise<PrometheusServer> {
  const { path, folder, flags, config, rules } = options;
  const address = `127.0.0.1:${await freePort()}`;
  const dataFolder = join(folder, "data");
  mkdirSync(dataFolder, { recursive: true });
  const configFile = join(folder, "prometheus.yml");
  // JSON is YAML.
  writeFileSync(configFile, JSON.stringify(config(address), undefined, 2));
  writeFileSync(join(folder, "rules.yml"), JSON.stringify(rules, undefined, 2));
  const server = await startServer({
    command: [
      path,
      `--config.file=${configFile}`,
      `--storage.tsdb.path=${dataFolder}`,
      `--web.listen-address=${address}`,
      ...flags,
    ],
    url: `http://${address}`,
    readyPath: "/-/ready",
  });
  return {
    ...server,
    dataFolder,
    metrics: async () => (await fetch(`${server.url}/metrics`)).text(),
    async api(apiPath, parameters = {}) {
      const response = await fetch(`${server.url}/api/v1/${apiPath}?${new URLSearchParams(parameters)}`);
      const answer = (await response.json()) as { status: string; data?: unknown; error?: string };
      if (answer.status !== "success")
        throw new Error(`${apiPath} answered ${response.status}: ${answer.error}`);
      return answer.data;
    },
  };
}

/** Starts node_exporter and waits until it answers. */
export async function startNodeExporter(path: string): Promise<ServerProcess> {
  const address = `127.0.0.1:${await freePort()}`;
  return startServer({
    command: [path, `--web.listen-address=${address}`, "--log.level=error"],
    url: `http://${address}`,
    readyPath: "/",
  });
}

/** The sum over all label sets of one metric in a text exposition; undefined when there is none. */
export function sumOf(metricsText: string, name: string): number | undefined {
  const lines = metricsText
    .split("\n")
    .filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `));
  if (lines.length === 0) return undefined;
  return lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(" ") + 1)), 0);
}

function find(program: string, variable: string, remedy: string): Found {
  const given = process.env[variable];
  if (given !== undefined && given !== "") return { path: given, missing: false };
  const folders = program.includes("/") ? [""] : (process.env["PATH"] ?? "").split(delimiter);
  const path = folders.map((folder) => join(folder, program)).find((each) => existsSync(each));
  if (path !== undefined) return { path, missing: false };
  return { path: "", missing: `${program} is not on this machine: ${remedy}, or name it in ${variable}` };
}

/** Runs promtool with `input` on stdin; its stdout, or an error with its stderr. */
export function runPromtool(path: string, args: readonly string[], input = ""): string {
  const { status, stdout, stderr, error } = spawnSync(path, args, {
    input,
    encoding: "utf8",
    maxBuffer: 1 << 30,
    timeout: 60_000,
  });
  if (error !== undefined) throw error;
  if (status !== 0 || stderr !== "")
    throw new Error(`promtool ${args.join(" ")} ended with ${status}: ${stderr}`);
  return stdout;
}
