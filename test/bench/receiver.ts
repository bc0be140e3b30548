/** The programs that are measured from outside: ours under each runtime and as the executable, and vmagent. */
import { spawn, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { type ProgramKind, startProgram, withDirectory } from "../support/program.ts";
import { freePort } from "../support/server-process.ts";
import { nullCredentials, nullRegion } from "./null-aws.ts";

export interface Receiver {
  /** Where requests go. */
  readonly url: string;
  readonly pid: number;
}

export const vmagentPath = "/usr/bin/vmagent";
export type ReceiverKind = ProgramKind | "vmagent";

/** `null` stands for the null end's URL; the rest are sinks of ours. */
export interface ReceiverOptions {
  readonly kind: ReceiverKind;
  /** Flags of ours, beside those every run has. */
  readonly args: readonly string[];
  readonly nullUrl: string;
}

/** Why this receiver cannot be measured here, or undefined. */
export function reasonToSkip(kind: ReceiverKind): string | undefined {
  if (!existsSync("/proc/self/stat")) return "there is no /proc to read CPU time from";
  if (kind !== "vmagent" || existsSync(vmagentPath)) return undefined;
  return `no vmagent at ${vmagentPath}: apt-get install victoria-metrics`;
}

/** Runs `use` while the receiver takes requests. */
export function withReceiver<T>(
  options: ReceiverOptions,
  use: (receiver: Receiver) => Promise<T>,
): Promise<T> {
  return withDirectory((cwd) =>
    options.kind === "vmagent" ? withVmagent(options, cwd, use) : withOurs(options.kind, options, cwd, use),
  );
}

async function withOurs<T>(
  kind: ProgramKind,
  { args, nullUrl }: ReceiverOptions,
  cwd: string,
  use: (receiver: Receiver) => Promise<T>,
): Promise<T> {
  const { accessKeyId, secretAccessKey } = nullCredentials;
  const env = {
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    AWS_REGION: nullRegion,
    AWS_ENDPOINT_URL: nullUrl,
    AWS_EC2_METADATA_DISABLED: "true",
    ...trustOf(process.env),
  };
  const program = await startProgram(kind, { args, env, cwd });
  try {
    return await use({ url: `${program.url}/receive`, pid: program.pid });
  } finally {
    program.signal("SIGKILL");
    await program.ended;
  }
}

function trustOf(env: NodeJS.ProcessEnv): Record<string, string> {
  const names = ["NODE_EXTRA_CA_CERTS", "DENO_CERT"];
  return Object.fromEntries(names.flatMap((name) => (env[name] === undefined ? [] : [[name, env[name]]])));
}

async function withVmagent<T>(
  { nullUrl }: ReceiverOptions,
  cwd: string,
  use: (receiver: Receiver) => Promise<T>,
): Promise<T> {
  const port = await freePort();
  const child = spawn(
    vmagentPath,
    [
      `-httpListenAddr=127.0.0.1:${port}`,
      `-remoteWrite.url=${nullUrl}api/v1/write`,
      `-remoteWrite.tmpDataPath=${cwd}/queue`,
      "-loggerLevel=ERROR",
    ],
    { cwd, stdio: "ignore" },
  );
  const ended = new Promise((resolve) => child.on("close", resolve));
  try {
    const url = `http://127.0.0.1:${port}`;
    await untilHealthy(url);
    return await use({ url: `${url}/api/v1/write`, pid: child.pid ?? 0 });
  } finally {
    child.kill("SIGKILL");
    await ended;
  }
}

async function untilHealthy(url: string): Promise<void> {
  for (let tries = 0; tries < 100; tries++) {
    const isHealthy = await fetch(`${url}/health`).then(
      ({ ok }) => ok,
      () => false,
    );
    if (isHealthy) return;
    await sleep(100);
  }
  throw new Error(`vmagent does not listen at ${url}`);
}

/** Binds all threads of a process to one core. False where there is no taskset. */
export function bindToOneCore(pid: number): boolean {
  return spawnSync("taskset", ["-acp", "1", String(pid)]).status === 0;
}
