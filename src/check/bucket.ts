/** A bucket of S3: whether it is there, what it keeps, and whether objects may be put. */

import { formatObjectKey } from "../archive/key.ts";
import {
  type BucketAddress,
  bucketEncryption,
  countUploads,
  headBucket,
  incompleteUploadDays,
} from "../aws/bucket-settings.ts";
import type { AwsAnswer } from "../aws/client.ts";
import { createS3Bucket } from "../aws/s3.ts";
import type { Random } from "../clock.ts";
import { randomHex } from "../clock.ts";
import type { Compression } from "../compression.ts";
import { failedBy, isDenied, partsOf, unasked } from "./aws-answer.ts";
import { failed, ok, type Step, type Steps, skipped, warning } from "./step.ts";
import { testMetric, testRecord } from "./test-line.ts";

export interface BucketOptions extends BucketAddress {
  /** Empty, or ends with `/`. */
  readonly prefix: string;
  readonly random: Random;
  readonly nowMs: number;
}

const never = new AbortController().signal;
/** Uploads of this many parts and more say that nobody removes what is left of them. */
const uploadsNoticed = 100;

/** Everything but a put that is to be seen. */
export async function* checkBucket(options: BucketOptions): Steps {
  const { client, bucket, prefix } = options;
  const there = await headBucket(options, never);
  if (there.kind === "failed" && !isDenied(there)) {
    yield missingStep(options, there);
    return;
  }
  const region = there.kind === "failed" ? undefined : there.value;
  if (region !== undefined && region !== "" && region !== client.region) {
    yield failed("bucket", `${bucket} is in ${region}, not in ${client.region}`, `give --region ${region}`);
    return;
  }
  if (there.kind === "failed") {
    const todo = "nothing, or allow s3:ListBucket: it is optional here, readers of the archive need it";
    yield warning(
      "bucket",
      `${bucket} may be there: s3:ListBucket is not allowed, which HeadBucket takes`,
      todo,
    );
  } else yield ok("bucket", `${bucket} is there${region ? `, in ${region}` : ""}`);
  yield await encryptionStep(options);
  yield uploadsStep(await countUploads(options, prefix, never));
  yield lifecycleStep(await incompleteUploadDays(options, prefix, never));
}

type Failure = Extract<AwsAnswer, { readonly kind: "failed" }>;

function missingStep({ bucket, client }: BucketOptions, answer: Failure): Step {
  const { status, message } = answer.failure;
  if (status === 404) {
    const todo =
      "create the bucket, or correct its name; with a service that is like S3 look at --s3-path-style";
    return failed("bucket", `there is no bucket ${bucket} at ${client.endpoint.host}`, todo);
  }
  // HEAD has no body: where the bucket is stands in a header.
  const elsewhere = /bucket region: ([a-z0-9-]+)|is in ([a-z0-9-]+), not in/.exec(message);
  const region = elsewhere?.[1] ?? elsewhere?.[2];
  if (region !== undefined && region !== client.region)
    return failed("bucket", `${bucket} is in ${region}, not in ${client.region}`, `give --region ${region}`);
  return failedBy("bucket", answer.verdict.message);
}

/** A service that is like S3 may not know what only S3 has. */
function isUnknownThere({ failure: { status, code } }: Failure): boolean {
  return status === 501 || code === "NotImplemented" || code === "MethodNotAllowed";
}

async function encryptionStep(options: BucketOptions): Promise<Step> {
  const answer = await bucketEncryption(options, never);
  if (answer.kind === "answered") {
    const [algorithm = "", key = ""] = answer.value.split(" ");
    if (algorithm === "AES256" || algorithm === "")
      return ok("encryption", "by S3 with its own keys (AES256)");
    const grant = key === "" ? "" : ": whoever puts needs kms:GenerateDataKey and kms:Decrypt on it";
    return ok("encryption", `${algorithm} with ${key || "AWS' own key"}${grant}`);
  }
  if (isUnknownThere(answer)) return skipped("encryption", "the service does not tell");
  if (answer.failure.code === "ServerSideEncryptionConfigurationNotFoundError")
    return warning("encryption", "the bucket encrypts nothing by default", "turn its default encryption on");
  return unasked("encryption", "s3:GetEncryptionConfiguration", "the bucket's encryption", answer);
}

