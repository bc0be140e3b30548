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

import { applyForm } from "./answer-form.ts";
import { type Answer, type Call, CallRefusal, errorAnswer } from "./call.ts";
import { createControl } from "./control.ts";
import { type FakeState, stateOf } from "./fake-state.ts";
import type { Command, Fault } from "./fault.ts";
import { createFaultBook, type FaultBook, type FaultHandle, type Meeting } from "./fault-book.ts";
import { listen } from "./http-server.ts";
import { createKeys, type FakeCredentials, type Keys } from "./keys.ts";
import { createKinesis, type Kinesis } from "./kinesis.ts";
import { reshard, type StoredRecord, type StreamOptions } from "./kinesis-stream.ts";
import type { LineCounts } from "./line-counts.ts";
import { linesOf } from "./stored-lines.ts";
import { addProblem, countAnswer, countCall, createTally, type Tally } from "./tally.ts";

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
  readonly deliveryStreams?: readonly FakeDeliveryStreamOptions[];
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

export interface FakeDeliveryStreamOptions {
  readonly name: string;
  readonly bucket: string;
  /** Not set: the hour of arrival, `2026/11/23/08/`. */
  readonly prefix?: string;
  /** Delivered when it holds so much, or so long; not set: 5 MiB and 300 s. */
  readonly bufferBytes?: number;
  readonly bufferMs?: number;
  /** Quota of calls, records and bytes a second; not set: 2,000, 500,000 and 5 MiB. */
  readonly quota?: { readonly calls?: number; readonly records?: number; readonly bytes?: number };
}

export interface StoredObject {
  readonly key: string;
  /** Empty when only the hashes of lines are kept. */
  readonly body: Buffer;
  readonly bytes: number;
  readonly contentType: string | undefined;
  /** `x-amz-meta-…` and the system's own (`content-encoding`, …), by lower-case name. */
  readonly headers: Readonly<Record<string, string>>;
  readonly modifiedAtMs: number;
}

/** What lines are asked of: a Kinesis stream, what a delivery stream confirmed, or a bucket's objects. */
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
  /** Resolves when `count` calls of that operation (`kinesis.PutRecords`; not set: any) have arrived since the start. */
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
  const keys = createKeys({ region, now });
  keys.add(credentials);
  const times = { now, monotonicMs: () => performance.now() };
  const hashesOnly = options.keep === "line-hashes";
  const kinesis = createKinesis({ region, accountId: "000000000000", times, tally, hashesOnly });
  const command = (each: Command) => {
    if (each.kind === "expire-tokens") keys.expireTokens();
    else if (each.kind === "shift-clock") shiftMs += each.minutes * 60_000;
    else if (each.kind === "clear") faults.clear();
    else if (each.kind === "reshard") reshardStreams(kinesis, each.stream, each.shards);
  };
  const waiting = new Waiting(tally);
  const parts: Parts = { options, tally, faults, keys, kinesis, waiting, now };
  const fake = {
    region,
    credentials,
    fault: (fault: Fault) => faults.add(fault),
    command,
    createStream: (given: FakeStreamOptions) => kinesis.create({ shards: 1, ...given }),
    records: (stream: string) => recordsOf(kinesis, stream),
    objects: () => [],
    lines: (of: LinesOf) => linesOf(piecesOf(parts, of)),
    lineCounts: (of: LinesOf) => countsOf(parts, of),
    state: () => stateOf(tally, now(), faults, kinesis.streams),
    problems: tally.problems,
    now,
    arrived: (count: number, operation?: string) => waiting.until(count, operation),
  };
  const endFault = (id: number) => {
    const handle = faults.handles.find((each) => each.id === id);
    handle?.end();
    return handle !== undefined;
  };
  for (const stream of options.streams ?? []) fake.createStream(stream);
  const { url, close } = await listen({
    port: options.port ?? 0,
    now,
    meet(route) {
      countCall(tally, route.service, route.operation);
      waiting.look();
      return faults.meet(route.service, route.operation);
    },
    answer: (call, meeting) => answerCall(parts, call, meeting),
    control: createControl(fake, endFault),
  });
  return { ...fake, url, close, ...environments(url, region, credentials) };
}

interface Parts {
  readonly options: FakeAwsOptions;
  readonly tally: Tally;
  readonly faults: FaultBook;
  readonly keys: Keys;
  readonly kinesis: Kinesis;
  readonly waiting: Waiting;
  readonly now: () => number;
}

