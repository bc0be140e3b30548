import assert from "node:assert/strict";
import { test } from "node:test";
import { AwsClient as SigningFetch } from "aws4fetch";
import { createFirehoseSink } from "../../src/sink/firehose.ts";
import { sinkContract } from "../contract/sink.ts";
import { neverAborted, testCredentials } from "../support/aws-stand-in.ts";
import { type Moto, motoClient, motoMissing, startMoto } from "../support/moto.ts";

const missing = motoMissing();
const skip = missing === undefined ? {} : { skip: missing };
const { accessKeyId, secretAccessKey } = testCredentials;
const s3 = new SigningFetch({ accessKeyId, secretAccessKey, region: "us-east-1", service: "s3", retries: 0 });

/** One for all tests; each has a stream and a bucket of its own. */
let running: Promise<Moto> | undefined;
let streams = 0;

/** A sink on a stream that delivers to a bucket, and the bucket's objects, by key. */
async function open() {
  running ??= startMoto();
  const moto = await running;
  const stream = `metrics-${++streams}`;
  const bucket = `archive-${streams}`;
  assert.equal((await s3.fetch(`${moto.url}/${bucket}`, { method: "PUT" })).status, 200);
  const client = motoClient(moto, "firehose");
  const definition = {
    DeliveryStreamName: stream,
    ExtendedS3DestinationConfiguration: {
      RoleARN: "arn:aws:iam::123456789012:role/firehose",
      BucketARN: `arn:aws:s3:::${bucket}`,
    },
  };
  const body = new TextEncoder().encode(JSON.stringify(definition));
  const created = await client.post("Firehose_20150804.CreateDeliveryStream", body, neverAborted);
  assert.equal(created.kind, "answered");
  const objects = async () => {
    const listing = await (await s3.fetch(`${moto.url}/${bucket}?list-type=2`)).text();
    const keys = [...listing.matchAll(/<Key>([^<]+)<\/Key>/g)].map((match) => match[1]!);
    const text = async (key: string) => await (await s3.fetch(`${moto.url}/${bucket}/${key}`)).text();
    return new Map(await Promise.all(keys.map(async (key) => [key, await text(key)] as const)));
  };
  return { client, stream, sink: createFirehoseSink({ client, stream }), objects };
}

sinkContract("firehose on moto", {
  skip: missing,
  async open() {
    const { sink, objects } = await open();
    const readLines = async () =>
      [...(await objects()).values()].flatMap((text) => text.match(/[^\n]*\n/g) ?? []);
    return { sink, readLines, close: () => sink.close() };
  },
});

test(
  "moto's Firehose delivers the lines to S3 in order, and names a stream that does not exist",
  skip,
  async () => {
    const { client, stream, sink, objects } = await open();
    const lines = Array.from({ length: 2_000 }, (_, i) => `{"name":"ü","time":${i}}\n`);
    const records = Array.from({ length: 200 }, (_, i) =>
      new TextEncoder().encode(lines.slice(i * 10, i * 10 + 10).join("")),
    );
    const outcomes = await sink.put(records, neverAborted);
    assert.deepEqual(new Set(outcomes.map(({ kind }) => kind)), new Set(["durable"]));
    const delivered = await objects();
    const [key] = delivered.keys();
    assert.match(key ?? "", new RegExp(`^\\d{4}/\\d\\d/\\d\\d/\\d\\d/${stream}-1-`));
    assert.equal([...delivered.values()].join(""), lines.join(""));

    const [outcome] = await createFirehoseSink({ client, stream: "other" }).put(records, neverAborted);
    assert.ok(outcome?.kind === "blocked");
    assert.equal(outcome.reason, "ResourceNotFoundException");
  },
);

test("moto stops", skip, async () => {
  await (await running)?.close();
});
