/**
 * The sender, in a process of its own: `load.ts JSON` sends requests and prints one JSON line about their answers.
 * Closed loop: each sender sends its next request after its ack. Open loop: requests start by the clock, whatever
 * became of those before, and latency counts from when each was due.
 */
import { Agent, request as httpRequest } from "node:http";
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { inputNamed } from "./inputs.ts";
import type { LoadResult, LoadSpec } from "./load-process.ts";
import { requestsOf, take, type WriteBody } from "./requests.ts";

const spec = JSON.parse(process.argv[2] ?? "{}") as LoadSpec;
const agent = new Agent({ keepAlive: true, maxSockets: spec.senders });
const input = { ...inputNamed(spec.input), samplesPerRequest: spec.samplesPerRequest ?? 2_000 };
const source = requestsOf(input, Date.now());
const result = { requests: 0, samples: 0, failed: 0, ackMs: [] as number[] };

const startedMs = performance.now();
await (spec.samplesPerSecond === undefined ? runClosed(spec) : runOpen(spec.samplesPerSecond, spec));
const seconds = (performance.now() - startedMs) / 1_000;
agent.destroy();
console.log(JSON.stringify(summary()));

/** Bodies are made before, several scrapes of them, and sent in turn. */
async function runClosed({ senders, requests = 100 }: LoadSpec): Promise<void> {
  const bodies = take(source, Math.min(requests, spec.bodies ?? 200));
  let next = 0;
  const sender = async () => {
    while (next < requests) {
      const body = bodies[next++ % bodies.length]!;
      await send(body, performance.now());
    }
  };
  await Promise.all(Array.from({ length: senders }, sender));
}

async function runOpen(samplesPerSecond: number, { seconds: lengthSeconds = 10 }: LoadSpec): Promise<void> {
  const gapMs = (1_000 * input.samplesPerRequest) / samplesPerSecond;
  const beginMs = performance.now();
  const underWay = new Set<Promise<void>>();
  for (let nth = 0; nth * gapMs < lengthSeconds * 1_000; nth++) {
    const body = source.next().value as WriteBody;
    const dueMs = beginMs + nth * gapMs;
    const waitMs = dueMs - performance.now();
    if (waitMs > 0) await sleep(waitMs);
    const sending = send(body, dueMs).finally(() => underWay.delete(sending));
    underWay.add(sending);
  }
  await Promise.all(underWay);
}

async function send({ version, body, samples }: WriteBody, dueMs: number): Promise<void> {
  const proto = version === 1 ? "" : ";proto=io.prometheus.write.v2.Request";
  const headers = {
    "Content-Type": `application/x-protobuf${proto}`,
    "Content-Encoding": "snappy",
    "X-Prometheus-Remote-Write-Version": version === 1 ? "0.1.0" : "2.0.0",
    "Content-Length": body.length,
    "User-Agent": "Prometheus/bench",
  };
  const status = await new Promise<number>((resolve) => {
    const sending = httpRequest(spec.url, { method: "POST", agent, headers }, (response) => {
      response.resume().on("end", () => resolve(response.statusCode ?? 0));
      response.on("error", () => resolve(0));
    });
    sending.on("error", () => resolve(0));
    sending.end(body);
  });
  result.requests++;
  result.samples += samples;
  if (status < 200 || status > 299) result.failed++;
  else result.ackMs.push(performance.now() - dueMs);
}

function summary(): LoadResult {
  const ordered = result.ackMs.toSorted((a, b) => a - b);
  const at = (share: number) =>
    ordered[Math.min(ordered.length - 1, Math.floor(share * ordered.length))] ?? 0;
  const { requests, samples, failed } = result;
  return { requests, samples, failed, seconds, p50Ms: at(0.5), p99Ms: at(0.99), maxMs: at(1) };
}
