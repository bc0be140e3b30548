import { type Batcher, type BatcherOptions, createBatcher } from "../../src/batch/batcher.ts";
import { systemClock } from "../../src/clock.ts";
import { type App, type AppOptions, createApp } from "../../src/http/app.ts";
import { createMetrics, type Metrics } from "../../src/metrics.ts";
import { MemoryQuarantine } from "./memory-quarantine.ts";
import { MemorySink } from "./memory-sink.ts";
import { silentLog } from "./silent-log.ts";

export interface TestApp {
  readonly app: App;
  readonly sink: MemorySink;
  readonly quarantine: MemoryQuarantine;
  readonly batcher: Batcher;
  readonly metrics: Metrics;
  /** Posts a body and gives the answer. */
  post(body: Uint8Array, headers?: Record<string, string>, path?: string): Promise<Response>;
}

export const v2ContentType = "application/x-protobuf;proto=io.prometheus.write.v2.Request";

/** The real app and batcher over a sink in memory. */
export function testApp(
  options: Partial<BatcherOptions & AppOptions> & { readonly sink?: MemorySink } = {},
): TestApp {
  const sink = options.sink ?? new MemorySink();
  const metrics = createMetrics({ version: "test", runtime: "test" });
  const limits = { pendingBytesMax: 256 << 20, ackTimeoutMs: 5_000 };
  const common = { clock: systemClock, log: silentLog, metrics, ...limits };
  const quarantine = new MemoryQuarantine();
  const batcher = createBatcher({
    quarantine,
    random: Math.random,
    compression: "none",
    lingerMs: 1,
    batchBytesMax: 4 << 20,
    recordBytesMax: undefined,
    putsInFlightMax: 4,
    putTimeoutMs: 1_000,
    ...common,
    ...options,
    sink,
  });
  const app = createApp({
    bodyBytesMax: 32 << 20,
    decodedBytesMax: 32 << 20,
    ready: () => undefined,
    blocked: () => batcher.blocked?.message,
    ...common,
    ...options,
    batcher,
  });
  return {
    app,
    sink,
    quarantine,
    batcher,
    metrics,
    async post(body, headers = {}, path = "/receive") {
      const request = new Request(`http://receiver.test${path}`, {
        method: "POST",
        body: body.slice(),
        headers,
      });
      return await app.fetch(request, { address: "192.0.2.1" });
    },
  };
}
