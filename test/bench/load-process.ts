/** Starts the sender and waits for what it has to say. */
import { spawn } from "node:child_process";
import { join } from "node:path";
import type { InputName } from "./inputs.ts";
import { firstLine, nodePath } from "./null-end.ts";

export interface LoadSpec {
  readonly url: string;
  readonly input: InputName;
  /** Connections, at most. */
  readonly senders: number;
  /** Closed loop: how many to send; of so many different ones. */
  readonly requests?: number;
  readonly bodies?: number;
  /** Open loop: how fast, and for how long. */
  readonly samplesPerSecond?: number;
  readonly seconds?: number;
  /** 2,000 unless told otherwise. */
  readonly samplesPerRequest?: number;
}

export interface LoadResult {
  readonly requests: number;
  readonly samples: number;
  /** Answered with anything but a 2xx, or not at all. */
  readonly failed: number;
  readonly seconds: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

/** Sends what `spec` says; rejects when requests failed. */
export async function runLoad(spec: LoadSpec): Promise<LoadResult> {
  const script = join(import.meta.dirname, "load.ts");
  const child = spawn(nodePath, [script, JSON.stringify(spec)], { stdio: ["ignore", "pipe", "inherit"] });
  try {
    const result = JSON.parse(await firstLine(child)) as LoadResult;
    if (result.failed > 0)
      throw new Error(`${result.failed} of ${result.requests} requests failed at ${spec.url}`);
    return result;
  } finally {
    child.kill("SIGKILL");
  }
}
