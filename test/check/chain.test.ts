import assert from "node:assert/strict";
import { test } from "node:test";
import { assertCorrect, check, withFake } from "../support/check.ts";

const kinesis = ["--sink", "kinesis:metrics"];
const firehose = ["--sink", "firehose:metrics"];
const bucket = ["--sink", "s3://archive/prometheus", "--s3-path-style"];

test("check of a delivery stream compares it with --compression, and puts nothing without consent", async () => {
  const names = { bucket: "archive", gzip: true };
  await withFake({ deliveryStreams: [{ name: "metrics", ...names }] }, async (fake) => {
    const plain = await check({ args: firehose, env: fake.env });
    assert.equal(plain.code, 0);
    assert.equal(plain.step("compression").status, "ok");
    assert.equal(plain.step("put").status, "skipped");
    assert.match(
      plain.step("put").todo ?? "",
      /^--put-test-line puts one line of the metric prometheus_remote_/,
    );
    const twice = await check({ args: [...firehose, "--compression", "gzip"], env: fake.env });
    assert.equal(twice.code, 0);
    assert.match(twice.step("compression").message, /compressed twice/);
    assert.equal(twice.step("compression").status, "warning");
    fake.command({ kind: "deliver" });
    assert.deepEqual(fake.objects("archive"), []);
    assertCorrect(fake);
  });
});

test("check looks at the delivery stream that reads from the Kinesis stream", async () => {
  const source = "arn:aws:kinesis:us-east-1:000000000000:stream/metrics";
  const deliveryStreams = [
    { name: "reader", bucket: "archive", source, gzip: true },
    { name: "direct", bucket: "archive" },
  ];
  await withFake({ streams: [{ name: "metrics" }], deliveryStreams }, async (fake) => {
    const args = [...kinesis, "--compression", "gzip"];
    const own = { "delivery-stream": "reader" };
    const twice = await check({ args, env: fake.env, own });
    assert.equal(twice.code, 0, twice.text);
    assert.equal(twice.step("delivery source").message, "reads from metrics");
    assert.match(twice.step("delivery compression").message, /compressed twice/);
    const direct = await check({ args, env: fake.env, own: { "delivery-stream": "direct" } });
    assert.match(
      direct.step("delivery source").message,
      /^does not read from metrics: it takes direct puts$/,
    );
    assert.equal(direct.code, 1);
    const wrong = await check({ args: ["--sink", "firehose:reader"], env: fake.env });
    assert.match(
      wrong.step("source").todo ?? "",
      /--sink kinesis:arn:aws:kinesis:us-east-1:0+:stream\/metrics$/,
    );
  });
  await assert.rejects(
    check({ own: { "delivery-stream": "reader" } }),
    /is for --sink kinesis:STREAM, not for file/,
  );
});

test("check of a bucket tries an upload that is never to be seen", async () => {
  await withFake({ buckets: ["archive"] }, async (fake) => {
    const { code, step, text } = await check({ args: bucket, env: fake.env });
    assert.equal(code, 0, text);
    assert.equal(step("bucket").message, "archive is there, in us-east-1");
    assert.equal(step("encryption").status, "ok");
    assert.equal(step("uploads").status, "ok");
    assert.match(step("lifecycle").todo ?? "", /AbortIncompleteMultipartUpload after 7 days/);
    assert.match(step("put").message, /s3:PutObject is allowed/);
    assert.equal(step("spool").status, "ok");
    assert.deepEqual(fake.objects("archive"), []);
    fake.fault({
      kind: "error",
      code: "AccessDenied",
      status: 403,
      operation: [
        "HeadBucket",
        "GetBucketEncryption",
        "ListMultipartUploads",
        "GetBucketLifecycleConfiguration",
      ],
    });
    const least = await check({ args: bucket, env: fake.env });
    assert.equal(least.code, 0, least.text);
    assert.match(least.step("bucket").message, /s3:ListBucket is not allowed/);
    assert.match(least.step("uploads").message, /s3:ListBucketMultipartUploads is not allowed/);
    assert.match(least.step("lifecycle").message, /s3:GetLifecycleConfiguration is not allowed/);
    assert.match(least.step("encryption").message, /s3:GetEncryptionConfiguration is not allowed/);
    fake.fault({ kind: "error", code: "AccessDenied", status: 403, operation: "CreateMultipartUpload" });
    const refused = await check({ args: bucket, env: fake.env });
    assert.equal(refused.code, 1);
    assert.match(
      refused.step("put").todo ?? "",
      /allow s3:PutObject on arn:aws:s3:::archive\/prometheus\/\*/,
    );
    assertCorrect(fake);
  });
});
