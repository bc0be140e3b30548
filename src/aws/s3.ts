/**
 * One bucket of S3, or of a service that speaks its protocol. One attempt each; the retries are in ship.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html,
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/mpuoverview.html
 */
import { createHash } from "node:crypto";
import { type ServiceError, serviceError } from "./answer.ts";
import type { AwsAnswer, AwsClient, AwsRequest, RawAnswer } from "./client.ts";
import { bucketUrl, encodeKey, encodeName } from "./s3-address.ts";
import {
  completeBody,
  loadXmlReader,
  type OpenUpload,
  openUploads,
  type ReadXml,
  textOf,
  type UploadedPart,
} from "./s3-xml.ts";

/**
 * The least bytes of a part that is not the last, and most parts of an upload.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html (2026-11)
 */
export const s3PartBytesMin = 5 * 1024 * 1024;
export const s3PartsMax = 10_000;

export interface S3BucketOptions {
  readonly client: AwsClient;
  readonly bucket: string;
  /** The bucket in the path, not in the host's name; always so where the host has no room for a name. */
  readonly pathStyle: boolean;
}

/** An upload in parts that was begun. */
export interface S3Upload extends OpenUpload {
  /** Whether its parts carry checksums: all of them do, or none. */
  readonly checksums: boolean;
}

/** Each is one attempt, and answers with what it gives, or with the failure and what it means. */
export interface S3Bucket {
  readonly bucket: string;
  /** Puts a whole object, in place of one that has the key. */
  put(key: string, body: Bytes, contentType: string, signal: AbortSignal): Promise<AwsAnswer<undefined>>;
  /** Begins an upload in parts. Nothing is to be seen of it until it is complete. */
  createUpload(key: string, contentType: string, signal: AbortSignal): Promise<AwsAnswer<S3Upload>>;
  /** Part numbers count from 1; all parts but the last have at least `s3PartBytesMin` bytes. */
  uploadPart(
    upload: S3Upload,
    partNumber: number,
    body: Bytes,
    signal: AbortSignal,
  ): Promise<AwsAnswer<UploadedPart>>;
  /** Makes the parts one object, in place of one that has the key. */
  completeUpload(
    upload: S3Upload,
    parts: readonly UploadedPart[],
    signal: AbortSignal,
  ): Promise<AwsAnswer<undefined>>;
  /** Removes the parts of an upload; one that is gone is as good. */
  abortUpload(upload: OpenUpload, signal: AbortSignal): Promise<AwsAnswer<undefined>>;
  /** The uploads of exactly this key that were begun and not ended, at most 1,000. */
  listUploads(key: string, signal: AbortSignal): Promise<AwsAnswer<readonly OpenUpload[]>>;
  /** The bytes of an object; undefined: there is none. */
  head(key: string, signal: AbortSignal): Promise<AwsAnswer<number | undefined>>;
}

type Bytes = Uint8Array<ArrayBuffer>;

const attemptTimeoutMs = 20_000;
/** A body may take this long beyond that: 128 KiB/s, a slow line that is shared. */
const bodyBytesPerMs = 131;
/** S3 says itself that putting many parts together can take minutes. */
const completeTimeoutMs = 180_000;
const emptySha256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

/**
 * The bucket behind `client`, which is one for the service s3. Bodies are signed with their SHA-256, and the same hash
 * goes along as the object's checksum, so that it costs nothing and S3 keeps it; a service that does not know
 * checksums gets Content-MD5 from the second attempt on.
 */
export function createS3Bucket(options: S3BucketOptions): S3Bucket {
  return new Bucket(options);
}

type Request<T> = Pick<AwsRequest<T>, "method" | "url" | "read"> & Partial<AwsRequest<T>>;

class Bucket implements S3Bucket {
  readonly bucket: string;
  private readonly client: AwsClient;
  private readonly base: string;
  private xml: Promise<ReadXml> | undefined;
  /** Until the service turns out not to know them. */
  private checksums = true;

  constructor({ client, bucket, pathStyle }: S3BucketOptions) {
    this.bucket = bucket;
    this.client = client;
    this.base = bucketUrl(client.endpoint, bucket, pathStyle);
  }

  async put(
    key: string,
    body: Bytes,
    contentType: string,
    signal: AbortSignal,
  ): Promise<AwsAnswer<undefined>> {
    const headers = { "Content-Type": contentType };
    const answer = await this.sendBody(this.url(key), body, headers, this.checksums, signal);
    return answer.kind === "failed" ? answer : { kind: "answered", value: undefined };
  }

