import assert from "node:assert/strict";
import { test } from "node:test";
import {
  bucketEncryption,
  countUploads,
  headBucket,
  incompleteUploadDays,
} from "../../src/aws/bucket-settings.ts";
import { type AwsAnswer, createAwsClient } from "../../src/aws/client.ts";
import { systemClock } from "../../src/clock.ts";
import { fixedCredentials, neverAborted } from "../support/aws-stand-in.ts";
import { silentLog } from "../support/silent-log.ts";

/** A bucket whose service answers each request like this. */
function bucketThatSays(body: string, status = 200, headers: Record<string, string> = {}) {
  const asked: string[] = [];
  const client = createAwsClient({
    ...{ service: "s3", region: "eu-west-1", endpoint: new URL("https://s3.eu-west-1.amazonaws.com") },
    ...{ credentials: fixedCredentials(), clock: systemClock, log: silentLog, userAgent: "test" },
    fetch: (url, { method }) => {
      asked.push(`${method} ${url}`);
      return Promise.resolve(new Response(method === "HEAD" ? null : body, { status, headers }));
    },
  });
  return { asked, address: { client, bucket: "archive", pathStyle: false } };
}

function answered<T>(answer: AwsAnswer<T>): T {
  assert.ok(answer.kind === "answered", JSON.stringify(answer));
  return answer.value;
}

const namespace = "http://s3.amazonaws.com/doc/2006-03-01/";
const rule = (content: string) =>
  `<?xml version="1.0"?><LifecycleConfiguration xmlns="${namespace}">${content}</LifecycleConfiguration>`;
const abort = (days: number) =>
  `<AbortIncompleteMultipartUpload><DaysAfterInitiation>${days}</DaysAfterInitiation></AbortIncompleteMultipartUpload>`;

test("rules that remove unfinished uploads count where they are on and cover the prefix", async () => {
  const days = async (content: string) =>
    answered(await incompleteUploadDays(bucketThatSays(rule(content)).address, "prometheus/", neverAborted));
  assert.equal(await days(`<Rule><Status>Enabled</Status><Filter></Filter>${abort(7)}</Rule>`), 7);
  assert.equal(await days(`<Rule><Status>Enabled</Status><Prefix>prom</Prefix>${abort(3)}</Rule>`), 3);
  assert.equal(
    await days(`<Rule><Status>Enabled</Status><Filter><Prefix>logs/</Prefix></Filter>${abort(3)}</Rule>`),
    undefined,
  );
  const two = `<Rule><Status>Enabled</Status>${abort(9)}</Rule><Rule><Status>Enabled</Status>${abort(2)}</Rule>`;
  assert.equal(await days(two), 2);
  assert.equal(await days(`<Rule><Status>Disabled</Status>${abort(7)}</Rule>`), undefined);
  assert.equal(
    await days(`<Rule><Status>Enabled</Status><Filter><Tag><Key>a</Key></Tag></Filter>${abort(7)}</Rule>`),
    undefined,
  );
  assert.equal(
    await days("<Rule><Status>Enabled</Status><Expiration><Days>9</Days></Expiration></Rule>"),
    undefined,
  );
  const none = bucketThatSays("<Error><Code>NoSuchLifecycleConfiguration</Code></Error>", 404).address;
  assert.equal(answered(await incompleteUploadDays(none, "", neverAborted)), undefined);
});

test("encryption is told with its key", async () => {
  const encryption = async (content: string) => {
    const byDefault = `<ApplyServerSideEncryptionByDefault>${content}</ApplyServerSideEncryptionByDefault>`;
    const rules = `<Rule>${byDefault}</Rule>`;
    const text = `<ServerSideEncryptionConfiguration>${rules}</ServerSideEncryptionConfiguration>`;
    return answered(await bucketEncryption(bucketThatSays(text).address, neverAborted));
  };
  assert.equal(await encryption("<SSEAlgorithm>AES256</SSEAlgorithm>"), "AES256");
  const key = "arn:aws:kms:eu-west-1:123456789012:key/1";
  const kms = `<SSEAlgorithm>aws:kms</SSEAlgorithm><KMSMasterKeyID>${key}</KMSMasterKeyID>`;
  assert.equal(await encryption(kms), `aws:kms ${key}`);
});

test("uploads are counted, and none of them are none", async () => {
  const list = (content: string) =>
    bucketThatSays(`<ListMultipartUploadsResult>${content}</ListMultipartUploadsResult>`);
  const upload = "<Upload><Key>prometheus/a</Key><UploadId>1</UploadId></Upload>";
  const two = list(`<Bucket>archive</Bucket>${upload}${upload}`);
  assert.equal(answered(await countUploads(two.address, "prometheus/", neverAborted)), 2);
  assert.deepEqual(two.asked, [
    "GET https://archive.s3.eu-west-1.amazonaws.com/?max-uploads=1000&prefix=prometheus%2F&uploads",
  ]);
  assert.equal(answered(await countUploads(list("").address, "", neverAborted)), 0);
});

test("where a bucket is stands in a header, also of a refusal", async () => {
  const here = bucketThatSays("", 200, { "x-amz-bucket-region": "eu-west-1" });
  assert.equal(answered(await headBucket(here.address, neverAborted)), "eu-west-1");
  assert.deepEqual(here.asked, ["HEAD https://archive.s3.eu-west-1.amazonaws.com/"]);
  const there = bucketThatSays("", 301, { "x-amz-bucket-region": "us-west-2" });
  const answer = await headBucket(there.address, neverAborted);
  assert.ok(answer.kind === "failed");
  assert.match(answer.failure.message, /bucket archive is in us-west-2, not in eu-west-1/);
});
