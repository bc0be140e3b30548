/** A spool in a test: options, puts, and everything that is in it. */
import assert from "node:assert/strict";
import { createMetrics, type SpoolMetrics } from "../../src/metrics.ts";
import type { Outcome } from "../../src/sink/sink.ts";
import { type OpenSpoolOptions, openSpool } from "../../src/sink/spool/open.ts";
import type { Spool, SpoolFrame, SpoolPosition } from "../../src/sink/spool/spool.ts";
import { HandClock } from "./file-sink.ts";
import { silentLog } from "./silent-log.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();
export const never = new AbortController().signal;
let marks = 0;
/** Before every frame there is. */
export const begin: SpoolPosition = { segment: 0, offsetBytes: 0 };

export function spoolMetrics(): SpoolMetrics {
  return createMetrics({ version: "test", runtime: "test" }).spool;
}

/** Options for a large spool without compression, unless `more` says otherwise. */
export function spoolOptions(directory: string, more: Partial<OpenSpoolOptions> = {}): OpenSpoolOptions {
  return {
    directory,
    bytesMax: 1024 ** 3,
    ageMaxMs: 0,
    whenFull: "refuse",
    compression: "none",
    clock: new HandClock(),
    random: Math.random,
    log: silentLog,
    metrics: spoolMetrics(),
    ...more,
  };
}

/** Opens a spool, uses it and closes it. */
export async function withSpool<T>(options: OpenSpoolOptions, use: (spool: Spool) => Promise<T>): Promise<T> {
  const spool = await openSpool(options);
  try {
    return await use(spool);
  } finally {
    await spool.close();
  }
}

/** Puts each text as one record. */
export async function put(spool: Spool, ...records: readonly string[]): Promise<readonly Outcome[]> {
  return spool.sink.put(
    records.map((record) => encoder.encode(record)),
    never,
  );
}

export async function putDurable(spool: Spool, ...records: readonly string[]): Promise<void> {
  assert.deepEqual(
    await put(spool, ...records),
    records.map(() => ({ kind: "durable" })),
  );
}

/** All frames from `from` on, until there is nothing to read without waiting. */
export async function readFrames(spool: Spool, from = begin): Promise<readonly SpoolFrame[]> {
  const frames: SpoolFrame[] = [];
  for (let position = from; ; ) {
    const frame = await readNow(spool, position);
    if (frame === undefined) return frames;
    frames.push(frame);
    position = frame.end;
  }
}

/** The texts of the frames. */
export async function readTexts(spool: Spool, from = begin): Promise<readonly string[]> {
  return (await readFrames(spool, from)).map(({ lines }) => decoder.decode(lines));
}

/** The frame at `from` if there is one already. */
async function readNow(spool: Spool, from: SpoolPosition): Promise<SpoolFrame | undefined> {
  const abort = new AbortController();
  const look = spool.read(from, abort.signal);
  // A read that has to wait says nothing; one that finds something needs a few turns of the disk.
  const timer = setTimeout(() => abort.abort(), 100);
  try {
    return await look;
  } finally {
    clearTimeout(timer);
  }
}

/** All frames from `from` on: puts a record of its own and reads up to that. */
export async function readToMark(spool: Spool, from = begin): Promise<readonly SpoolFrame[]> {
  const mark = `{"mark":${marks++}}\n`;
  await putDurable(spool, mark);
  const frames: SpoolFrame[] = [];
  for (let position = from; ; ) {
    const frame = await spool.read(position, never);
    assert.ok(frame !== undefined);
    const text = decoder.decode(frame.lines);
    if (text === mark) return frames;
    if (!text.startsWith(`{"mark":`)) frames.push(frame);
    position = frame.end;
  }
}
