/** Two emulators of Kinesis by other hands, and how to read a stream back from them. Node only. */
import { type ChildProcess, spawn } from "node:child_process";
import { createServer, type Server } from "node:http";
import { createRequire } from "node:module";
import type { AddressInfo } from "node:net";
import { dirname } from "node:path";
import process from "node:process";
import { type AwsClient, createAwsClient } from "../../src/aws/client.ts";
import { systemClock } from "../../src/clock.ts";
import { fixedCredentials, keptLog, neverAborted } from "./aws-stand-in.ts";

export interface KinesisEmulator {
  readonly url: string;
  /** A client as the program has it. */
  readonly client: AwsClient;
  /** Creates a stream and waits until it takes records. */
  createStream(name: string, shards: number): Promise<void>;
  /** Data of all records of a stream, by shard, in the order of each shard. */
  read(stream: string): Promise<readonly (readonly Uint8Array[])[]>;
  close(): Promise<void>;
}

type Values = Readonly<Record<string, unknown>>;

const require = createRequire(import.meta.url);
const startTimeoutMs = 20_000;

/** kinesalite, in this process. */
export async function startKinesalite(): Promise<KinesisEmulator> {
  const kinesalite = require("kinesalite") as (options: Values) => Server;
  const server = kinesalite({ createStreamMs: 10, shardLimit: 100 });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  server.unref();
  const { port } = server.address() as AddressInfo;
  return emulator(`http://127.0.0.1:${port}`, () => {
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    server.closeAllConnections();
    return closed;
  });
}

/** kinesis-local, as a process: it reads its certificate from the directory it is started in. */
export async function startKinesisLocal(): Promise<KinesisEmulator> {
  const main = require.resolve("kinesis-local");
  const [plainPort, tlsPort] = [await freePort(), await freePort()];
  // Should a test run end before it closes what it started, the child ends with it.
  const endWithUs = () => void child.kill("SIGKILL");
  const child = spawn(process.execPath, [main], {
    cwd: dirname(main),
    stdio: "ignore",
    env: {
      ...process.env,
      KINESIS_MOCK_PLAIN_PORT: String(plainPort),
      KINESIS_MOCK_TLS_PORT: String(tlsPort),
      CREATE_STREAM_DURATION: "10ms",
      SHARD_LIMIT: "100",
      LOG_LEVEL: "ERROR",
    },
  });
  process.once("exit", endWithUs);
  child.unref();
  const started = emulator(`http://127.0.0.1:${plainPort}`, async () => {
    process.off("exit", endWithUs);
    await end(child);
  });
  try {
    await eventually("kinesis-local listens", async () => {
      if (child.exitCode !== null) throw new Error(`kinesis-local ended with ${child.exitCode}`);
      return (
        (await started.client.post("Kinesis_20131202.ListStreams", encode({}), neverAborted)).kind ===
        "answered"
      );
    });
  } catch (error) {
    await end(child);
    throw error;
  }
  return started;
}

function emulator(url: string, close: () => Promise<void>): KinesisEmulator {
  const client = createAwsClient({
    service: "kinesis",
    region: "us-east-1",
    endpoint: new URL(url),
    credentials: fixedCredentials(),
    fetch,
    clock: systemClock,
    log: keptLog().log,
    userAgent: "test",
    // The largest put takes kinesis-local seconds, and its records come back in one answer.
    attemptTimeoutMs: 60_000,
    answerBytesMax: 64 * 1024 * 1024,
  });
  const call = async (operation: string, values: Values): Promise<Values> => {
    const answer = await client.post(`Kinesis_20131202.${operation}`, encode(values), neverAborted);
    if (answer.kind === "answered") return answer.value;
    throw new Error(`${operation}: ${answer.verdict.message}`);
  };
  return {
    url,
    client,
    async createStream(StreamName, ShardCount) {
      // No JSON object comes back: an empty body is success here.
      const body = encode({ StreamName, ShardCount });
      const answer = await client.post("Kinesis_20131202.CreateStream", body, neverAborted);
      if (answer.kind === "failed" && answer.failure.status !== 200) throw new Error(answer.verdict.message);
      await eventually(`stream ${StreamName} is active`, async () => {
        const { StreamDescriptionSummary } = await call("DescribeStreamSummary", { StreamName });
        return (StreamDescriptionSummary as Values)["StreamStatus"] === "ACTIVE";
      });
    },
    async read(StreamName) {
      const { Shards } = await call("ListShards", { StreamName });
      const ids = (Shards as readonly Values[]).map((shard) => String(shard["ShardId"]));
      return await Promise.all(ids.map((id) => readShard(call, StreamName, id)));
    },
    close,
  };
}

async function readShard(
  call: (operation: string, values: Values) => Promise<Values>,
  StreamName: string,
  ShardId: string,
): Promise<readonly Uint8Array[]> {
  const at = await call("GetShardIterator", { StreamName, ShardId, ShardIteratorType: "TRIM_HORIZON" });
  const records: Uint8Array[] = [];
  let iterator = at["ShardIterator"];
  for (;;) {
    const answer = await call("GetRecords", { ShardIterator: iterator, Limit: 1_000 });
    const page = answer["Records"] as readonly Values[];
    records.push(...page.map((record) => new Uint8Array(Buffer.from(String(record["Data"]), "base64"))));
    iterator = answer["NextShardIterator"];
    if (page.length === 0 || typeof iterator !== "string") return records;
  }
}

function encode(values: Values): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(JSON.stringify(values));
}

/** Polls: there is no clock to inject into someone else's process. */
export async function eventually(what: string, holds: () => Promise<boolean>): Promise<void> {
  const untilMs = performance.now() + startTimeoutMs;
  while (!(await holds())) {
    if (performance.now() > untilMs) throw new Error(`not within ${startTimeoutMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** A port that was free a moment ago, for programs that cannot say which one they were given. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise<void>((resolve) => server.close(() => resolve()));
  return port;
}

/** Ends a process that we started, and waits for it. */
export async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  child.ref();
  child.kill("SIGKILL");
  await ended;
}
