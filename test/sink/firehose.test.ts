import assert from "node:assert/strict";
import { test } from "node:test";
import { createAwsClient } from "../../src/aws/client.ts";
import { type Clock, systemClock } from "../../src/clock.ts";
import { createFirehoseSink, parseFirehoseStream } from "../../src/sink/firehose.ts";
import type { Outcome, Sink } from "../../src/sink/sink.ts";
import { sinkContract } from "../contract/sink.ts";
import { fixedCredentials, keptLog, neverAborted } from "../support/aws-stand-in.ts";
import { type FakeAws, startFakeAws } from "../support/fake-aws/fake-aws.ts";
import type { Effect } from "../support/fake-aws/fault.ts";

const region = "eu-west-1";

interface Differing {
  readonly stream?: string;
  readonly clock?: Clock;
}

const deliveryStream = "metrics";

async function open({ stream = deliveryStream, clock = systemClock }: Differing) {
  const fake = await startFakeAws({ region, deliveryStreams: [{ name: deliveryStream, bucket: "archive" }] });
  const credentials = fixedCredentials({
    ...fake.credentials,
    sessionToken: undefined,
    expirationMs: undefined,
  });
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

/** Runs `run` with a sink on a fake Firehose. */
async function withFirehose(
  run: (sink: Sink, fake: FakeAws, credentials: ReturnType<typeof fixedCredentials>) => Promise<void>,
  differing: Differing = {},
): Promise<void> {
  const { fake, credentials, sink } = await open(differing);
  try {
    await run(sink, fake, credentials);
    assert.deepEqual(fake.problems, []);
  } finally {
    await fake.close();
  }
}

/** Data of the records that were confirmed, in order. */
function stored(fake: FakeAws): Uint8Array {
  fake.command({ kind: "deliver" });
  return Buffer.concat(fake.objects("archive").map(({ body }) => body));
}

sinkContract("firehose on the fake", {
  async open() {
    const { fake, sink } = await open({});
    return {
      sink,
      readLines: () => Promise.resolve(fake.lines({ deliveryStream })),
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
const puts = (fake: FakeAws) => fake.state().calls["firehose.PutRecordBatch"] ?? 0;

test("records arrive byte for byte and in order, in correctly signed calls", () =>
  withFirehose(async (sink, fake) => {
    const records = [1, 2, 3, 1000, 49_153, 1_024_000].map((length, i) => bytes(length, 0x30 + i));
    assert.deepEqual(
      kinds(await sink.put(records, neverAborted)),
      records.map(() => "durable"),
    );
    assert.deepEqual(new Uint8Array(stored(fake)), new Uint8Array(Buffer.concat(records)));
  }));

test("a put at every limit is taken even where the service counts after base64", () =>
  withFirehose(async (sink, fake) => {
    const { recordBytesMax, putRecordsMax, putBytesMax } = sink.limits;
    const sizes = new Array<number>(3).fill(recordBytesMax);
    sizes.push(putBytesMax - 3 * recordBytesMax - (putRecordsMax - 4));
    while (sizes.length < putRecordsMax) sizes.push(1);
    const records = sizes.map((size) => bytes(size));
    assert.deepEqual(new Set(kinds(await sink.put(records, neverAborted))), new Set(["durable"]));
    assert.equal(fake.state().deliveryStreams[deliveryStream]?.records, putRecordsMax);
    const over = [...records.slice(0, -1), bytes(2)];
    assert.deepEqual(new Set(kinds(await sink.put(over, neverAborted))), new Set(["refused"]));
    assert.deepEqual(kinds(await sink.put([bytes(recordBytesMax + 1)], neverAborted)), ["refused"]);
    const many = Array.from({ length: putRecordsMax + 1 }, () => bytes(1));
    assert.deepEqual(new Set(kinds(await sink.put(many, neverAborted))), new Set(["refused"]));
    assert.equal(puts(fake), 1);
  }));

test("records that fail in an accepted call are retryable alone", () =>
  withFirehose(async (sink, fake) => {
    fake.fault({ kind: "entries", codes: ["ServiceUnavailableException", "", "InternalFailure"] });
    const records = [0, 1, 2, 3].map((i) => bytes(4, 0x30 + i));
    const outcomes = await sink.put(records, neverAborted);
    assert.deepEqual(kinds(outcomes), ["throttled", "durable", "retryable", "throttled"]);
    assert.equal(String(stored(fake)), "1111");
  }));

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
    withFirehose(async (sink, fake, credentials) => {
      fake.fault({ kind: "error", status, code, count: 1 });
      assert.deepEqual(kinds(await sink.put([bytes(1), bytes(2)], neverAborted)), [expected, expected]);
      assert.deepEqual(kinds(await sink.put([bytes(1)], neverAborted)), ["durable"]);
      assert.equal(stored(fake).byteLength, 1);
      assert.equal(credentials.invalidated, code === "ExpiredTokenException" ? 1 : 0);
    }));
}

const breaks: readonly [what: string, fault: Effect, reason: string][] = [
  ["an answer that is no JSON", { kind: "answer", form: "html" }, "malformed-answer"],
  ["an answer cut short", { kind: "answer", form: "cut" }, "malformed-answer"],
  ["an empty answer", { kind: "answer", form: "empty" }, "malformed-answer"],
  ["an answer without entries", { kind: "answer", form: "no-entries" }, "unconfirmed"],
  ["an answer with an entry too few", { kind: "answer", form: "fewer-entries" }, "unconfirmed"],
  ["an answer with an entry too many", { kind: "answer", form: "more-entries" }, "unconfirmed"],
  ["an answer without RecordIds", { kind: "answer", form: "no-proof" }, "unconfirmed"],
  ["a connection cut before the request is read", { kind: "reset", at: "before-reading" }, "network"],
  ["a connection cut before the answer", { kind: "reset", at: "before-storing" }, "network"],
  ["a connection cut in place of the answer", { kind: "reset", at: "after-storing" }, "network"],
  ["a connection cut in the answer", { kind: "reset", at: "mid-answer" }, "network"],
  ["no answer at all", { kind: "hang" }, "timeout"],
];
for (const [what, fault, reason] of breaks) {
  // For the whole put: Deno by itself repeats a request whose connection is cut before an answer.
  test(`${what} confirms nothing, and the next call goes through`, () =>
    withFirehose(async (sink, fake) => {
      const handle = fake.fault(fault);
      const [outcome] = await sink.put([bytes(1)], neverAborted);
      assert.ok(outcome?.kind === "retryable", JSON.stringify(outcome));
      assert.equal(outcome.reason, reason);
      handle.end();
      assert.deepEqual(kinds(await sink.put([bytes(1)], neverAborted)), ["durable"]);
    }));
}

test("a put that is given up while the service is silent ends at once", () =>
  withFirehose(async (sink, fake) => {
    fake.fault({ kind: "hang", count: 1 });
    const controller = new AbortController();
    const put = sink.put([bytes(1)], controller.signal);
    await fake.arrived(1, "firehose.PutRecordBatch");
    controller.abort(new Error("draining"));
    const [outcome] = await put;
    assert.ok(outcome?.kind === "retryable");
    assert.deepEqual([outcome.reason, outcome.message], ["aborted", "aborted: draining"]);
  }));

test("several puts may be under way at once", () =>
  withFirehose(async (sink, fake) => {
    const puts = Array.from({ length: 8 }, (_, i) => sink.put([bytes(100_000, i)], neverAborted));
    assert.deepEqual(
      (await Promise.all(puts)).flatMap(kinds),
      puts.map(() => "durable"),
    );
    assert.deepEqual(new Set(stored(fake)), new Set([0, 1, 2, 3, 4, 5, 6, 7]));
  }));

test("a stream that does not exist is for the operator", () =>
  withFirehose(
    async (sink) => {
      const [outcome] = await sink.put([bytes(1)], neverAborted);
      assert.ok(outcome?.kind === "blocked");
      assert.match(outcome.message, /Firehose other .* not found\. \(create the stream/);
    },
    { stream: "other" },
  ));

for (const offsetMs of [-3_600_000, 3_600_000]) {
  test(`a clock that is off by ${offsetMs / 60_000} minutes costs one attempt`, () =>
    withFirehose(
      async (sink) => {
        assert.deepEqual(kinds(await sink.put([bytes(1)], neverAborted)), ["retryable"]);
        for (let i = 0; i < 3; i++) {
          assert.deepEqual(kinds(await sink.put([bytes(1)], neverAborted)), ["durable"]);
        }
      },
      { clock: { ...systemClock, now: () => Date.now() + offsetMs } },
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
