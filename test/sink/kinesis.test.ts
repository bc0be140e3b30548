import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { test } from "node:test";
import { createKinesisSink, kinesisPutBytesMax, parseKinesisStream } from "../../src/sink/kinesis.ts";
import type { Outcome } from "../../src/sink/sink.ts";
import { json, neverAborted, type StandInOptions, standIn } from "../support/aws-stand-in.ts";

/** A generator with even bits, the same in every run. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

function opened(answer: StandInOptions["answer"], stream = "metrics") {
  const stood = standIn({ service: "kinesis", answer });
  return {
    ...stood,
    sink: createKinesisSink({ client: stood.client, stream, random: seeded(1), clock: stood.clock }),
  };
}

const bytes = (count: number, fill = 0x61) => new Uint8Array(count).fill(fill);
const taken = { SequenceNumber: "49", ShardId: "shardId-000000000000" };
const kinds = (outcomes: readonly Outcome[]) =>
  outcomes.map((outcome) => (outcome.kind === "retryable" && outcome.throttled ? "throttled" : outcome.kind));
const reasons = (outcomes: readonly Outcome[]) =>
  outcomes.map((outcome) => (outcome.kind === "durable" ? "" : outcome.reason));

interface Body {
  readonly StreamName?: string;
  readonly StreamARN?: string;
  readonly Records: readonly { readonly Data: string; readonly PartitionKey: string }[];
}
const bodyOf = (text: string) => JSON.parse(text) as Body;

test("records of every length arrive byte for byte, in order, under their own partition keys", async () => {
  const { sink, sent } = opened((request) =>
    json({ Records: bodyOf(request.text).Records.map(() => taken) }),
  );
  const lengths = [1, 2, 3, 4, 5, 0, 49_151, 49_152, 49_153, 98_304, 100_000, 1_000_000];
  // Views into a larger buffer, as the batch hands them over, with every byte value.
  const whole = new Uint8Array(2_000_000).map((_, i) => (i * 31 + (i >> 8)) & 0xff);
  const records = lengths.map((length, i) => whole.subarray(i * 7 + 1, i * 7 + 1 + length));
  assert.deepEqual(
    kinds(await sink.put(records, neverAborted)),
    lengths.map(() => "durable"),
  );
  const { headers, text } = sent[0]!;
  assert.equal(headers.get("x-amz-target"), "Kinesis_20131202.PutRecords");
  const { StreamName, Records } = bodyOf(text);
  assert.equal(StreamName, "metrics");
  assert.equal(Records.length, records.length);
  Records.forEach(({ Data }, i) => {
    assert.ok(Buffer.from(Data, "base64").equals(records[i]!), `record ${i}`);
    assert.equal(Data, Buffer.from(records[i]!).toString("base64"));
  });
  assert.ok(Records.every(({ PartitionKey }) => /^[0-9a-f]{8}$/.test(PartitionKey)));
  assert.equal(new Set(Records.map(({ PartitionKey }) => PartitionKey)).size, records.length);
});

test("a stream given by its ARN is addressed by it", async () => {
  const arn = "arn:aws:kinesis:eu-west-1:123456789012:stream/metrics";
  const { sink, sent } = opened(() => json({ Records: [taken] }), arn);
  assert.deepEqual(kinds(await sink.put([bytes(1)], neverAborted)), ["durable"]);
  const { StreamARN, StreamName } = bodyOf(sent[0]!.text);
  assert.deepEqual([StreamARN, StreamName], [arn, undefined]);
  assert.equal(sink.name, "kinesis:metrics");
  assert.equal(parseKinesisStream(arn).region, "eu-west-1");
  assert.equal(parseKinesisStream(arn.replace("arn:aws", "arn:aws-us-gov")).name, "metrics");
});

test("what is no stream name and no ARN of a stream is refused", () => {
  for (const stream of [
    "",
    "a b",
    "a/b",
    'a"b',
    "a".repeat(129),
    "arn:aws:firehose:r:123456789012:stream/a",
  ]) {
    assert.throws(() => parseKinesisStream(stream), { name: "ConfigError", exitCode: 2 });
  }
});

test("each record has the outcome of its own entry", async () => {
  const { sink } = opened(() =>
    json({
      FailedRecordCount: 4,
      Records: [
        taken,
        { ErrorCode: "ProvisionedThroughputExceededException", ErrorMessage: "Rate exceeded for shard" },
        { ErrorCode: "InternalFailure", ErrorMessage: "Internal Service Failure" },
        { ErrorCode: "InvalidArgumentException", ErrorMessage: "too large" },
        { ErrorCode: "BrandNewException", ErrorMessage: "?" },
        taken,
      ],
    }),
  );
  const outcomes = await sink.put(
    Array.from({ length: 6 }, () => bytes(10)),
    neverAborted,
  );
  assert.deepEqual(kinds(outcomes), ["durable", "throttled", "retryable", "refused", "retryable", "durable"]);
  assert.deepEqual(reasons(outcomes), [
    "",
    "ProvisionedThroughputExceededException",
    "InternalFailure",
    "InvalidArgumentException",
    "unknown",
    "",
  ]);
});

const unproven: readonly [what: string, answer: unknown][] = [
  ["no entries", { FailedRecordCount: 0 }],
  ["entries that are no array", { Records: { 0: taken, 1: taken, length: 2 } }],
  ["too few entries", { FailedRecordCount: 0, Records: [taken] }],
  ["too many entries", { FailedRecordCount: 0, Records: [taken, taken, taken] }],
  ["entries without proof", { FailedRecordCount: 0, Records: [{}, { ShardId: "shardId-0" }] }],
  ["empty proof", { Records: [{ SequenceNumber: "" }, { SequenceNumber: null }] }],
  ["entries that are no objects", { Records: [null, "49"] }],
  ["proof beside an error", { Records: [0, 1].map(() => ({ ...taken, ErrorCode: "InternalFailure" })) }],
  ["another sink's proof", { Records: [{ RecordId: "1" }, { RecordId: "2" }] }],
];
for (const [what, answer] of unproven) {
  test(`an answer with ${what} confirms nothing`, async () => {
    const { sink } = opened(() => json(answer));
    assert.deepEqual(kinds(await sink.put([bytes(1), bytes(1)], neverAborted)), ["retryable", "retryable"]);
  });
}

test("one confirmed entry beside one without proof is durable alone", async () => {
  const { sink } = opened(() => json({ FailedRecordCount: 0, Records: [taken, {}] }));
  assert.deepEqual(kinds(await sink.put([bytes(1), bytes(1)], neverAborted)), ["durable", "retryable"]);
});

test("an entry with a proof and an error code of any kind is not durable", async () => {
  const codes = [42, true, { Code: "x" }, ["x"], "InternalFailure"];
  const { sink } = opened(() => json({ Records: codes.map((ErrorCode) => ({ ...taken, ErrorCode })) }));
  const records = codes.map(() => bytes(1));
  assert.deepEqual(
    kinds(await sink.put(records, neverAborted)),
    codes.map(() => "retryable"),
  );
  const without = opened(() => json({ Records: ["", null].map((ErrorCode) => ({ ...taken, ErrorCode })) }));
  assert.deepEqual(kinds(await without.sink.put(records.slice(3), neverAborted)), ["durable", "durable"]);
});

test("a call that fails is the outcome of every record", async () => {
  const { sink } = opened((_request, count) =>
    [
      () => json({ __type: "ProvisionedThroughputExceededException", message: "m" }, 400),
      () => json({ __type: "ResourceNotFoundException", message: "Stream metrics not found" }, 400),
      () => new Response("", { status: 503 }),
    ][count - 1]!(),
  );
  const put = () => sink.put([bytes(1), bytes(2)], neverAborted);
  assert.deepEqual(kinds(await put()), ["throttled", "throttled"]);
  const missing = await put();
  assert.deepEqual(kinds(missing), ["blocked", "blocked"]);
  const [first] = missing;
  assert.ok(first?.kind === "blocked" && /create the stream/.test(first.message));
  assert.deepEqual(kinds(await put()), ["retryable", "retryable"]);
});

test("a put at the limits is sent within Kinesis' own, and one above them is not sent", async () => {
  const { sink, sent } = opened((request) =>
    json({ Records: bodyOf(request.text).Records.map(() => taken) }),
  );
  const { recordBytesMax, putRecordsMax, putBytesMax } = sink.limits;
  const put = async (records: readonly Uint8Array[]) => new Set(kinds(await sink.put(records, neverAborted)));

  assert.deepEqual(await put([bytes(recordBytesMax)]), new Set(["durable"]));
  assert.deepEqual(await put(Array.from({ length: putRecordsMax }, () => bytes(1))), new Set(["durable"]));
  const full = [...Array.from({ length: 9 }, () => bytes(recordBytesMax))];
  full.push(bytes(putBytesMax - 9 * recordBytesMax));
  assert.deepEqual(await put(full), new Set(["durable"]));
  for (const { text } of sent) {
    const { Records } = bodyOf(text);
    const sizes = Records.map(
      ({ Data, PartitionKey }) => Buffer.from(Data, "base64").length + PartitionKey.length,
    );
    assert.ok(Math.max(...sizes) <= 1024 * 1024);
    assert.ok(sizes.reduce((sum, size) => sum + size, 0) <= kinesisPutBytesMax);
    assert.ok(Records.length <= 500);
  }

  assert.deepEqual(await put([bytes(recordBytesMax + 1)]), new Set(["refused"]));
  assert.deepEqual(
    await put(Array.from({ length: putRecordsMax + 1 }, () => bytes(1))),
    new Set(["refused"]),
  );
  full.push(bytes(1));
  assert.deepEqual(await put(full), new Set(["refused"]));
  const mixed = await sink.put([bytes(1), bytes(recordBytesMax + 1)], neverAborted);
  assert.deepEqual(kinds(mixed), ["retryable", "refused"]);
  assert.equal(sent.length, 3);
});

test("a put of nothing and one given up beforehand send nothing", async () => {
  const { sink, sent } = opened(() => json({ Records: [] }));
  assert.deepEqual(await sink.put([], neverAborted), []);
  assert.deepEqual(reasons(await sink.put([bytes(1)], AbortSignal.abort())), ["aborted"]);
  assert.equal(sent.length, 0);
});

test("partition keys spread records evenly over the shards", async () => {
  const { createHash } = await import("node:crypto");
  const { sink, sent } = opened((request) =>
    json({ Records: bodyOf(request.text).Records.map(() => taken) }),
  );
  const perShard = new Array<number>(8).fill(0);
  for (let i = 0; i < 16; i++)
    await sink.put(
      Array.from({ length: 500 }, () => bytes(1)),
      neverAborted,
    );
  for (const { text } of sent) {
    for (const { PartitionKey } of bodyOf(text).Records) {
      const shard = createHash("md5").update(PartitionKey).digest().readUInt8(0) >> 5;
      perShard[shard] = (perShard[shard] ?? 0) + 1;
    }
  }
  // 8,000 records over 8 shards: 1,000 each, and five standard deviations around it.
  for (const count of perShard) assert.ok(Math.abs(count - 1_000) < 150, perShard.join(" "));
});
