import assert from "node:assert/strict";
import { test } from "node:test";
import { gunzipSync } from "node:zlib";
import { type Boto3, boto3Missing, type Values } from "../support/fake-aws/boto3.ts";
import { withBoto3 } from "../support/fake-aws/with-boto3.ts";

const missing = boto3Missing();
const skip = missing === undefined ? {} : { skip: missing };
const DeliveryStreamName = "metrics";
const Bucket = "archive";

function destination(others: Values = {}): Values {
  return {
    RoleARN: "arn:aws:iam::000000000000:role/firehose",
    BucketARN: `arn:aws:s3:::${Bucket}`,
    ...others,
  };
}

function create(boto: Boto3, others: Values): Promise<Values> {
  const ExtendedS3DestinationConfiguration = destination(others);
  return boto.call("firehose", "create_delivery_stream", {
    DeliveryStreamName,
    ExtendedS3DestinationConfiguration,
  });
}

test(
  "what Firehose confirms is delivered to S3 in order, without delimiter, under the hour of arrival",
  skip,
  () =>
    withBoto3({}, async (boto, fake) => {
      await create(boto, { BufferingHints: { SizeInMBs: 1, IntervalInSeconds: 60 } });
      const { DeliveryStreamDescription } = await boto.call("firehose", "describe_delivery_stream", {
        DeliveryStreamName,
      });
      const description = DeliveryStreamDescription as Values;
      assert.equal(description["DeliveryStreamStatus"], "ACTIVE");
      const Records = Array.from({ length: 500 }, (_, i) => ({ Data: Buffer.from(`line ${i}\n`) }));
      const put = await boto.call("firehose", "put_record_batch", { DeliveryStreamName, Records });
      assert.equal(put["FailedPutCount"], 0);
      assert.equal(new Set((put["RequestResponses"] as Values[]).map(({ RecordId }) => RecordId)).size, 500);
      await boto.call("firehose", "put_record", {
        DeliveryStreamName,
        Record: { Data: Buffer.from("last\n") },
      });
      assert.equal(fake.objects(Bucket).length, 0);
      assert.equal(fake.lines({ deliveryStream: DeliveryStreamName }).length, 501);
      fake.command({ kind: "deliver" });
      const [object, ...others] = fake.objects(Bucket);
      assert.deepEqual(others, []);
      assert.match(
        object?.key ?? "",
        /^\d{4}\/\d\d\/\d\d\/\d\d\/metrics-1-\d{4}-\d\d-\d\d-\d\d-\d\d-\d\d-[0-9a-f]{8}-[0-9a-f-]{27}$/,
      );
      assert.equal(String(object?.body), [...Records.map(({ Data }) => Data), "last\n"].join(""));
      // A megabyte is enough for a delivery of its own.
      const large = Array.from({ length: 2 }, () => ({ Data: Buffer.alloc(600_000, "x") }));
      await boto.call("firehose", "put_record_batch", { DeliveryStreamName, Records: large });
      assert.equal(fake.objects(Bucket).length, 2);
      await boto.call("firehose", "delete_delivery_stream", { DeliveryStreamName });
      assert.deepEqual((await boto.call("firehose", "list_delivery_streams"))["DeliveryStreamNames"], []);
    }),
);

