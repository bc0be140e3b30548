import assert from "node:assert/strict";
import { test } from "node:test";
import { AwsClient as SigningFetch } from "aws4fetch";
import { createFirehoseSink } from "../../src/sink/firehose.ts";
import { neverAborted, testCredentials } from "../support/aws-stand-in.ts";
import { motoClient, motoMissing, startMoto } from "../support/moto.ts";

const missing = motoMissing();
const skip = missing === undefined ? {} : { skip: missing };
const bucket = "archive";

/** Keys of all objects in the bucket, in order. */
async function objectKeys(s3: SigningFetch, url: string): Promise<string[]> {
  const listing = await (await s3.fetch(`${url}/${bucket}?list-type=2`)).text();
  return [...listing.matchAll(/<Key>([^<]+)<\/Key>/g)].map((match) => match[1]!);
}

test("moto's Firehose takes the records and delivers their lines to S3", skip, async () => {
  const moto = await startMoto();
  try {
    const { accessKeyId, secretAccessKey } = testCredentials;
    const s3 = new SigningFetch({
      accessKeyId,
      secretAccessKey,
      region: "us-east-1",
      service: "s3",
      retries: 0,
    });
    assert.equal((await s3.fetch(`${moto.url}/${bucket}`, { method: "PUT" })).status, 200);
    const client = motoClient(moto, "firehose");
    const definition = {
      DeliveryStreamName: "metrics",
      ExtendedS3DestinationConfiguration: {
        RoleARN: "arn:aws:iam::123456789012:role/firehose",
        BucketARN: `arn:aws:s3:::${bucket}`,
      },
    };
    const body = new TextEncoder().encode(JSON.stringify(definition));
    const created = await client.post("Firehose_20150804.CreateDeliveryStream", body, neverAborted);
    assert.equal(created.kind, "answered");

    const sink = createFirehoseSink({ client, stream: "metrics" });
    const lines = Array.from({ length: 2_000 }, (_, i) => `{"name":"ü","time":${i}}\n`);
    const records = Array.from({ length: 200 }, (_, i) =>
      new TextEncoder().encode(lines.slice(i * 10, i * 10 + 10).join("")),
    );
    const outcomes = await sink.put(records, neverAborted);
    assert.deepEqual(new Set(outcomes.map(({ kind }) => kind)), new Set(["durable"]));
    const keys = await objectKeys(s3, moto.url);
    assert.match(keys[0] ?? "", /^\d{4}\/\d\d\/\d\d\/\d\d\/metrics-1-/);
    const texts = await Promise.all(
      keys.map(async (key) => (await s3.fetch(`${moto.url}/${bucket}/${key}`)).text()),
    );
    assert.equal(texts.join(""), lines.join(""));

    const [outcome] = await createFirehoseSink({ client, stream: "other" }).put(records, neverAborted);
    assert.ok(outcome?.kind === "permanent");
    assert.equal(outcome.reason, "ResourceNotFoundException");
  } finally {
    await moto.close();
  }
});
