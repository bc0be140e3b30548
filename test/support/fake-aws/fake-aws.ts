/**
 * Kinesis Data Streams, Data Firehose, S3 and STS in one process on one loopback port: signatures are verified, limits
 * enforced, and everything goes wrong on command. For tests in code (`startFakeAws`), for other processes by HTTP:
 *
 * - `POST /_fake/faults` with one fault or command as JSON, or an array of them (fault.ts): `{"ids":[1]}`
 * - `DELETE /_fake/faults` ends all of them, `DELETE /_fake/faults/1` one
 * - `GET /_fake/state`: calls, answers, problems, throttled, streams with their shards, buckets, faults
 * - `GET /_fake/records/STREAM`: one JSON line per record; `GET /_fake/lines/STREAM`: the stored lines in order
 * - `GET /_fake/credentials`: temporary credentials as a container's agent hands them out
 */

import { randomUUID } from "node:crypto";
import { createControl } from "./control.ts";
import type { DeliveryStreamOptions } from "./delivery-stream.ts";
import { type FakeState, stateOf } from "./fake-state.ts";
import type { Command, Fault } from "./fault.ts";
import { createFaultBook, type FaultHandle } from "./fault-book.ts";
import { listen } from "./http-server.ts";
import type { FakeCredentials } from "./keys.ts";
import { reshard, type StoredRecord, type StreamOptions } from "./kinesis-stream.ts";
import type { LineCounts } from "./line-counts.ts";
import { credentialsPath } from "./route.ts";
import { sortedKeys } from "./s3-list.ts";
import type { StoredObject } from "./s3-store.ts";
import { createServices, type Services } from "./services.ts";
import { countsOf, linesOf } from "./stored-lines.ts";
import { stsAction } from "./sts.ts";
import { countCall, createTally, type Tally } from "./tally.ts";

export interface FakeAwsOptions {
  /** Not set: a free one. */
  readonly port?: number;
  /** Not set: us-east-1. */
  readonly region?: string;
  /** Long-lived credentials that are valid from the start; not set: `defaultCredentials`. */
  readonly credentials?: FakeCredentials;
  /** Kinesis streams that exist from the start. */
  readonly streams?: readonly FakeStreamOptions[];
  /** Delivery streams that exist from the start; each delivers into its bucket, which is made too. */
  readonly deliveryStreams?: readonly DeliveryStreamOptions[];
  readonly buckets?: readonly string[];
  /** `line-hashes`: of what is stored only a 64-bit hash of each line is kept, for runs of many GB. */
  readonly keep?: "data" | "line-hashes";
  /** How long credentials from STS and the container endpoint hold, in ms; not set: an hour. */
  readonly tokenLifetimeMs?: number;
  /** Directory that objects are written to as well, as BUCKET/KEY. */
  readonly objectsDirectory?: string;
  /** Called with one line per call. */
  readonly log?: (line: string) => void;
}

export type FakeStreamOptions = Pick<StreamOptions, "name"> &
  Partial<Pick<StreamOptions, "shards" | "onDemand" | "distributesItself" | "recordBytesMax">>;

/** What lines are asked of: a stream, all that a delivery stream keeps or delivered, a bucket's objects. */
export type LinesOf =
  | { readonly stream: string }
  | { readonly deliveryStream: string }
  | { readonly bucket: string; readonly prefix?: string };

export interface FakeAws {
  /** `http://127.0.0.1:port` */
  readonly url: string;
  readonly region: string;
  readonly credentials: FakeCredentials;
  /** Environment that points AWS' clients here, with long-lived credentials. */
  readonly env: Readonly<Record<string, string>>;
  /** The same with credentials that expire, by the container endpoint. */
  readonly containerEnv: Readonly<Record<string, string>>;
  /** Sets a fault. */
  fault(fault: Fault): FaultHandle;
  command(command: Command): void;
  /** Creates a Kinesis stream, active at once. */
  createStream(options: FakeStreamOptions): void;
  /** Records of a stream by shard and then sequence number; what it confirmed and what it stored in silence. */
  records(stream: string): readonly StoredRecord[];
  /** By key. */
  objects(bucket: string): readonly StoredObject[];
  /** The stored lines in order of storing, gzip and zstd undone, each with its `\n`. */
  lines(of: LinesOf): readonly string[];
  /** Only with `keep: "line-hashes"`. */
  lineCounts(of: LinesOf): LineCounts;
  state(): FakeState;
  /** What a correct client never causes. Stays empty. */
  readonly problems: readonly string[];
  /** The fake's clock, in ms since the epoch. */
  now(): number;
  /** Resolves when `count` calls of that operation (`kinesis.PutRecords`; not set: any) have arrived. */
  arrived(count: number, operation?: string): Promise<void>;
  close(): Promise<void>;
}

export const defaultCredentials: FakeCredentials = {
  accessKeyId: "AKIAFAKEFAKEFAKEFAKE",
  secretAccessKey: "fake/secret+key",
};

