/** Senders of single samples, and the look into the archive afterwards. */
import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { readArchiveLines } from "../support/archive-lines.ts";
import type { Program } from "../support/program.ts";
import { oneSample, writeHeadersV1 } from "../support/write-request.ts";

export interface Load {
  /** `sender time` of each sample that was answered with 2xx. */
  readonly acked: Set<string>;
  /** Statuses seen, `0` for a connection that failed. */
  readonly statuses: Set<number>;
  stop(): Promise<void>;
}

/** Ten senders that write one sample after the other, each sample once, until they are stopped. */
export function startLoad(program: Program, name: string): Load {
  const acked = new Set<string>();
  const statuses = new Set<number>();
  let stopped = false;
  const send = async (sender: string) => {
    for (let time = 1; !stopped; time++) {
      const status = await postOne(program.url, sender, time);
      statuses.add(status);
      if (status >= 200 && status < 300) acked.add(`${sender} ${time}`);
      if (status === 0) await sleep(10);
    }
  };
  const senders = Promise.all(Array.from({ length: 10 }, (_, sender) => send(`${name}${sender}`)));
  return {
    acked,
    statuses,
    async stop() {
      stopped = true;
      await senders;
    },
  };
}

/** One sample, answered with the status; 0: the connection failed. */
export async function postOne(url: string, sender: string, time: number): Promise<number> {
  try {
    const body = new Uint8Array(oneSample("load", sender, time));
    const response = await fetch(`${url}/receive`, { method: "POST", headers: writeHeadersV1, body });
    await response.arrayBuffer();
    return response.status;
  } catch (error) {
    // fetch rejects with a TypeError when the connection is refused or breaks.
    if (error instanceof TypeError) return 0;
    throw error;
  }
}

/** Fails unless every acked sample (`sender time`) is in a file of the archive. */
export async function assertArchived(directory: string, acked: ReadonlySet<string>): Promise<void> {
  const lines = await readArchiveLines(directory);
  const archived = new Set(lines.map(({ labels, time }) => `${labels["id"]} ${time}`));
  const lost = [...acked].filter((sample) => !archived.has(sample));
  assert.deepEqual(lost, [], `${lost.length} of ${acked.size} acked samples are not in the archive`);
}
