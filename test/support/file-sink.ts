/** A file sink in a test: options, a clock moved by hand, faulty files. */
import assert from "node:assert/strict";
import type { Clock } from "../../src/clock.ts";
import type { Compression } from "../../src/compression.ts";
import { type Files, type OpenFile, systemFiles } from "../../src/sink/file/system.ts";
import type { FileSinkOptions } from "../../src/sink/file.ts";
import type { Outcome, Sink } from "../../src/sink/sink.ts";
import { silentLog } from "./silent-log.ts";

const hourMs = 3_600_000;
const never = new AbortController().signal;

/** Options that rotate by nothing but the hour, unless `more` says otherwise. */
export function sinkOptions(directory: string, more: Partial<FileSinkOptions> = {}): FileSinkOptions {
  const compression: Compression = "gzip";
  const limits = { rotateBytes: 256 * 1024 * 1024, rotateAgeMs: hourMs };
  const surroundings = { clock: new HandClock(), random: Math.random, log: silentLog };
  return { directory, compression, ...limits, ...surroundings, ...more };
}

/** Stands still until it is advanced. */
export class HandClock implements Clock {
  readonly timers = new Map<() => void, number>();
  #nowMs = Date.UTC(2026, 10, 23, 6);

  now(): number {
    return this.#nowMs;
  }
  monotonicMs(): number {
    return this.#nowMs;
  }
  after(delayMs: number, run: () => void): () => void {
    const timer = () => run();
    this.timers.set(timer, this.#nowMs + delayMs);
    return () => this.timers.delete(timer);
  }
  advance(byMs: number): void {
    this.#nowMs += byMs;
    for (const [run, dueMs] of [...this.timers]) {
      if (dueMs <= this.#nowMs && this.timers.delete(run)) run();
    }
  }
}

/** The real files with something between in every one that is created. */
export function withFile(between: (file: OpenFile) => OpenFile): Files {
  return { ...systemFiles, create: async (path) => between(await systemFiles.create(path)) };
}

export function errno(code: string): Error {
  return Object.assign(new Error(`${code}: injected`), { code });
}

export function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

export function lines(count: number): string[] {
  return Array.from({ length: count }, (_, at) => `{"a":${at}}\n`);
}

export async function putDurable(sink: Sink, ...records: string[]): Promise<void> {
  const outcomes = await sink.put(records.map(bytes), never);
  assert.deepEqual(
    outcomes,
    records.map(() => ({ kind: "durable" })),
  );
}

export function assertRetryable(outcome: Outcome, reason: string, message: RegExp): void {
  assert.ok(outcome.kind === "retryable");
  assert.equal(outcome.reason, reason);
  assert.match(outcome.message, message);
}

export async function eventually(holds: () => Promise<boolean>): Promise<void> {
  for (let attempt = 0; !(await holds().catch(() => false)); attempt++) {
    assert.ok(attempt < 500, "did not come about");
    await new Promise((done) => setTimeout(done, 10));
  }
}
