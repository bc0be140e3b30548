/** `check` against services that other people wrote: kinesalite, kinesis-local and moto. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { AwsClient as SigningFetch } from "aws4fetch";
import { neverAborted, testCredentials } from "../support/aws-stand-in.ts";
import { check } from "../support/check.ts";
import { type KinesisEmulator, startKinesalite, startKinesisLocal } from "../support/kinesis-emulator.ts";
import { motoClient, motoMissing, startMoto } from "../support/moto.ts";

const { accessKeyId, secretAccessKey } = testCredentials;
const env = {
  AWS_ACCESS_KEY_ID: accessKeyId,
  AWS_SECRET_ACCESS_KEY: secretAccessKey,
  AWS_REGION: "us-east-1",
};

for (const [name, start] of [
  ["kinesalite", startKinesalite],
  ["kinesis-local", startKinesisLocal],
] as const) {
  test(`check finds a stream of ${name} fit, and nothing but an empty record there afterwards`, async () => {
    const emulator: KinesisEmulator = await start();
    try {
      await emulator.createStream("metrics", 2);
      const pointed = { ...env, AWS_ENDPOINT_URL: emulator.url };
      const { step, text } = await check({ args: ["--sink", "kinesis:metrics"], env: pointed });
      assert.equal(step("stream").status, "ok", text);
      assert.match(step("limits").message, /^2 open shards/);
      assert.equal(step("shards").status, "ok");
      assert.equal(step("put").status, "ok", text);
      const records = (await emulator.read("metrics")).flat();
      assert.deepEqual(
        records.filter(({ length }) => length > 0),
        [],
      );
      const own = { "put-test-line": "true" };
      const put = await check({ args: ["--sink", "kinesis:metrics"], env: pointed, own });
      assert.equal(put.step("put").status, "ok", put.text);
      const missing = await check({ args: ["--sink", "kinesis:other"], env: pointed });
      assert.match(missing.step("stream").message, /ResourceNotFoundException/);
      assert.equal(missing.code, 1);
    } finally {
      await emulator.close();
    }
  });
}

const missing = motoMissing();
test(
  "check finds bucket and delivery stream of moto fit",
  missing === undefined ? {} : { skip: missing },
  async () => {
    const moto = await startMoto();
    try {
      const s3 = new SigningFetch({
        accessKeyId,
        secretAccessKey,
        region: "us-east-1",
        service: "s3",
        retries: 0,
      });
      assert.equal((await s3.fetch(`${moto.url}/archive`, { method: "PUT" })).status, 200);
      const definition = {
        DeliveryStreamName: "metrics",
        ExtendedS3DestinationConfiguration: {
          RoleARN: "arn:aws:iam::123456789012:role/firehose",
          BucketARN: "arn:aws:s3:::archive",
          Prefix: "prometheus/",
          CompressionFormat: "GZIP",
        },
      };
      const body = new TextEncoder().encode(JSON.stringify(definition));
      const created = await motoClient(moto, "firehose").post(
        "Firehose_20150804.CreateDeliveryStream",
        body,
        neverAborted,
      );
      assert.equal(created.kind, "answered");
      const pointed = { ...env, AWS_ENDPOINT_URL: moto.url };
      const own = { "put-test-line": "true" };
      const toFirehose = await check({ args: ["--sink", "firehose:metrics"], env: pointed, own });
      assert.equal(toFirehose.code, 0, toFirehose.text);
      assert.match(toFirehose.step("identity").message, /^arn:aws:sts::|^arn:aws:iam::/);
      assert.match(toFirehose.step("compression").message, /^--compression none, CompressionFormat GZIP$/);
      assert.equal(toFirehose.step("put").status, "ok");
      const toS3 = await check({ args: ["--sink", "s3://archive/prometheus"], env: pointed });
      assert.equal(toS3.code, 0, toS3.text);
      assert.match(toS3.step("bucket").message, /^archive is there/);
      assert.equal(toS3.step("lifecycle").status, "warning");
      assert.equal(toS3.step("put").status, "ok");
      const listed = await (await s3.fetch(`${moto.url}/archive?list-type=2&prefix=prometheus/prom`)).text();
      assert.doesNotMatch(listed, /<Key>/);
    } finally {
      await moto.close();
    }
  },
);