  async createUpload(key: string, contentType: string, signal: AbortSignal): Promise<AwsAnswer<S3Upload>> {
    const { checksums } = this;
    const headers = {
      "Content-Type": contentType,
      ...(checksums ? { "x-amz-checksum-algorithm": "SHA256", "x-amz-checksum-type": "COMPOSITE" } : {}),
    };
    const readXml = await this.reader();
    const read = ({ text }: RawAnswer) => uploadIdOf(readXml, text);
    const answer = await this.send({ method: "POST", url: this.url(key, "?uploads"), headers, read }, signal);
    if (answer.kind === "answered") return { ...answer, value: { key, uploadId: answer.value, checksums } };
    return checksums ? this.withoutChecksums(answer, "none") : answer;
  }

  async uploadPart(
    { key, uploadId, checksums }: S3Upload,
    partNumber: number,
    body: Bytes,
    signal: AbortSignal,
  ): Promise<AwsAnswer<UploadedPart>> {
    const url = this.url(key, `?partNumber=${partNumber}&uploadId=${encodeName(uploadId)}`);
    const answer = await this.sendBody(url, body, {}, checksums, signal);
    return answer.kind === "failed" ? answer : { ...answer, value: { partNumber, ...answer.value } };
  }

  async completeUpload(
    { key, uploadId }: S3Upload,
    parts: readonly UploadedPart[],
    signal: AbortSignal,
  ): Promise<AwsAnswer<undefined>> {
    const readXml = await this.reader();
    const read = ({ text }: RawAnswer) => completed(readXml, text);
    const url = this.url(key, `?uploadId=${encodeName(uploadId)}`);
    const headers = { "Content-Type": "application/xml" };
    const body = completeBody(parts);
    return this.send({ method: "POST", url, headers, body, timeoutMs: completeTimeoutMs, read }, signal);
  }

  async abortUpload({ key, uploadId }: OpenUpload, signal: AbortSignal): Promise<AwsAnswer<undefined>> {
    const url = this.url(key, `?uploadId=${encodeName(uploadId)}`);
    const read = () => ({ value: undefined });
    const answer = await this.send<undefined>({ method: "DELETE", url, read }, signal);
    const gone = answer.kind === "failed" && answer.failure.code === "NoSuchUpload";
    return gone ? { kind: "answered", value: undefined } : answer;
  }

  async listUploads(key: string, signal: AbortSignal): Promise<AwsAnswer<readonly OpenUpload[]>> {
    const readXml = await this.reader();
    const read = ({ text }: RawAnswer) => {
      const result = readXml(text);
      if (!("value" in result)) return result;
      return { value: openUploads(result.value).filter((upload) => upload.key === key) };
    };
    const url = `${this.base}/?encoding-type=url&max-uploads=1000&prefix=${encodeName(key)}&uploads`;
    return this.send({ method: "GET", url, read }, signal);
  }

  async head(key: string, signal: AbortSignal): Promise<AwsAnswer<number | undefined>> {
    const read = ({ headers }: RawAnswer) => ({ value: Number(headers.get("content-length") ?? 0) });
    const answer = await this.send<number>({ method: "HEAD", url: this.url(key), read }, signal);
    const missing = answer.kind === "failed" && answer.failure.status === 404;
    return missing ? { kind: "answered", value: undefined } : answer;
  }

  private url(key: string, query = ""): string {
    return `${this.base}/${encodeKey(key)}${query}`;
  }

  private reader(): Promise<ReadXml> {
    this.xml ??= loadXmlReader();
    return this.xml;
  }

  /** A PUT with bytes; answers with the ETag and the checksum that was sent. */
  private async sendBody(
    url: string,
    body: Bytes,
    contentHeaders: Readonly<Record<string, string>>,
    checksums: boolean,
    signal: AbortSignal,
  ): Promise<AwsAnswer<Omit<UploadedPart, "partNumber">>> {
    const digest = Buffer.from(await crypto.subtle.digest("SHA-256", body));
    const sha256 = checksums ? digest.toString("base64") : undefined;
    const headers = {
      ...contentHeaders,
      "X-Amz-Content-Sha256": digest.toString("hex"),
      ...(sha256 === undefined
        ? { "Content-MD5": createHash("md5").update(body).digest("base64") }
        : { "x-amz-checksum-sha256": sha256, "x-amz-sdk-checksum-algorithm": "SHA256" }),
    };
    const timeoutMs = attemptTimeoutMs + body.length / bodyBytesPerMs;
    const read = ({ headers: answered }: RawAnswer) => stored(answered, sha256);
    const answer = await this.send({ method: "PUT", url, headers, body, timeoutMs, read }, signal);
    if (answer.kind === "answered" || !checksums) return answer;
    // What was begun with checksums cannot go on without.
    return this.withoutChecksums(answer, url.includes("&uploadId=") ? "restart-upload" : "none");
  }

