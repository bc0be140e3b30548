import assert from "node:assert/strict";
import { test } from "node:test";
import { createAwsClient } from "../../src/aws/client.ts";
import { type Clock, systemClock } from "../../src/clock.ts";
import { createFirehoseSink, parseFirehoseStream } from "../../src/sink/firehose.ts";
import type { Outcome, Sink } from "../../src/sink/sink.ts";
import { sinkContract } from "../contract/sink.ts";
import { fixedCredentials, keptLog, neverAborted, testCredentials } from "../support/aws-stand-in.ts";
import { type FakeFirehose, type Fault, startFakeFirehose } from "../support/fake-firehose.ts";

const region = "eu-west-1";

interface Differing {
  readonly stream?: string;
  readonly clock?: Clock;
  /** What the fake complains about, if anything. */
  readonly problems?: readonly RegExp[];
}

async function open(
  fault: ((call: number) => Fault | undefined) | undefined,
  { stream = "metrics", clock = systemClock }: Differing,
) {
  const { accessKeyId, secretAccessKey } = testCredentials;
  const keys = { accessKeyId, secretAccessKey };
  const faults = fault === undefined ? {} : { fault };
  const fake = await startFakeFirehose({ streams: ["metrics"], region, ...keys, ...faults });
  const credentials = fixedCredentials();
  const client = createAwsClient({
    service: "firehose",
    region,
    endpoint: new URL(fake.url),
    credentials,
    fetch,
    clock,
    log: keptLog().log,
    userAgent: "test",
    attemptTimeoutMs: 2_000,
  });
  return { fake, credentials, sink: createFirehoseSink({ client, stream }) };
}

/** Runs `run` with a sink on a fake Firehose that meets `fault`. */
async function withFirehose(
  fault: ((call: number) => Fault | undefined) | undefined,
  run: (sink: Sink, fake: FakeFirehose, credentials: ReturnType<typeof fixedCredentials>) => Promise<void>,
  differing: Differing = {},
): Promise<void> {
  const { fake, credentials, sink } = await open(fault, differing);
  const problems = differing.problems ?? [];
  try {
    await run(sink, fake, credentials);
    assert.equal(fake.problems.length, problems.length, fake.problems.join());
    problems.forEach((problem, i) => {
      assert.match(fake.problems[i]!, problem);
    });
  } finally {
    await fake.close();
  }
}

sinkContract("firehose on the fake", {
  async open() {
    const { fake, sink } = await open(undefined, {});
    const decoder = new TextDecoder();
    return {
      sink,
      readLines: () =>
        Promise.resolve(fake.records.flatMap((record) => decoder.decode(record).match(/[^\n]*\n/g) ?? [])),
      async close() {
        await sink.close();
        await fake.close();
        assert.deepEqual(fake.problems, []);
      },
    };
  },
});

const bytes = (count: number, fill = 0x61) => new Uint8Array(count).fill(fill);
const kinds = (outcomes: readonly Outcome[]) =>
  outcomes.map((outcome) => (outcome.kind === "retryable" && outcome.throttled ? "throttled" : outcome.kind));
const once = (fault: Fault) => (call: number) => (call === 1 ? fault : undefined);

test("records arrive byte for byte and in order, in correctly signed calls", () =>
  withFirehose(undefined, async (sink, fake) => {
    const records = [1, 2, 3, 1000, 49_153, 1_024_000].map((length, i) => bytes(length, 0x30 + i));
    assert.deepEqual(
      kinds(await sink.put(records, neverAborted)),
      records.map(() => "durable"),
    );
    assert.deepEqual(fake.records, records);
  }));

test("a put at every limit is taken even where the service counts after base64", () =>
  withFirehose(undefined, async (sink, fake) => {
    const { recordBytesMax, putRecordsMax, putBytesMax } = sink.limits;
    const sizes = new Array<number>(3).fill(recordBytesMax);
    sizes.push(putBytesMax - 3 * recordBytesMax - (putRecordsMax - 4));
    while (sizes.length < putRecordsMax) sizes.push(1);
    const records = sizes.map((size) => bytes(size));
    assert.deepEqual(new Set(kinds(await sink.put(records, neverAborted))), new Set(["durable"]));
    assert.equal(fake.records.length, putRecordsMax);
    const over = [...records.slice(0, -1), bytes(2)];
    assert.deepEqual(new Set(kinds(await sink.put(over, neverAborted))), new Set(["refused"]));
    assert.deepEqual(kinds(await sink.put([bytes(recordBytesMax + 1)], neverAborted)), ["refused"]);
    const many = Array.from({ length: putRecordsMax + 1 }, () => bytes(1));
    assert.deepEqual(new Set(kinds(await sink.put(many, neverAborted))), new Set(["refused"]));
    assert.equal(fake.calls(), 1);
  }));

test("records that fail in an accepted call are retryable alone", () => {
  const codeOf = (index: number) => ["ServiceUnavailableException", undefined, "InternalFailure"][index % 3];
  return withFirehose(once({ kind: "entry", codeOf }), async (sink, fake) => {
    const records = [0, 1, 2, 3].map((i) => bytes(4, 0x30 + i));
    const outcomes = await sink.put(records, neverAborted);
    assert.deepEqual(kinds(outcomes), ["throttled", "durable", "retryable", "throttled"]);
    assert.deepEqual(fake.records, [records[1]]);
  });
});