/** Starts one; `close` it. */
export async function startFakeAws(options: FakeAwsOptions = {}): Promise<FakeAws> {
  const { region = "us-east-1", credentials = defaultCredentials } = options;
  let shiftMs = 0;
  const now = () => Date.now() + shiftMs;
  const tally = createTally();
  const faults = createFaultBook(() => performance.now());
  const containerToken = randomUUID();
  const services = createServices({ options, region, credentials, containerToken, tally, now });
  const waiting = createWaiting(tally);
  const command = (each: Command) => {
    if (each.kind === "shift-clock") shiftMs += each.minutes * 60_000;
    else if (each.kind === "clear") faults.clear();
    else carryOut(services, each);
  };
  const fake = {
    region,
    credentials,
    fault: (fault: Fault) => faults.add(fault),
    command,
    createStream: (given: FakeStreamOptions) => services.kinesis.create({ shards: 1, ...given }),
    records: (stream: string) =>
      found(services.kinesis.streams, stream).shards.flatMap(({ records }) => records),
    objects: (bucket: string) => {
      const { objects } = found(services.store.buckets, bucket);
      return sortedKeys(objects.keys()).map((key) => objects.get(key)!);
    },
    lines: (of: LinesOf) => linesOf(services, of),
    lineCounts: (of: LinesOf) => countsOf(services, of),
    state: () => stateOf(tally, now(), faults, services),
    problems: tally.problems,
    now,
    arrived: waiting.until,
  };
  for (const stream of options.streams ?? []) fake.createStream(stream);
  for (const bucket of options.buckets ?? []) services.store.createBucket(bucket);
  for (const stream of options.deliveryStreams ?? []) services.firehose.create(stream);
  const server = await listen({
    port: options.port ?? 0,
    now,
    operationOf: ({ service, operation }, body) => (service === "sts" ? stsAction(body) : operation),
    meet(route) {
      countCall(tally, route.service, route.operation);
      waiting.look();
      return faults.meet(route.service, route.operation);
    },
    answer: services.answer,
    control: createControl(fake, (id) => endFault(faults.handles, id)),
  });
  const close = async () => {
    for (const stream of services.firehose.streams.values()) stream.stop();
    await server.close();
  };
  const { url } = server;
  return { ...fake, url, close, ...environments(url, region, credentials, containerToken) };
}

function found<T>(all: ReadonlyMap<string, T>, name: string): T {
  const one = all.get(name);
  if (one === undefined) throw new RangeError(`the fake has no ${name}, only ${[...all.keys()].join(", ")}`);
  return one;
}

function carryOut({ keys, kinesis, firehose }: Services, command: Command): void {
  if (command.kind === "expire-tokens") keys.expireTokens();
  if (command.kind === "deliver") for (const stream of firehose.streams.values()) stream.deliver();
  if (command.kind !== "reshard") return;
  const streams =
    command.stream === undefined ? kinesis.streams.values() : [found(kinesis.streams, command.stream)];
  for (const stream of streams) reshard(stream, command.shards ?? 2 * stream.open.length);
}

function endFault(handles: readonly FaultHandle[], id: number): boolean {
  const handle = handles.find((each) => each.id === id);
  handle?.end();
  return handle !== undefined;
}

/** Those who wait for calls to arrive. */
function createWaiting(tally: Tally) {
  let all: {
    readonly count: number;
    readonly operation: string | undefined;
    readonly resolve: () => void;
  }[] = [];
  const arrived = (operation: string | undefined) =>
    Object.entries(tally.calls)
      .filter(([name]) => operation === undefined || name === operation)
      .reduce((sum, [, calls]) => sum + calls, 0);
  const look = () => {
    if (all.length === 0) return;
    const done = all.filter(({ count, operation }) => arrived(operation) >= count);
    all = all.filter((each) => !done.includes(each));
    for (const { resolve } of done) resolve();
  };
  const until = (count: number, operation?: string) =>
    new Promise<void>((resolve) => {
      all.push({ count, operation, resolve });
      look();
    });
  return { look, until };
}

function environments(url: string, region: string, credentials: FakeCredentials, containerToken: string) {
  const { accessKeyId, secretAccessKey, sessionToken } = credentials;
  const shared = {
    AWS_ENDPOINT_URL: url,
    AWS_REGION: region,
    AWS_DEFAULT_REGION: region,
    AWS_EC2_METADATA_DISABLED: "true",
  };
  const token = sessionToken === undefined ? {} : { AWS_SESSION_TOKEN: sessionToken };
  return {
    env: { ...shared, AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey, ...token },
    containerEnv: {
      ...shared,
      AWS_CONTAINER_CREDENTIALS_FULL_URI: `${url}${credentialsPath}`,
      AWS_CONTAINER_AUTHORIZATION_TOKEN: containerToken,
    },
  };
}