/** Those who wait for calls. */
class Waiting {
  readonly #tally: Tally;
  readonly #all: {
    readonly count: number;
    readonly operation: string | undefined;
    readonly resolve: () => void;
  }[] = [];

  constructor(tally: Tally) {
    this.#tally = tally;
  }

  until(count: number, operation: string | undefined): Promise<void> {
    return new Promise((resolve) => {
      this.#all.push({ count, operation, resolve });
      this.look();
    });
  }

  look(): void {
    for (const { count, operation, resolve } of this.#all) {
      const arrived = Object.entries(this.#tally.calls)
        .filter(([name]) => operation === undefined || name === operation)
        .reduce((sum, [, calls]) => sum + calls, 0);
      if (arrived >= count) resolve();
    }
  }
}

async function answerCall(parts: Parts, call: Call, meeting: Meeting): Promise<Answer> {
  const { tally } = parts;
  tally.bytesIn += call.body.byteLength;
  const { service, operation } = call;
  let answer: Answer;
  let outcome: string;
  try {
    answer = await carryOut(parts, call, meeting);
    outcome = String(answer.status);
  } catch (error) {
    const refusal =
      error instanceof CallRefusal
        ? error
        : new CallRefusal("InternalFailure", String(error), { status: 500 });
    if (!refusal.blameless) addProblem(tally, `${service}.${operation}: ${refusal.code}: ${refusal.message}`);
    outcome = `${refusal.status} ${refusal.code}`;
    answer = errorAnswer(service, refusal, "fake");
  }
  if (meeting.form !== undefined) {
    answer = applyForm(meeting.form, call, answer);
    outcome += ` as ${meeting.form}`;
  }
  countAnswer(tally, service, operation, outcome);
  parts.options.log?.(
    `${new Date(parts.now()).toISOString()} ${service}.${operation} ${call.body.byteLength} bytes: ${outcome}`,
  );
  return answer;
}

async function carryOut({ keys, kinesis }: Parts, call: Call, meeting: Meeting): Promise<Answer> {
  keys.check(call);
  const { error } = meeting;
  const said =
    error &&
    new CallRefusal(error.code, error.message ?? "on command", {
      status: error.status ?? 400,
      blameless: true,
      headers: error.headers ?? {},
    });
  if (said !== undefined && error?.stored !== true) throw said;
  if (call.service !== "kinesis") throw new CallRefusal("NotImplemented", call.service, { status: 501 });
  const answer = kinesis.answer(call, meeting);
  if (said !== undefined) throw said;
  return answer;
}

function reshardStreams({ streams }: Kinesis, name: string | undefined, count: number | undefined): void {
  for (const stream of streams.values()) {
    if (name === undefined || name === stream.name) reshard(stream, count ?? 2 * stream.open.length);
  }
}

function recordsOf(kinesis: Kinesis, name: string): readonly StoredRecord[] {
  const stream = kinesis.streams.get(name);
  if (stream === undefined) throw new RangeError(`the fake has no stream ${name}`);
  return stream.shards.flatMap(({ records }) => records);
}

function piecesOf({ kinesis }: Parts, of: LinesOf): Iterable<Uint8Array> {
  if ("stream" in of) return recordsOf(kinesis, of.stream).map(({ data }) => data);
  throw new RangeError("not there");
}

function countsOf({ kinesis }: Parts, of: LinesOf): LineCounts {
  const lines = "stream" in of ? kinesis.streams.get(of.stream)?.lines : undefined;
  if (lines === undefined)
    throw new RangeError(`no counts of ${JSON.stringify(of)}: start with keep: "line-hashes"`);
  return lines;
}

function environments(
  url: string,
  region: string,
  { accessKeyId, secretAccessKey, sessionToken }: FakeCredentials,
) {
  const shared = {
    AWS_ENDPOINT_URL: url,
    AWS_REGION: region,
    AWS_DEFAULT_REGION: region,
    AWS_EC2_METADATA_DISABLED: "true",
  };
  const token = sessionToken === undefined ? {} : { AWS_SESSION_TOKEN: sessionToken };
  return {
    env: { ...shared, AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey, ...token },
    containerEnv: { ...shared, AWS_CONTAINER_CREDENTIALS_FULL_URI: `${url}/_fake/credentials` },
  };
}
