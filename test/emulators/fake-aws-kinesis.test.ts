import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { type Boto3, boto3Missing, type Values } from "../support/fake-aws/boto3.ts";
import { withBoto3 } from "../support/fake-aws/with-boto3.ts";

const missing = boto3Missing();
const skip = missing === undefined ? {} : { skip: missing };
const StreamName = "metrics";

const oneStream = { streams: [{ name: StreamName, shards: 4 }] };

test("boto3 creates a stream, describes it, puts and reads back, and deletes it", skip, () =>
  withBoto3({}, async (boto, fake) => {
    await boto.call("kinesis", "create_stream", { StreamName, ShardCount: 3 });
    assert.equal(
      (await boto.error("kinesis", "create_stream", { StreamName, ShardCount: 1 })).error,
      "ResourceInUseException",
    );
    const { StreamDescriptionSummary } = await boto.call("kinesis", "describe_stream_summary", {
      StreamName,
    });
    const summary = StreamDescriptionSummary as Values;
    assert.equal(summary["OpenShardCount"], 3);
    assert.equal(summary["StreamStatus"], "ACTIVE");
    const Records = Array.from({ length: 500 }, (_, i) => ({
      Data: Buffer.from(`line ${i}\n`),
      PartitionKey: `ключ ${i}`,
    }));
    const put = await boto.call("kinesis", "put_records", { StreamARN: summary["StreamARN"], Records });
    assert.equal(put["FailedRecordCount"], 0);
    const results = put["Records"] as Values[];
    // By the MD5 of its key, as everyone can work out.
    Records.forEach(({ PartitionKey }, i) => {
      const top = Number.parseInt(createHash("md5").update(PartitionKey).digest("hex").slice(0, 8), 16);
      assert.equal(
        results[i]!["ShardId"],
        `shardId-${String(Math.floor((top * 3) / 2 ** 32)).padStart(12, "0")}`,
      );
    });
    const lines = await readBack(boto, StreamName);
    assert.deepEqual(new Set(lines), new Set(Records.map(({ Data }) => Data.toString())));
    assert.equal(lines.length, 500);
    assert.deepEqual(new Set(fake.lines({ stream: StreamName })), new Set(lines));
    await boto.call("kinesis", "put_record", {
      StreamName,
      Data: Buffer.from("x"),
      PartitionKey: "a",
      ExplicitHashKey: "0",
    });
    assert.equal(fake.records(StreamName).filter(({ explicitHashKey }) => explicitHashKey === "0").length, 1);
    await boto.call("kinesis", "delete_stream", { StreamName });
    assert.equal(
      (await boto.error("kinesis", "describe_stream_summary", { StreamName })).error,
      "ResourceNotFoundException",
    );
  }),
);

async function readBack(boto: Boto3, stream: string): Promise<string[]> {
  const shards: Values[] = [];
  // Not by the paginator: it repeats StreamName beside NextToken, which the service refuses.
  for (let at: Values = { StreamName: stream }; ; ) {
    const { Shards, NextToken } = await boto.call("kinesis", "list_shards", { ...at, MaxResults: 2 });
    shards.push(...(Shards as Values[]));
    if (NextToken === undefined) break;
    at = { NextToken };
  }
  const lines: string[] = [];
  for (const { ShardId } of shards) {
    let at = await boto.call("kinesis", "get_shard_iterator", {
      StreamName: stream,
      ShardId,
      ShardIteratorType: "TRIM_HORIZON",
    });
    let ShardIterator = at["ShardIterator"];
    for (let records = 1; records > 0 && ShardIterator !== undefined; ) {
      at = await boto.call("kinesis", "get_records", { ShardIterator, Limit: 100 });
      ShardIterator = at["NextShardIterator"];
      records = (at["Records"] as Values[]).length;
      lines.push(...(at["Records"] as Values[]).map(({ Data }) => String(Data)));
    }
  }
  return lines;
}

