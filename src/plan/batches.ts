/** How many bytes come together in a batch: what senders send while the first of them lingers. */
import type { Random } from "../clock.ts";

export interface Sending {
  /** Of all senders together. */
  readonly samplesPerSecond: number;
  /** Prometheus servers, each with one shard's requests in a row. */
  readonly senders: number;
  readonly lingerMs: number;
  /** Bytes of lines at which a batch is put at once. */
  readonly batchBytesMax: number;
  readonly bytesPerLine: number;
}

/**
 * A Prometheus sends what it has when it has so many samples, or has waited so long.
 * https://prometheus.io/docs/prometheus/latest/configuration/configuration/#remote_write (3.14)
 */
export const samplesPerSend = 2_000;
const batchSendDeadlineSeconds = 5;
const jitter = 0.4;

/** Enough batches for figures that stand still, and as many requests as can be gone through in no time. */
const batchesMax = 200;
const requestsMax = 20_000;
const batchesMin = 8;

/** Lines of the first batches. */
export function batchLines(sending: Sending, random: Random): number[] {
  const { senders, samplesPerSecond, lingerMs, batchBytesMax, bytesPerLine } = sending;
  const linesPerSecond = samplesPerSecond / senders;
  const requestLines = Math.max(
    1,
    Math.floor(Math.min(samplesPerSend, linesPerSecond * batchSendDeadlineSeconds)),
  );
  const everyMs = (requestLines / linesPerSecond) * 1000;
  const nextMs = Array.from({ length: senders }, () => random() * everyMs);
  const linesMax = Math.max(1, Math.floor(batchBytesMax / bytesPerLine));
  const batches: number[] = [];
  let lines = 0;
  let dueMs = Number.POSITIVE_INFINITY;
  for (let requests = 0; batches.length < batchesMax; requests++) {
    if (requests > requestsMax && batches.length >= batchesMin) break;
    const sender = indexOfLeast(nextMs);
    const nowMs = nextMs[sender]!;
    // Scrapes and requests are never quite regular, so senders fall in and out of step.
    nextMs[sender] = nowMs + everyMs * (1 + (random() - 0.5) * jitter);
    if (lines > 0 && (nowMs > dueMs || lines + requestLines > linesMax)) {
      batches.push(lines);
      lines = 0;
    }
    if (lines === 0) dueMs = nowMs + lingerMs;
    lines += requestLines;
    // A request that fits no batch fills several.
    for (; lines >= linesMax; lines -= linesMax) batches.push(linesMax);
  }
  return batches;
}

function indexOfLeast(values: readonly number[]): number {
  let least = 0;
  for (let i = 1; i < values.length; i++) if (values[i]! < values[least]!) least = i;
  return least;
}
