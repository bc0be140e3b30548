/** Starts a program that serves HTTP on loopback, waits until it answers, and stops it. */
import { spawn } from "node:child_process";
import { createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

export interface ServerProcess {
  readonly url: string;
  /** SIGTERM, then waits for the end. The exit code, or the signal that ended it. */
  stop(): Promise<number | string>;
  /** SIGKILL, then waits for the end. */
  kill(): Promise<void>;
  /** What it wrote to stdout and stderr so far. */
  log(): string;
}

export interface ServerOptions {
  readonly command: readonly string[];
  readonly url: string;
  /** Answers 200 as soon as the server is ready. */
  readonly readyPath: string;
  readonly env?: Readonly<Record<string, string | undefined>>;
}

const readyTimeoutMs = 30_000;
const stopTimeoutMs = 30_000;

/** Starts `command`; rejects with its output when it is not ready in time. */
export async function startServer({ command, url, readyPath, env }: ServerOptions): Promise<ServerProcess> {
  const [program = "", ...args] = command;
  const child = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"], env: { ...process.env, ...env } });
  const chunks: string[] = [];
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => chunks.push(String(chunk)));
  const log = () => chunks.join("");
  const ended = new Promise<number | string>((resolve) => {
    child.on("error", (error) => resolve(error.message));
    child.on("close", (code, signal) => resolve(code ?? signal ?? "unknown"));
  });
  const end = async (signal: NodeJS.Signals) => {
    child.kill(signal);
    const timer = setTimeout(() => child.kill("SIGKILL"), stopTimeoutMs);
    const code = await ended;
    clearTimeout(timer);
    return code;
  };
  try {
    await waitUntil(`${program} is ready`, readyTimeoutMs, async () => {
      if (child.exitCode !== null) throw new Error(`${program} ended with exit code ${child.exitCode}`);
      return isReady(url + readyPath);
    });
  } catch (error) {
    await end("SIGKILL");
    throw new Error(`cannot start ${command.join(" ")}: ${log().slice(-4000)}`, { cause: error });
  }
  return {
    url,
    log,
    stop: () => end("SIGTERM"),
    kill: async () => {
      await end("SIGKILL");
    },
  };
}

/** A loopback port that was free a moment ago. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => {
        if (address !== null && typeof address === "object") resolve(address.port);
        else reject(new Error(`listening, but at ${address}`));
      });
    });
  });
}

/** Waits until `holds` answers true; rejects with `what` after `timeoutMs`. */
export async function waitUntil(
  what: string,
  timeoutMs: number,
  holds: () => Promise<boolean>,
): Promise<void> {
  for (const deadlineMs = performance.now() + timeoutMs; performance.now() < deadlineMs; await sleep(100)) {
    if (await holds()) return;
  }
  throw new Error(`waited ${timeoutMs} ms in vain until ${what}`);
}

async function isReady(url: string): Promise<boolean> {
  try {
    return (await fetch(url)).ok;
  } catch (error) {
    // fetch rejects with a TypeError while nothing listens there.
    if (error instanceof TypeError) return false;
    throw error;
  }
}