const errors: readonly [status: number, code: string, expected: string][] = [
  [500, "InternalFailure", "retryable"],
  [503, "ServiceUnavailableException", "throttled"],
  [400, "ThrottlingException", "throttled"],
  [400, "ExpiredTokenException", "retryable"],
  [400, "InvalidKMSResourceException", "blocked"],
  [400, "InvalidSourceException", "blocked"],
  [400, "InvalidArgumentException", "refused"],
];
for (const [status, code, expected] of errors) {
  test(`a call answered with ${status} ${code} is ${expected}, and the next one goes through`, () =>
    withFirehose(once({ kind: "error", status, code }), async (sink, fake, credentials) => {
      assert.deepEqual(kinds(await sink.put([bytes(1), bytes(2)], neverAborted)), [expected, expected]);
      assert.deepEqual(kinds(await sink.put([bytes(1)], neverAborted)), ["durable"]);
      assert.equal(fake.records.length, 1);
      assert.equal(credentials.invalidated, code === "ExpiredTokenException" ? 1 : 0);
    }));
}

const breaks: readonly [what: string, fault: Fault, reason: string][] = [
  ["an answer that is no JSON", { kind: "body", text: "<html>" }, "malformed-answer"],
  ["an answer cut short", { kind: "body", text: '{"FailedPutCount":0,"Requ' }, "malformed-answer"],
  ["an empty answer", { kind: "body", text: "" }, "malformed-answer"],
  ["an answer without entries", { kind: "body", text: '{"FailedPutCount":0}' }, "unconfirmed"],
  ["an answer without RecordIds", { kind: "body", text: '{"RequestResponses":[{}]}' }, "unconfirmed"],
  ["a connection cut before the answer", { kind: "reset", midAnswer: false }, "network"],
  ["a connection cut in the answer", { kind: "reset", midAnswer: true }, "network"],
  ["no answer at all", { kind: "hang" }, "timeout"],
];
for (const [what, fault, reason] of breaks) {
  test(`${what} confirms nothing, and the next call goes through`, () => {
    // For the whole put: Deno by itself repeats a request whose connection is cut before an answer.
    let broken = true;
    return withFirehose(
      () => (broken ? fault : undefined),
      async (sink) => {
        const [outcome] = await sink.put([bytes(1)], neverAborted);
        assert.ok(outcome?.kind === "retryable", JSON.stringify(outcome));
        assert.equal(outcome.reason, reason);
        broken = false;
        assert.deepEqual(kinds(await sink.put([bytes(1)], neverAborted)), ["durable"]);
      },
    );
  });
}

test("a put that is given up while the service is silent ends at once", () =>
  withFirehose(once({ kind: "hang" }), async (sink, fake) => {
    const controller = new AbortController();
    const put = sink.put([bytes(1)], controller.signal);
    await fake.arrived(1);
    controller.abort(new Error("draining"));
    const [outcome] = await put;
    assert.ok(outcome?.kind === "retryable");
    assert.deepEqual([outcome.reason, outcome.message], ["aborted", "aborted: draining"]);
  }));

test("several puts may be under way at once", () =>
  withFirehose(undefined, async (sink, fake) => {
    const puts = Array.from({ length: 8 }, (_, i) => sink.put([bytes(100_000, i)], neverAborted));
    assert.deepEqual(
      (await Promise.all(puts)).flatMap(kinds),
      puts.map(() => "durable"),
    );
    assert.deepEqual(new Set(fake.records.map((record) => record[0])), new Set([0, 1, 2, 3, 4, 5, 6, 7]));
  }));

test("a stream that does not exist is for the operator", () =>
  withFirehose(
    undefined,
    async (sink) => {
      const [outcome] = await sink.put([bytes(1)], neverAborted);
      assert.ok(outcome?.kind === "blocked");
      assert.match(outcome.message, /no stream other \(create the stream/);
    },
    { stream: "other", problems: [/^ResourceNotFoundException: no stream other$/] },
  ));

for (const offsetMs of [-3_600_000, 3_600_000]) {
  test(`a clock that is off by ${offsetMs / 60_000} minutes costs one attempt`, () =>
    withFirehose(
      undefined,
      async (sink) => {
        assert.deepEqual(kinds(await sink.put([bytes(1)], neverAborted)), ["retryable"]);
        for (let i = 0; i < 3; i++) {
          assert.deepEqual(kinds(await sink.put([bytes(1)], neverAborted)), ["durable"]);
        }
      },
      { clock: { ...systemClock, now: () => Date.now() + offsetMs }, problems: [/Signature expired/] },
    ));
}

test("an ARN is another way to write name and region of a delivery stream", () => {
  const arn = "arn:aws-cn:firehose:cn-north-1:123456789012:deliverystream/metrics";
  assert.deepEqual(parseFirehoseStream(arn), { name: "metrics", region: "cn-north-1" });
  assert.deepEqual(parseFirehoseStream("a.b_c-1"), { name: "a.b_c-1", region: undefined });
  for (const stream of ["", "a/b", "a".repeat(65), "arn:aws:kinesis:eu-west-1:123456789012:stream/a"]) {
    assert.throws(() => parseFirehoseStream(stream), { name: "ConfigError", exitCode: 2 });
  }
});