test("boto3 splits, merges and doubles shards; parents and children are told", skip, () =>
  withBoto3(oneStream, async (boto) => {
    const middle = String(2n ** 125n);
    await boto.call("kinesis", "split_shard", {
      StreamName,
      ShardToSplit: "shardId-000000000000",
      NewStartingHashKey: middle,
    });
    await boto.call("kinesis", "merge_shards", {
      StreamName,
      ShardToMerge: "shardId-000000000001",
      AdjacentShardToMerge: "shardId-000000000005",
    });
    const listed = async (Type: string, others = {}) => {
      const answer = await boto.call("kinesis", "list_shards", {
        StreamName,
        ShardFilter: { Type, ...others },
      });
      return (answer["Shards"] as Values[]).map(({ ShardId }) => Number(String(ShardId).slice(8)));
    };
    assert.deepEqual(await listed("AT_LATEST"), [2, 3, 4, 6]);
    assert.deepEqual(await listed("AT_TRIM_HORIZON"), [0, 1, 2, 3]);
    assert.deepEqual(await listed("AFTER_SHARD_ID", { ShardId: "shardId-000000000004" }), [5, 6]);
    const { Shards } = await boto.call("kinesis", "list_shards", { StreamName });
    const merged = (Shards as Values[])[6]!;
    assert.equal(merged["ParentShardId"], "shardId-000000000001");
    assert.equal(merged["AdjacentParentShardId"], "shardId-000000000005");
    assert.deepEqual(merged["HashKeyRange"], {
      StartingHashKey: middle,
      EndingHashKey: String(2n ** 127n - 1n),
    });
    const TargetShardCount = 8;
    const scaled = await boto.call("kinesis", "update_shard_count", {
      StreamName,
      TargetShardCount,
      ScalingType: "UNIFORM_SCALING",
    });
    assert.equal(scaled["CurrentShardCount"], 4);
    assert.equal((await listed("AT_LATEST")).length, 8);
  }),
);

test("what is over a limit is refused as the service does it, and is a problem of the client", skip, () =>
  withBoto3(
    oneStream,
    async (boto) => {
      const record = { Data: Buffer.from("x"), PartitionKey: "k" };
      const put = async (Records: readonly Values[]) => {
        // botocore checks some limits itself, unless told not to.
        const config = { botocore: { parameter_validation: false } };
        return (await boto.error("kinesis", "put_records", { StreamName, Records }, config)).error;
      };
      assert.equal(await put(new Array<Values>(501).fill(record)), "ValidationException");
      assert.equal(await put([]), "ValidationException");
      assert.equal(
        await put([{ Data: Buffer.alloc(1024 * 1024), PartitionKey: "k" }]),
        "InvalidArgumentException",
      );
      assert.equal(
        await put(new Array<Values>(11).fill({ Data: Buffer.alloc(1024 * 1024 - 1), PartitionKey: "k" })),
        "InvalidArgumentException",
      );
      assert.equal(await put([{ ...record, PartitionKey: "k".repeat(257) }]), "ValidationException");
      assert.equal(
        await put([{ ...record, ExplicitHashKey: String(2n ** 128n) }]),
        "InvalidArgumentException",
      );
      assert.equal(await put([{ ...record, ExplicitHashKey: "007" }]), "ValidationException");
      assert.equal(
        (await boto.error("kinesis", "list_shards", { StreamName, NextToken: "e30=" })).error,
        "InvalidArgumentException",
      );
    },
    [/501|500/, /greater/, /1048577 bytes/, /10485760/, /256/, /valid range/, /regular/, /NextToken/],
  ),
);

test(
  "a shard takes 1,000 records and 1 MiB a second, an AUTO stream spreads what names one shard",
  skip,
  () =>
    withBoto3(
      {
        streams: [...oneStream.streams, { name: "auto", shards: 4, onDemand: true, distributesItself: true }],
      },
      async (boto, fake) => {
        const Records = Array.from({ length: 500 }, () => ({
          Data: Buffer.from("x"),
          PartitionKey: "k",
          ExplicitHashKey: "0",
        }));
        const codes: unknown[] = [];
        for (let i = 0; i < 4; i++) {
          const answer = await boto.call("kinesis", "put_records", { StreamName, Records });
          const failed = (answer["Records"] as Values[]).filter(({ ErrorCode }) => ErrorCode !== undefined);
          assert.equal(answer["FailedRecordCount"], failed.length);
          codes.push(...failed.map(({ ErrorCode }) => ErrorCode));
        }
        assert.deepEqual(new Set(codes), new Set(["ProvisionedThroughputExceededException"]));
        assert.equal(fake.state().throttled, codes.length);
        const spread = await boto.call("kinesis", "put_records", { StreamName: "auto", Records });
        assert.equal(spread["FailedRecordCount"], 0);
        assert.equal(new Set((spread["Records"] as Values[]).map(({ ShardId }) => ShardId)).size, 4);
      },
    ),
);

