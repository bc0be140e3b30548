import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { gunzipSync } from "node:zlib";
import { parseObjectKey } from "../../src/archive/key.ts";
import { decodeLine } from "../../src/line/decode.ts";
import { assertCorrect, check, outline, withFake } from "../support/check.ts";

const denied = { kind: "error", code: "AccessDeniedException", message: "not authorized" } as const;
const kinesis = ["--sink", "kinesis:metrics"];
const firehose = ["--sink", "firehose:metrics"];
const bucket = ["--sink", "s3://archive/prometheus", "--s3-path-style"];

/** A line of the format that says what it is. */
function assertMarked(line: string | undefined): void {
  assert.ok(line !== undefined);
  const decoded = decodeLine(new TextEncoder().encode(line));
  assert.equal(decoded.kind, "sample");
  assert.equal(decoded.name, "prometheus_remote_kinesis_check");
}

test("check of a Kinesis stream walks the chain and stores nothing", async () => {
  await withFake({ streams: [{ name: "metrics", shards: 2 }] }, async (fake) => {
    const { code, steps, step } = await check({ args: kinesis, env: fake.env });
    assert.deepEqual(outline(steps), [
      "configuration ok",
      "web access ok",
      "instance skipped",
      "region ok",
      "credentials ok",
      "identity ok",
      "endpoint ok",
      "clock ok",
      "stream ok",
      "limits ok",
      "encryption ok",
      "shards ok",
      "put ok",
      "quarantine ok",
      "quarantine space ok",
    ]);
    assert.equal(code, 0);
    assert.match(step("region").message, /^us-east-1, from AWS_REGION$/);
    assert.match(step("credentials").message, /^from AWS_ACCESS_KEY_ID in the environment, access key …FAKE/);
    assert.match(step("identity").message, /^arn:aws:iam::\d{12}:user\//);
    assert.match(step("stream").message, /^metrics is ACTIVE, provisioned, keeps records 24 h$/);
    assert.match(
      step("limits").message,
      /^2 open shards: 2 MiB\/s and 2000 records\/s; records of at most 1024 KiB$/,
    );
    assert.match(step("put").message, /DryRun: nothing was put/);
    assert.deepEqual(fake.records("metrics"), []);
    assertCorrect(fake);
  });
});

test("check says which permissions are missing, and which of them are optional", async () => {
  await withFake({ streams: [{ name: "metrics" }] }, async (fake) => {
    fake.fault({ ...denied, operation: ["DescribeStreamSummary", "ListShards"] });
    const optional = await check({ args: kinesis, env: fake.env });
    assert.equal(optional.code, 0);
    assert.equal(optional.step("stream").status, "warning");
    assert.match(optional.step("stream").todo ?? "", /kinesis:DescribeStreamSummary: it is optional/);
    assert.match(optional.step("shards").todo ?? "", /kinesis:ListShards: it is optional/);
    fake.fault({ ...denied, operation: "PutRecords" });
    const { code, step, text } = await check({ args: kinesis, env: fake.env });
    assert.equal(code, 1);
    assert.equal(step("put").status, "failed");
    assert.match(step("put").todo ?? "", /allow kinesis:PutRecords on stream metrics/);
    fake.command({ kind: "clear" });
    const put = { operation: "PutRecords" } as const;
    fake.fault({ ...put, kind: "error", code: "InternalFailure", status: 500, count: 1 });
    assert.equal((await check({ args: kinesis, env: fake.env })).step("put").status, "failed");
    fake.fault({ ...put, kind: "throttle", whole: true, count: 1 });
    assert.equal((await check({ args: kinesis, env: fake.env })).step("put").status, "warning");
    fake.fault({ ...put, kind: "error", code: "KMSAccessDeniedException", count: 1 });
    const key = (await check({ args: kinesis, env: fake.env })).step("put");
    assert.match(key.todo ?? "", /^the KMS key refuses these credentials: allow kms:GenerateDataKey on it$/);
    assert.doesNotMatch(text, new RegExp(fake.credentials.secretAccessKey.replace("+", "\\+")));
  });
});

test("check puts one marked line with consent, as it is compressed otherwise", async () => {
  const deliveryStreams = [{ name: "metrics", bucket: "archive", fileExtension: ".ndjson.gz" }];
  await withFake({ streams: [{ name: "metrics" }], deliveryStreams, buckets: ["archive"] }, async (fake) => {
    const own = { "put-test-line": "true" };
    const toKinesis = await check({ args: kinesis, env: fake.env, own });
    assert.equal(toKinesis.step("put").status, "ok");
    assert.equal(fake.records("metrics").length, 1);
    assertMarked(fake.lines({ stream: "metrics" })[0]);

    const toFirehose = await check({ args: [...firehose, "--compression", "gzip"], env: fake.env, own });
    assert.equal(toFirehose.step("put").status, "ok", toFirehose.text);
    fake.command({ kind: "deliver" });
    assertMarked(gunzipSync(fake.objects("archive")[0]!.body).toString());

    const toS3 = await check({ args: bucket, env: fake.env, own });
    assert.match(
      toS3.step("put").message,
      /one marked line of .* is durable in s3:\/\/archive\/prometheus\/\d{4}\//,
    );
    const object = fake.objects("archive").find(({ key }) => key.startsWith("prometheus/"))!;
    const parsed = parseObjectKey(object.key);
    assert.deepEqual([parsed?.prefix, parsed?.name, parsed?.compression], ["prometheus/", "check", "gzip"]);
    assertMarked(gunzipSync(object.body).toString());
    assertCorrect(fake);
  });
});

test("check says what is wrong: names, keys, clock, endpoint", async () => {
  await withFake({ streams: [{ name: "metrics" }] }, async (fake) => {
    const missing = await check({ args: ["--sink", "kinesis:other"], env: fake.env });
    assert.equal(missing.code, 1);
    assert.match(missing.step("stream").message, /ResourceNotFoundException: Stream other .* not found/);
    assert.match(missing.step("stream").todo ?? "", /^create the stream, or correct its name/);
    assert.equal(missing.step("put").status, "failed");
    // Not a permission: that would send people to their policies.
    assert.match(missing.step("shards").todo ?? "", /^create the stream, or correct its name/);

    const elsewhere = await check({ args: [...kinesis, "--region", "eu-central-1"], env: fake.env });
    assert.match(elsewhere.step("put").todo ?? "", /that region and endpoint belong together$/);

    const wrongKey = await check({
      args: kinesis,
      env: { ...fake.env, AWS_SECRET_ACCESS_KEY: "wrong/secret" },
    });
    assert.equal(wrongKey.code, 1);
    assert.equal(wrongKey.step("identity").status, "failed");
    assert.doesNotMatch(wrongKey.text, /wrong\/secret/);

    const noBucket = await check({ args: ["--sink", "s3://nowhere", "--s3-path-style"], env: fake.env });
    assert.match(noBucket.step("bucket").message, /^there is no bucket nowhere at 127\.0\.0\.1/);

    fake.command({ kind: "shift-clock", minutes: 10 });
    const late = await check({ args: kinesis, env: fake.env });
    assert.match(late.step("clock").message, /^this host is 10 min behind the service$/);
    assert.equal(late.step("clock").status, "failed");
    // Signed with the time of the service all the rest works, and nothing else is told to be wrong.
    assert.deepEqual(
      late.steps.filter(({ status }) => status === "failed").map(({ name }) => name),
      ["clock"],
    );
    assert.deepEqual([late.step("identity").status, late.step("stream").status], ["ok", "ok"]);
  });
  const arn = "arn:aws:kinesis:eu-west-1:123456789012:stream/metrics";
  const byArn = await check({ args: ["--sink", `kinesis:${arn}`, "--region", "us-east-1"] });
  assert.match(
    byArn.step("region").message,
    /^--region us-east-1 is not where the stream is: its ARN names eu-/,
  );
  const nobody = await check({
    args: [...kinesis, "--region", "us-east-1"],
    env: {
      AWS_ACCESS_KEY_ID: "AKIDTEST",
      AWS_SECRET_ACCESS_KEY: "x",
      AWS_ENDPOINT_URL: "http://127.0.0.1:1",
    },
  });
  assert.equal(nobody.code, 1);
  assert.equal(nobody.step("endpoint").status, "failed");
  assert.equal(nobody.step("put").status, "skipped");
});

test("check tells credentials that end, those of a container, and that there are none", async () => {
  await withFake({ streams: [{ name: "metrics" }] }, async (fake) => {
    const container = await check({ args: kinesis, env: fake.containerEnv });
    assert.match(
      container.step("credentials").message,
      /^from the container's credentials endpoint, .*until .*60 min/,
    );
    assert.equal(container.code, 0, container.text);
    const soon = new Date(Date.now() + 600_000).toISOString();
    const ending = await check({ args: kinesis, env: { ...fake.env, AWS_CREDENTIAL_EXPIRATION: soon } });
    assert.equal(ending.step("credentials").status, "warning");
    const over = { ...fake.env, AWS_CREDENTIAL_EXPIRATION: "2020-01-01T00:00:00Z" };
    const ended = await check({ args: kinesis, env: over });
    assert.match(ended.step("credentials").message, /expired \d+ days ago/);
    assert.equal(ended.code, 1);
    const wrongToken = { ...fake.containerEnv, AWS_CONTAINER_AUTHORIZATION_TOKEN: "s3cret-but-wrong" };
    const refused = await check({ args: kinesis, env: wrongToken });
    assert.match(
      refused.step("credentials").message,
      /\ncontainer: AWS_CONTAINER_CREDENTIALS_FULL_URI gave none: HTTP 403 AccessDeniedException /,
    );
    assert.doesNotMatch(refused.text, /s3cret/);
  });
  const none = await check({ args: kinesis, env: { AWS_REGION: "us-east-1" } });
  assert.match(
    none.step("credentials").message,
    /^no AWS credentials\. Tried:\nenvironment: AWS_ACCESS_KEY_ID/,
  );
  assert.equal(none.step("endpoint").status, "skipped");
});

test("check refuses what cannot be meant, and prints for people as well", async () => {
  await assert.rejects(
    check({ own: { "prometheus-url": "http://user:password@" } }),
    /^ConfigError: --prometheus-url is not a URL like http:\/\/prometheus:9090$/,
  );
  await assert.rejects(check({ own: { json: "maybe" } }), /--json "maybe" is not true or false/);
  const spool = ["--spool-dir", "/tmp/check-same", "--sink", "file:/tmp/check-same"];
  const nested = await check({ args: spool, own: { json: "false" } });
  assert.equal(nested.code, 1);
  assert.match(
    nested.text,
    /^failed {3}configuration {8}--spool-dir .* is the same directory as the archive/,
  );
  assert.match(nested.text, /\n {9}to do: correct the flag/);
  assert.match(nested.text, /\n\d+ steps: .* 1 failed.*\n$/);
});

test("docs/check.md has every step", async () => {
  const docs = await readFile(join(import.meta.dirname, "../../docs/check.md"), "utf8");
  const listed = new Set([...docs.matchAll(/`([a-z_ ]+)`(?=[^\n|]*\|)/g)].map(([, name]) => name));
  const names = new Set(["remote_write", "prometheus", "sending", "losses", "retention", "certificate"]);
  const deliveryStreams = [{ name: "metrics", bucket: "archive" }];
  await withFake({ streams: [{ name: "metrics" }], deliveryStreams }, async (fake) => {
    for (const args of [kinesis, firehose, bucket, []]) {
      const { steps } = await check({ args, env: fake.env });
      for (const { name } of steps) names.add(name);
    }
  });
  assert.deepEqual(
    [...names].filter((name) => !listed.has(name)),
    [],
  );
});
