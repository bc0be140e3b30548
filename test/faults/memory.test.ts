/** Whatever the senders do, and the sink does not: memory stays under its ceiling, and the others get through. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { loopbackServer } from "../support/loopback.ts";
import { type Program, reasonToSkip, withDirectory, withProgram } from "../support/program.ts";
import { oneSample, writeHeadersV1 } from "../support/write-request.ts";
import { attack, hostileConnections } from "./hostile-senders.ts";

const mebibyte = 1 << 20;
/** Those of a small host, and those of a smaller one that takes smaller requests as well. */
const small = { pendingBytes: 16 * mebibyte, bodyBytes: 32 * mebibyte, decodedBytes: 32 * mebibyte };
const smaller = { pendingBytes: 16 * mebibyte, bodyBytes: 8 * mebibyte, decodedBytes: 8 * mebibyte };
const batchBytes = mebibyte;
const putsInFlight = 4;
/** What collectors and allocators keep of memory that was in use a moment ago. */
const keptBytes = 128 * mebibyte;
const attackMs = 9_000;
/** The sink hangs so long, and works afterwards. */
const hangMs = 4_000;
const askTimeoutMs = 10_000;

type Settings = typeof small;
/** What an open connection with a request takes, as measured with thousands of them. */
const connectionBytes = { bun: 16 * 1024, node: 48 * 1024, deno: 144 * 1024 };
type MeasuredKind = keyof typeof connectionBytes;

/** What ARCHITECTURE.md states, in bytes, over what the program takes when it has just started. */
function ceilingBytes(kind: MeasuredKind, { pendingBytes, bodyBytes, decodedBytes }: Settings): number {
  const connections = hostileConnections * connectionBytes[kind];
  const roomBytes = Math.max(pendingBytes / 2, bodyBytes + mebibyte);
  const puts = 5 * putsInFlight * batchBytes;
  return connections + 2 * pendingBytes + 1.5 * roomBytes + 8 * decodedBytes + keptBytes + puts;
}

for (const [kind, settings] of [
  ["bun", small],
  ["node", small],
  ["deno", small],
  ["bun", smaller],
] as const) {
  const reason = await reasonToSkip(kind);
  const decoded = `${settings.decodedBytes / mebibyte} MiB`;
  test(
    `hostile senders and a hanging sink cost ${kind} no more memory than it says, requests of ${decoded}`,
    reason === undefined ? {} : { skip: reason },
    () => withDirectory((cwd) => holdAtCeiling(kind, settings, cwd)),
  );
}

async function holdAtCeiling(kind: MeasuredKind, settings: Settings, cwd: string): Promise<void> {
  const sink = await startSink();
  try {
    const { pendingBytes, bodyBytes, decodedBytes } = settings;
    const limits = ["--pending-bytes", `${pendingBytes}`, "--batch-bytes", `${batchBytes}`];
    limits.push("--body-bytes", `${bodyBytes}`, "--decoded-bytes", `${decodedBytes}`);
    const waits = ["--ack-timeout", "5s", "--put-timeout", "2s", "--puts-in-flight", `${putsInFlight}`];
    const args = ["--sink", "firehose:s", "--region", "eu-central-1", ...limits, ...waits];
    const aws = { AWS_ACCESS_KEY_ID: "AKID", AWS_SECRET_ACCESS_KEY: "secret", AWS_ENDPOINT_URL: sink.url };
    await withProgram(kind, { args, env: { ...aws, AWS_EC2_METADATA_DISABLED: "true" }, cwd }, (program) =>
      observe(program, sink, settings, ceilingBytes(kind, settings)),
    );
  } finally {
    await sink.close();
  }
}

async function observe(
  program: Program,
  sink: HangingSink,
  settings: Settings,
  growthBytesMax: number,
): Promise<void> {
  const ended = new AbortController();
  const baseBytes = residentBytes(program);
  let peakBytes = 0;
  const watching = (async () => {
    for (; !ended.signal.aborted; await sleep(20)) peakBytes = Math.max(peakBytes, residentBytes(program));
  })();
  const attacking = attack(program.port, settings.decodedBytes, ended.signal);
  const during = (async () => {
    const acked: string[] = [];
    for (let i = 0; !ended.signal.aborted; i++, await sleep(100)) {
      if (await isAcked(program, `during${i}`)) acked.push(`during${i}`);
    }
    return acked;
  })();
  await sleep(hangMs);
  sink.work();
  await sleep(attackMs - hangMs);
  ended.abort();
  const seen = await attacking;
  const acked = await during;
  await watching;
  const statuses = JSON.stringify([...seen.statuses]);
  const megabytes = (bytes: number) => Math.round(bytes / mebibyte);
  const limit = baseBytes + growthBytesMax;
  const grown = `${megabytes(baseBytes)} MiB grew to ${megabytes(peakBytes)}, ${megabytes(limit)} allowed; ${statuses}`;
  assert.ok(peakBytes <= limit, grown);
  assert.ok((seen.statuses.get(503) ?? 0) > 0, statuses);
  assert.equal(seen.withoutRetryAfter, 0);
  assert.ok(![500, 502].some((status) => seen.statuses.has(status)), statuses);
  assert.ok(acked.length > 0, `nobody else got through during the attack: ${statuses}`);
  await untilAcked(program);
  for (let i = 0; i < 10; i++) {
    assert.ok(
      await isAcked(program, `after${i}`),
      `request ${i} after the attack: ${program.log().slice(-2_000)}`,
    );
    acked.push(`after${i}`);
  }
  const lost = acked.filter((id) => !sink.ids.has(id));
  assert.deepEqual(lost, []);
}

/** What was pending may take the sink a moment. */
async function untilAcked(program: Program): Promise<void> {
  for (let attempt = 0; attempt < 30; attempt++, await sleep(500)) {
    if (await isAcked(program, "first after")) return;
  }
  assert.fail(`nothing gets through after the attack: ${program.log().slice(-2_000)}`);
}

async function isAcked(program: Program, id: string): Promise<boolean> {
  try {
    const response = await fetch(`${program.url}/receive`, {
      method: "POST",
      headers: writeHeadersV1,
      body: oneSample("good", id, 1_700_000_000_000).slice(),
      signal: AbortSignal.timeout(askTimeoutMs),
    });
    await response.arrayBuffer();
    return response.ok;
  } catch {
    return false;
  }
}

function residentBytes({ pid }: Program): number {
  const kibibytes = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
  return Number(kibibytes) * 1024;
}

interface HangingSink {
  readonly url: string;
  /** The ids of the well-behaved samples that came. */
  readonly ids: Set<string>;
  work(): void;
  close(): Promise<void>;
}

/** A Firehose that answers nothing until it is told to work. */
async function startSink(): Promise<HangingSink> {
  let works = false;
  const ids = new Set<string>();
  const server = await loopbackServer((request, response) => {
    if (!works) return;
    const { Records } = JSON.parse(new TextDecoder().decode(request.body)) as { Records: { Data: string }[] };
    for (const { Data } of Records) {
      for (const [, id] of Buffer.from(Data, "base64")
        .toString()
        .matchAll(/"good","id":"([^"]+)"/g))
        ids.add(id!);
    }
    const RequestResponses = Records.map((_, i) => ({ RecordId: `r${i}` }));
    response.setHeader("Content-Type", "application/x-amz-json-1.1");
    response.end(JSON.stringify({ FailedPutCount: 0, Encrypted: false, RequestResponses }));
  });
  const work = () => {
    works = true;
  };
  return { url: server.url, ids, work, close: server.close };
}