test("a delivery stream compresses, delimits and names its objects as it is told", skip, () =>
  withBoto3({}, async (boto, fake) => {
    const Processors = [
      {
        Type: "AppendDelimiterToRecord",
        Parameters: [{ ParameterName: "Delimiter", ParameterValue: "\\n" }],
      },
    ];
    await create(boto, {
      Prefix: "year=!{timestamp:yyyy}/d'ay=!{timestamp:MM-dd'T'HH}/",
      CompressionFormat: "GZIP",
      ProcessingConfiguration: { Enabled: true, Processors },
    });
    const Records = [{ Data: Buffer.from("a") }, { Data: Buffer.from("b") }];
    await boto.call("firehose", "put_record_batch", { DeliveryStreamName, Records });
    fake.command({ kind: "deliver" });
    const [object] = fake.objects(Bucket);
    assert.match(object?.key ?? "", /^year=\d{4}\/d'ay=\d\d-\d\dT\d\d\/metrics-1-.*\.gz$/);
    assert.equal(String(gunzipSync(object?.body ?? "")), "a\nb\n");
  }),
);

test("Firehose's limits, its quota and its way to fail single records", skip, () =>
  withBoto3(
    { deliveryStreams: [{ name: DeliveryStreamName, bucket: Bucket, quota: { records: 600 } }] },
    async (boto, fake) => {
      const put = (Records: readonly Values[]) =>
        ["firehose", "put_record_batch", { DeliveryStreamName, Records }] as const;
      const config = { botocore: { parameter_validation: false } };
      const code = async (Records: readonly Values[]) => (await boto.error(...put(Records), config)).error;
      const record = { Data: Buffer.from("poison\n") };
      assert.equal(await code(new Array<Values>(501).fill(record)), "ValidationException");
      assert.equal(await code([{ Data: Buffer.alloc(1_024_001) }]), "ValidationException");
      assert.equal(
        await code(new Array<Values>(4).fill({ Data: Buffer.alloc(1_000_000) })),
        "InvalidArgumentException",
      );
      fake.fault({ kind: "entries", share: 0.5, seed: 3, count: 1 });
      const first = await boto.call(...put(new Array<Values>(500).fill(record)));
      assert.equal(
        fake.lines({ deliveryStream: DeliveryStreamName }).length,
        500 - Number(first["FailedPutCount"]),
      );
      const second = await boto.call(...put(new Array<Values>(500).fill(record)));
      const slow = (second["RequestResponses"] as Values[]).filter(
        ({ ErrorCode }) => ErrorCode === "ServiceUnavailableException",
      );
      assert.ok(slow.length > 0 && slow.length < 500, String(slow.length));
      fake.fault({ kind: "throttle", count: 1 });
      assert.deepEqual((await boto.error(...put([record]))).status, 503);
      fake.fault({ kind: "poison", text: "poison", scope: "call", count: 1 });
      assert.equal(await code([{ Data: Buffer.from("fine") }, record]), "InvalidArgumentException");
    },
    [/501|500/, /1024000/, /4194304/],
  ),
);

test("roles are assumed with keys or a web identity, and their tokens end", skip, () =>
  withBoto3(
    { tokenLifetimeMs: 600_000 },
    async (boto, fake) => {
      assert.equal((await boto.call("sts", "get_caller_identity"))["Account"], "000000000000");
      const role = { RoleArn: "arn:aws:iam::000000000000:role/writer", RoleSessionName: "session" };
      const assumed = await boto.call("sts", "assume_role", role);
      const web = await boto.call("sts", "assume_role_with_web_identity", {
        ...role,
        WebIdentityToken: "header.body.sign",
      });
      for (const { Credentials } of [assumed, web]) {
        const { AccessKeyId, SecretAccessKey, SessionToken, Expiration } = Credentials as Values;
        const leftMs = Date.parse(String(Expiration)) - fake.now();
        assert.ok(leftMs > 590_000 && leftMs <= 600_000, String(leftMs));
        const client = {
          aws_access_key_id: AccessKeyId,
          aws_secret_access_key: SecretAccessKey,
          aws_session_token: SessionToken,
        };
        await boto.call("kinesis", "list_streams", {}, { client });
      }
      const { Credentials } = assumed;
      fake.command({ kind: "expire-tokens" });
      const { AccessKeyId, SecretAccessKey, SessionToken } = Credentials as Values;
      const client = {
        aws_access_key_id: AccessKeyId,
        aws_secret_access_key: SecretAccessKey,
        aws_session_token: SessionToken,
      };
      assert.equal(
        (await boto.error("kinesis", "list_streams", {}, { client })).error,
        "ExpiredTokenException",
      );
      assert.equal((await boto.error("sts", "get_caller_identity", {}, { client })).error, "ExpiredToken");
      assert.equal((await boto.error("sts", "get_session_token")).error, "InvalidAction");
    },
    [/InvalidAction/],
  ),
);

test("a container's agent hands out credentials to whoever shows its token", skip, () =>
  withBoto3(
    {},
    async (boto, fake) => {
      await boto.call("kinesis", "list_streams");
      assert.equal(fake.state().calls["credentials.GetCredentials"], 1);
      assert.equal((await fetch(`${fake.url}/_fake/credentials`)).status, 403);
    },
    [/not the container's token/],
    ({ containerEnv }) => containerEnv,
  ),
);