function uploadsStep(answer: AwsAnswer<number>): Step {
  if (answer.kind === "failed") {
    if (isUnknownThere(answer)) return skipped("uploads", "the service does not tell");
    if (!isDenied(answer)) return unasked("uploads", "s3:ListBucketMultipartUploads", "open uploads", answer);
    const todo =
      "allow s3:ListBucketMultipartUploads, or be sure of the lifecycle rule: what a crash leaves stays";
    return warning("uploads", "unknown: s3:ListBucketMultipartUploads is not allowed (optional)", todo);
  }
  const count = answer.value;
  if (count < uploadsNoticed)
    return ok("uploads", `${count} in parts begun and not ended, s3:ListBucketMultipartUploads is allowed`);
  const message = `${count} and more in parts begun and not ended: they are paid for and not seen`;
  return warning("uploads", message, "add a lifecycle rule with AbortIncompleteMultipartUpload");
}

function lifecycleStep(answer: AwsAnswer<number | undefined>): Step {
  const todo =
    "add a lifecycle rule with AbortIncompleteMultipartUpload after 7 days: what a crash leaves is paid for";
  if (answer.kind === "answered") {
    if (answer.value === undefined)
      return warning("lifecycle", "no rule removes uploads that were never ended", todo);
    return ok("lifecycle", `uploads that were never ended are removed after ${answer.value} days`);
  }
  if (isUnknownThere(answer)) return skipped("lifecycle", "the service does not tell");
  return unasked("lifecycle", "s3:GetLifecycleConfiguration", "rules for unfinished uploads", answer);
}

/**
 * Whether objects may be put, without putting one: an upload in parts is begun, which takes the same permission, and
 * given up. Nothing of it is ever to be seen.
 */
export async function trialUploadStep(options: BucketOptions): Promise<Step> {
  const bucket = createS3Bucket(options);
  const key = `${options.prefix}${testMetric}-${randomHex(options.random)}`;
  const begun = await bucket.createUpload(key, "application/x-ndjson", never);
  if (begun.kind === "failed") return putFailed(options, begun);
  const aborted = await bucket.abortUpload(begun.value, never);
  if (aborted.kind === "answered")
    return ok("put", "s3:PutObject is allowed (an upload was begun and given up)");
  const todo = "allow s3:AbortMultipartUpload; the lifecycle rule removes what this check has left";
  return warning(
    "put",
    `s3:PutObject is allowed, giving an upload up is not: ${partsOf(aborted.verdict.message).said}`,
    todo,
  );
}

/** Puts one marked line as an object of the archive, so that readers find it where they look for all others. */
export async function putObjectStep(
  options: BucketOptions,
  line: string,
  compression: Compression,
): Promise<Step> {
  const { bucket, prefix, random, nowMs } = options;
  const timeMs = BigInt(nowMs);
  const key = formatObjectKey({
    ...{ prefix, compression, name: "check", arrivalMs: nowMs },
    times: { minMs: timeMs, maxMs: timeMs },
    unique: `${randomHex(random)}${randomHex(random)}`,
  });
  const body = await testRecord(line, compression);
  const answer = await createS3Bucket(options).put(key, body, "application/x-ndjson", never);
  if (answer.kind === "failed") return putFailed(options, answer);
  return ok("put", `one marked line of ${testMetric} is durable in s3://${bucket}/${key}`);
}

function putFailed({ bucket, prefix }: BucketOptions, answer: Failure): Step {
  if (!isDenied(answer)) return failedBy("put", answer.verdict.message);
  const what = `allow s3:PutObject on arn:aws:s3:::${bucket}/${prefix}* (and kms:GenerateDataKey on its key)`;
  return failed("put", partsOf(answer.verdict.message).said, `${what}, and look for statements that deny it`);
}
