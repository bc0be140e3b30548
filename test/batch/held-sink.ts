import { type BatcherOptions, createBatcher } from "../../src/batch/batcher.ts";
import { createMetrics } from "../../src/metrics.ts";
import { durable, type Outcome, type Sink, type SinkLimits } from "../../src/sink/sink.ts";
import { MemoryQuarantine } from "../support/memory-quarantine.ts";
import { silentLog } from "../support/silent-log.ts";
import { seededRandom, VirtualClock } from "../support/virtual-clock.ts";

/** A put that waits for the test to answer it. */
export interface HeldPut {
  readonly texts: readonly string[];
  readonly signal: AbortSignal;
  /** Answers with one outcome per record; without any all are durable. */
  answer(outcomes?: readonly Outcome[]): void;
  reject(error: Error): void;
}

/** A sink that answers when the test says so. */
export class HeldSink implements Sink {
  readonly name = "held:";
  readonly limits: SinkLimits;
  readonly puts: HeldPut[] = [];

  constructor(limits: Partial<SinkLimits> = {}) {
    this.limits = { recordBytesMax: 1_000, putRecordsMax: 500, putBytesMax: 100_000, ...limits };
  }

  put(records: readonly Uint8Array[], signal: AbortSignal): Promise<readonly Outcome[]> {
    return new Promise((resolve, reject) => {
      this.puts.push({
        texts: records.map((record) => new TextDecoder().decode(record)),
        signal,
        answer: (outcomes = records.map(() => durable)) => resolve(outcomes),
        reject,
      });
    });
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

export const throttled: Outcome = {
  kind: "retryable",
  throttled: true,
  reason: "throttled",
  message: "slow",
};
export const lost: Outcome = { kind: "retryable", throttled: false, reason: "network", message: "lost" };
export const denied: Outcome = { kind: "blocked", reason: "denied", message: "not allowed" };
export { durable };

/** A batcher over a held sink in virtual time. */
export function heldBatcher(options: Partial<BatcherOptions> = {}, limits: Partial<SinkLimits> = {}) {
  const sink = new HeldSink(limits);
  return { ...batcherOver(sink, options), sink };
}

/** A batcher over any sink in virtual time. */
export function batcherOver(sink: Sink, options: Partial<BatcherOptions> = {}) {
  const clock = new VirtualClock();
  const metrics = createMetrics({ version: "test", runtime: "test" });
  const quarantine = new MemoryQuarantine();
  const batcher = createBatcher({
    sink,
    quarantine,
    clock,
    metrics,
    random: seededRandom(1),
    log: silentLog,
    compression: "none",
    lingerMs: 100,
    batchBytesMax: 10_000,
    recordBytesMax: undefined,
    putsInFlightMax: 2,
    pendingBytesMax: 50_000,
    ackTimeoutMs: 25_000,
    putTimeoutMs: 10_000,
    ...options,
  });
  const append = (text: string) => watch(batcher.append(new TextEncoder().encode(text)));
  return { quarantine, clock, metrics, batcher, append };
}

/** An append and what became of it so far: `waiting`, `durable`, or the error's reason. */
export interface Watched {
  state: string;
  message: string;
  /** Those of a RefusedLinesError. */
  lines: readonly string[];
}

function watch(appended: Promise<void>): Watched {
  const watched: Watched = { state: "waiting", message: "", lines: [] };
  appended.then(
    () => {
      watched.state = "durable";
    },
    (error: Error & { reason?: string; lines?: readonly Uint8Array[] }) => {
      watched.state = error.reason ?? error.name;
      watched.message = error.message;
      watched.lines = (error.lines ?? []).map((line) => new TextDecoder().decode(line));
    },
  );
  return watched;
}

/** One line of this many bytes, `\n` included. */
export function lineOf(bytes: number, character = "x"): string {
  return `${character.repeat(bytes - 1)}\n`;
}
