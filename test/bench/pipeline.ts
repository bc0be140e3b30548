/** The real app and batcher over a sink, fed as by a server, with the defaults of the program but for the linger. */
import { createBatcher } from "../../src/batch/batcher.ts";
import { systemClock } from "../../src/clock.ts";
import type { Compression } from "../../src/compression.ts";
import { createApp } from "../../src/http/app.ts";
import { createMetrics } from "../../src/metrics.ts";
import type { Sink } from "../../src/sink/sink.ts";
import { MemoryQuarantine } from "../support/memory-quarantine.ts";
import { silentLog } from "../support/silent-log.ts";
import { v2ContentType } from "../support/test-app.ts";
import type { WriteBody } from "./requests.ts";

export interface Pipeline {
  /** Resolves when all of them are acked; rejects when one is not. */
  ingest(bodies: readonly WriteBody[]): Promise<void>;
}

/** As many requests wait for their ack at once as fill two batches: batches close because they are full. */
const senders = 24;

export function createPipeline(sink: Sink, compression: Compression): Pipeline {
  const metrics = createMetrics({ version: "bench", runtime: "bench" });
  const common = {
    ...{ clock: systemClock, log: silentLog, metrics },
    ...{ pendingBytesMax: 128 << 20, ackTimeoutMs: 25_000 },
  };
  const batcher = createBatcher({
    quarantine: new MemoryQuarantine(),
    random: Math.random,
    lingerMs: 5,
    batchBytesMax: 4 << 20,
    recordBytesMax: undefined,
    putsInFlightMax: 4,
    putTimeoutMs: 10_000,
    ...{ sink, compression, ...common },
  });
  const app = createApp({
    bodyBytesMax: 32 << 20,
    decodedBytesMax: 32 << 20,
    ready: () => undefined,
    blocked: () => undefined,
    ...{ batcher, ...common },
  });
  const send = async ({ version, body }: WriteBody) => {
    const headers = {
      "Content-Type": version === 2 ? v2ContentType : "application/x-protobuf",
      "Content-Encoding": "snappy",
    };
    const request = new Request("http://bench.test/receive", {
      method: "POST",
      body: body as Uint8Array<ArrayBuffer>,
      headers,
    });
    const { status } = await app.fetch(request, { address: "192.0.2.1" });
    if (status !== 204) throw new Error(`a request was answered with ${status}`);
  };
  return {
    async ingest(bodies) {
      const next = bodies.values();
      const sender = async () => {
        for (const body of next) await send(body);
      };
      await Promise.all(Array.from({ length: senders }, sender));
    },
  };
}
