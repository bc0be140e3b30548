/** A Kinesis sink over a scripted stream, and what tests look at. */
import assert from "node:assert/strict";
import { createKinesisSink } from "../../src/sink/kinesis.ts";
import type { Outcome } from "../../src/sink/sink.ts";
import { neverAborted, standIn } from "./aws-stand-in.ts";
import type { ScriptedStream } from "./scripted-stream.ts";
import { seededRandom } from "./seeded-random.ts";

export const fraction = (seed: number) => {
  const chance = seededRandom(seed);
  return () => chance(2 ** 32) / 2 ** 32;
};
/** What goes on in the background takes its time, and none of it on the clock of the test. */
export async function until(holds: () => boolean): Promise<void> {
  for (let i = 0; !holds(); i++) {
    assert.ok(i < 1_000, "not within a second or more");
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}
export const settled = () => new Promise((resolve) => setTimeout(resolve, 5));
export const listRequest = {
  headers: new Headers({ "x-amz-target": "Kinesis_20131202.ListShards" }),
  text: "{}",
};
export const records = (count: number) => Array.from({ length: count }, () => new Uint8Array(3));
export const spreadOf = (outcomes: readonly Outcome[]) => ({
  durable: outcomes.filter(({ kind }) => kind === "durable").length,
  throttled: outcomes.filter((outcome) => outcome.kind === "retryable" && outcome.throttled).length,
  elsewhere: outcomes.filter((outcome) => outcome.kind === "retryable" && outcome.elsewhere === true).length,
});

/** A sink over `stream` that knows its shards, unless `isFresh`. */
export async function openScripted(stream: ScriptedStream, isFresh = false) {
  const stood = standIn({ service: "kinesis", answer: (request) => stream.answer(request) });
  const gauge: number[] = [];
  const lines: string[] = [];
  const told: string[] = [];
  const info = (message: string, fields = {}) => {
    lines.push(`${message} ${JSON.stringify(fields)}`);
    told.push(message);
  };
  const log = { debug: (message: string) => void told.push(message), info, warn: info, error: info };
  const sink = createKinesisSink({
    client: stood.client,
    stream: "metrics",
    random: fraction(7),
    clock: stood.clock,
    spread: { log, onShards: (count) => void gauge.push(count) },
  });
  const put = async (count: number) => await sink.put(records(count), neverAborted);
  if (!isFresh) {
    await put(1);
    await until(() => gauge.length > 0 || told.length > 0);
    stream.counts.clear();
    stream.aimed = stream.records = 0;
  }
  return { ...stood, stream, sink, put, gauge, lines };
}
export const countsOf = ({ counts }: ScriptedStream) => [...counts.values()].sort((a, b) => a - b);
