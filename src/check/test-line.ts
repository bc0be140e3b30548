/**
 * The one line that a check puts where nothing less can tell whether puts are allowed, and only with consent. It is a
 * sample like any other, so that no reader stumbles over it, of a metric that nobody else has.
 */
import { compressorOf } from "../batch/compress.ts";
import type { Compression } from "../compression.ts";
import type { Outcome, Sink } from "../sink/sink.ts";
import { failedBy } from "./aws-answer.ts";
import { ok, type Step, warning } from "./step.ts";

export const testMetric = "prometheus_remote_kinesis_check";
export const putTestLineFlag = "--put-test-line";

/** The line, `\n` included. `sink` is how the user names it. */
export function testLine(sink: string, nowMs: number): string {
  const labels = { __name__: testMetric, sink };
  return `${JSON.stringify({ name: testMetric, time: nowMs, value: 1, labels })}\n`;
}

/** The line as one record, compressed like all others: what stands beside it must stay readable. */
export async function testRecord(line: string, compression: Compression): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new TextEncoder().encode(line);
  return Uint8Array.from((await compressorOf(compression)?.(bytes)) ?? bytes);
}

/** Puts the line as one record. */
export async function putTestLine(sink: Sink, line: string, compression: Compression): Promise<Step> {
  try {
    const outcomes = await sink.put([await testRecord(line, compression)], new AbortController().signal);
    return outcomeStep(outcomes[0]!, sink.name);
  } finally {
    await sink.close();
  }
}

function outcomeStep(outcome: Outcome, sink: string): Step {
  if (outcome.kind === "durable") return ok("put", `one marked line of ${testMetric} is durable in ${sink}`);
  const { message } = outcome;
  if (outcome.kind === "retryable" && outcome.throttled)
    return warning(
      "put",
      `throttled: ${message}`,
      "the stream is at its limit: give it more room, or try later",
    );
  return failedBy("put", message);
}