  /** Where a service refuses checksums because it does not know them, the next attempt goes without. */
  private withoutChecksums(answer: Failed, recovery: "none" | "restart-upload"): Failed {
    if (!isAboutChecksums(answer.failure)) return answer;
    this.checksums = false;
    const { reason, message } = answer.verdict;
    return { ...answer, verdict: { kind: "retryable", throttled: false, reason, message, recovery } };
  }

  private send<T>(request: Request<T>, signal: AbortSignal): Promise<AwsAnswer<T>> {
    const { body, headers } = request;
    const { client, bucket } = this;
    const hash = () => (body === undefined ? emptySha256 : createHash("sha256").update(body).digest("hex"));
    const signed = { "X-Amz-Content-Sha256": headers?.["X-Amz-Content-Sha256"] ?? hash(), ...headers };
    const errorOf = (answer: RawAnswer) => errorWithRegion(client, bucket, answer);
    return client.request({ timeoutMs: attemptTimeoutMs, errorOf, ...request, headers: signed }, signal);
  }
}

type Failed = Extract<AwsAnswer, { readonly kind: "failed" }>;

/** A 200 without an ETag is not S3's, and one that names another checksum is not of our bytes. */
function stored(
  headers: Headers,
  sha256: string | undefined,
): { readonly value: Omit<UploadedPart, "partNumber"> } | ServiceError {
  const etag = headers.get("etag") ?? "";
  if (etag === "") return { code: "malformed-answer", message: "the answer to a PUT names no ETag" };
  const theirs = headers.get("x-amz-checksum-sha256");
  if (sha256 !== undefined && theirs !== null && theirs !== sha256)
    return {
      code: "BadDigest",
      message: `the answer is for a body of SHA-256 ${theirs}, ours has ${sha256}`,
    };
  return { value: { etag, sha256 } };
}

function uploadIdOf(read: ReadXml, text: string): { readonly value: string } | ServiceError {
  const result = read(text);
  if (!("value" in result)) return result;
  const uploadId = textOf(result.value, "UploadId");
  return uploadId === ""
    ? { code: "malformed-answer", message: "the answer names no UploadId" }
    : { value: uploadId };
}

/** S3 begins this answer before it knows how it ends: an error may stand in a 200. */
function completed(read: ReadXml, text: string): { readonly value: undefined } | ServiceError {
  const result = read(text);
  if (!("value" in result)) return result;
  return textOf(result.value, "ETag") === ""
    ? { code: "malformed-answer", message: "the answer to CompleteMultipartUpload names no ETag" }
    : { value: undefined };
}

/** What an error answer names; where it tells that the bucket is in another region, the message says which. */
export function errorWithRegion(
  client: AwsClient,
  bucket: string,
  { status, headers, text }: RawAnswer,
): ServiceError {
  const error = serviceError(headers, text);
  const named = headers.get("x-amz-bucket-region") ?? /<Region>([^<]*)<\/Region>/.exec(text)?.[1] ?? "";
  const aboutRegion = status === 400 || (status >= 300 && status < 400);
  if (!aboutRegion || named === client.region || !/^[a-z0-9-]{1,64}$/.test(named)) return error;
  const code = error.code === "" ? "PermanentRedirect" : error.code;
  return {
    code,
    message: `bucket ${bucket} is in ${named}, not in ${client.region}: give --region ${named}`,
  };
}

/** Whether a service refuses checksums because it does not know them. */
function isAboutChecksums({
  status,
  code,
  message,
}: {
  status: number | undefined;
  code: string;
  message: string;
}): boolean {
  if (status === 501 || code === "NotImplemented") return true;
  const damaged = /digest|mismatch/i.test(code) || /did not match|mismatch/i.test(message);
  return (
    status === 400 &&
    !damaged &&
    /checksum|sha-?256/i.test(message) &&
    code !== "AuthorizationHeaderMalformed"
  );
}
