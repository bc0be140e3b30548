/**
 * What can be asked of a bucket itself. Each is one attempt.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadBucket.html,
 * https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketLifecycleConfiguration.html,
 * https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketEncryption.html
 */
import { isObject, type ServiceError } from "./answer.ts";
import type { AwsAnswer, AwsClient, RawAnswer } from "./client.ts";
import { errorWithRegion } from "./s3.ts";
import { bucketUrl, encodeName } from "./s3-address.ts";
import { loadXmlReader, textOf, type XmlElement } from "./s3-xml.ts";

export interface BucketAddress {
  /** One for the service s3. */
  readonly client: AwsClient;
  readonly bucket: string;
  readonly pathStyle: boolean;
}

const emptySha256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

/** The region that the bucket says it is in; undefined: it does not say. Takes s3:ListBucket. */
export function headBucket(
  address: BucketAddress,
  signal: AbortSignal,
): Promise<AwsAnswer<string | undefined>> {
  return ask(address, "HEAD", "", signal, ({ headers }) => ({
    value: headers.get("x-amz-bucket-region")?.slice(0, 64),
  }));
}

/** How many uploads in parts below `prefix` were begun and not ended, 1,000 at most. */
export async function countUploads(
  address: BucketAddress,
  prefix: string,
  signal: AbortSignal,
): Promise<AwsAnswer<number>> {
  return askXml(address, `?max-uploads=1000&prefix=${encodeName(prefix)}&uploads`, signal, (result) => {
    return elementsOf(result["Upload"]).length;
  });
}

/** Days after which rules for `prefix` remove what is left of uploads in parts; undefined: no rule does. */
export async function incompleteUploadDays(
  address: BucketAddress,
  prefix: string,
  signal: AbortSignal,
): Promise<AwsAnswer<number | undefined>> {
  const answer = await askXml(address, "?lifecycle", signal, (result) => {
    const days = elementsOf(result["Rule"])
      .filter((rule) => textOf(rule, "Status") === "Enabled" && coversAll(rule, prefix))
      .map((rule) => rule["AbortIncompleteMultipartUpload"])
      .filter(isObject)
      .map((abort) => Number(textOf(abort, "DaysAfterInitiation")));
    return days.length === 0 ? undefined : Math.min(...days);
  });
  const none = answer.kind === "failed" && answer.failure.code === "NoSuchLifecycleConfiguration";
  return none ? { kind: "answered", value: undefined } : answer;
}

/** How objects are encrypted when nothing else is asked for: `AES256`, `aws:kms` with the key's id, … */
export async function bucketEncryption(
  address: BucketAddress,
  signal: AbortSignal,
): Promise<AwsAnswer<string>> {
  return askXml(address, "?encryption", signal, (result) => {
    const rule = elementsOf(result["Rule"])[0]?.["ApplyServerSideEncryptionByDefault"];
    if (!isObject(rule)) return "";
    return [textOf(rule, "SSEAlgorithm"), textOf(rule, "KMSMasterKeyID")].filter(Boolean).join(" ");
  });
}

/** Whether a rule holds for every key below `prefix`: rules for tags or sizes do not. */
function coversAll(rule: XmlElement, prefix: string): boolean {
  const filter = rule["Filter"];
  if (isObject(filter) && Object.keys(filter).some((name) => name !== "Prefix")) return false;
  const own = isObject(filter) ? textOf(filter, "Prefix") : textOf(rule, "Prefix");
  return prefix.startsWith(own);
}

async function askXml<T>(
  address: BucketAddress,
  query: string,
  signal: AbortSignal,
  read: (result: XmlElement) => T,
): Promise<AwsAnswer<T>> {
  const readXml = await loadXmlReader();
  return ask(address, "GET", query, signal, ({ text }) => {
    // A result without elements has nothing to read; the parser gives it as a text.
    if (/^\s*(?:<\?xml[^>]*\?>\s*)?<\w+(?:\s[^<>]*)?(?:\/>|>\s*<\/\w+>)\s*$/.test(text))
      return { value: read({}) };
    const found = readXml(text);
    return "value" in found ? { value: read(found.value) } : found;
  });
}

function ask<T>(
  { client, bucket, pathStyle }: BucketAddress,
  method: "GET" | "HEAD",
  query: string,
  signal: AbortSignal,
  read: (answer: RawAnswer) => { readonly value: T } | ServiceError,
): Promise<AwsAnswer<T>> {
  const url = `${bucketUrl(client.endpoint, bucket, pathStyle)}/${query}`;
  const headers = { "X-Amz-Content-Sha256": emptySha256 };
  const errorOf = (answer: RawAnswer) => errorWithRegion(client, bucket, answer);
  return client.request({ method, url, headers, read, errorOf }, signal);
}

function elementsOf(value: unknown): readonly XmlElement[] {
  return (Array.isArray(value) ? value : [value]).filter(isObject);
}