test("signatures of other keys, regions and times are refused with the service's codes", skip, () =>
  withBoto3(
    oneStream,
    async (boto, fake) => {
      const code = async (client: Values) =>
        (await boto.error("kinesis", "describe_stream_summary", { StreamName }, { client })).error;
      const { accessKeyId, secretAccessKey } = fake.credentials;
      const keys = { aws_access_key_id: accessKeyId, aws_secret_access_key: secretAccessKey };
      assert.equal(await code({ ...keys, aws_secret_access_key: "other" }), "InvalidSignatureException");
      assert.equal(await code({ ...keys, aws_access_key_id: "AKIAOTHER" }), "UnrecognizedClientException");
      assert.equal(await code({ ...keys, aws_session_token: "other" }), "UnrecognizedClientException");
      assert.equal(await code({ ...keys, region_name: "eu-west-1" }), "InvalidSignatureException");
      fake.command({ kind: "shift-clock", minutes: 4 });
      await boto.call("kinesis", "describe_stream_summary", { StreamName });
      fake.command({ kind: "shift-clock", minutes: 2 });
      const late = await boto.error("kinesis", "describe_stream_summary", { StreamName });
      assert.equal(late.error, "InvalidSignatureException");
      assert.match(late.message, /^Signature expired: \d{8}T\d{6}Z is now earlier than/);
      fake.command({ kind: "shift-clock", minutes: -12 });
      assert.match((await boto.error("kinesis", "list_streams")).message, /^Signature not yet current/);
    },
    [/does not match/, /security token/, /security token/, /valid region/],
  ),
);

test("botocore reads faults as what they are meant to be", skip, () =>
  withBoto3(oneStream, async (boto, fake) => {
    const params = { StreamName, Records: [{ Data: Buffer.from("poison"), PartitionKey: "k" }] };
    const config = { botocore: { read_timeout: 1 } };
    const error = async () => {
      const { error: code, status } = await boto.error("kinesis", "put_records", params);
      return [code, status];
    };
    const failure = () => boto.failure("kinesis", "put_records", params, config);
    fake.fault({ kind: "error", code: "InternalFailure", count: 1 });
    assert.deepEqual(await error(), ["InternalFailure", 500]);
    fake.fault({ kind: "error", code: "KMSThrottlingException", count: 1 });
    assert.deepEqual(await error(), ["KMSThrottlingException", 400]);
    fake.fault({ kind: "throttle", whole: true, count: 1 });
    assert.deepEqual(await error(), ["ProvisionedThroughputExceededException", 400]);
    fake.fault({ kind: "poison", text: "poison", scope: "call", count: 1 });
    assert.deepEqual(await error(), ["InvalidArgumentException", 400]);
    assert.equal(fake.records(StreamName).length, 0);
    fake.fault({ kind: "error", code: "ServiceUnavailable", stored: true, count: 1 });
    assert.deepEqual(await error(), ["ServiceUnavailable", 503]);
    assert.equal(fake.records(StreamName).length, 1);
    fake.fault({ kind: "reset", at: "mid-answer", count: 1 });
    // When the half comes with the end of the connection, botocore may take it for an answer that says nothing.
    const half = await failure().catch(String);
    assert.ok(/broken|closed|reset/i.test(half) || !half.includes('"Records"'), half);
    fake.fault({ kind: "hang", count: 1 });
    assert.match(await failure(), /timeout/i);
    fake.fault({ kind: "answer", form: "malformed", count: 1 });
    // botocore takes it for an answer that says nothing.
    assert.equal((await boto.call("kinesis", "put_records", params))["Records"], undefined);
    fake.fault({ kind: "entries", share: 1, stored: true, count: 1 });
    const { FailedRecordCount, Records } = await boto.call("kinesis", "put_records", params);
    assert.deepEqual([FailedRecordCount, (Records as Values[])[0]!["ErrorCode"]], [1, "InternalFailure"]);
    assert.equal(fake.records(StreamName).length, 4);
  }),
);
