/** S3: objects by path or host. https://docs.aws.amazon.com/AmazonS3/latest/API/ (2026-11) */

import { readChunked } from "./aws-chunked.ts";
import { type Answer, type Call, CallRefusal, xmlElement } from "./call.ts";
import type { Meeting } from "./fault-book.ts";
import { objectAddress } from "./s3-address.ts";
import { checkBody, checkChecksums } from "./s3-checksum.ts";
import { keptHeaders } from "./s3-headers.ts";
import { listBuckets, listObjects, listParts, listUploads, s3Answer } from "./s3-list.ts";
import { checksumHeaders, completeUpload, createUpload, findUpload, uploadPart } from "./s3-multipart.ts";
import { type Bucket, md5, type ObjectStore, type StoredObject } from "./s3-store.ts";

export interface S3Options {
  readonly store: ObjectStore;
  readonly region: string;
  readonly now: () => number;
}

export interface S3 {
  answer(call: Call, meeting: Meeting): Answer;
}

const keyBytesMax = 1024;
/** Of one PutObject or part. */
const putBytesMax = 5 * 1024 ** 3;
const empty = (status: number, headers = {}): Answer => ({ status, headers, body: "" });

interface Context extends S3Options {
  readonly call: Call;
  readonly meeting: Meeting;
  readonly key: string;
  readonly query: URLSearchParams;
}

type BucketOperation = (bucket: Bucket, context: Context) => Answer;

export function createS3(options: S3Options): S3 {
  return {
    answer(call, meeting) {
      const { bucket, key, query } = objectAddress(call.target, call.headers["host"] ?? "");
      if (meeting.throttle !== undefined) {
        throw new CallRefusal("SlowDown", "Please reduce your request rate.", {
          status: 503,
          blameless: true,
        });
      }
      checkBody(call.headers, call.body);
      if (Buffer.byteLength(key) > keyBytesMax) {
        throw new CallRefusal("KeyTooLongError", `Your key is too long: ${Buffer.byteLength(key)} bytes`);
      }
      if (call.operation === "ListBuckets") return listBuckets(options.store.buckets.values());
      if (call.operation === "CreateBucket") return createBucket(options, bucket);
      const operation = operations[call.operation];
      if (operation === undefined) {
        const message = `${call.method} ${call.target}: a header or query asks for what is not there`;
        throw new CallRefusal("NotImplemented", message, { status: 501 });
      }
      const found = options.store.buckets.get(bucket);
      if (found !== undefined) return operation(found, { ...options, call, meeting, key, query });
      const message = `The specified bucket does not exist: ${bucket}`;
      throw new CallRefusal("NoSuchBucket", message, { status: 404, blameless: true });
    },
  };
}

function createBucket({ store, region }: S3Options, name: string): Answer {
  if (!/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(name)) {
    throw new CallRefusal("InvalidBucketName", `The specified bucket is not valid: ${name}`);
  }
  if (store.buckets.has(name) && region !== "us-east-1") {
    const message = "Your previous request to create the named bucket succeeded and you already own it.";
    throw new CallRefusal("BucketAlreadyOwnedByYou", message, { status: 409, blameless: true });
  }
  if (!store.buckets.has(name)) store.createBucket(name);
  return empty(200, { Location: `/${name}` });
}

const operations: Readonly<Record<string, BucketOperation | undefined>> = {
  HeadBucket: (_, { region }) => empty(200, { "x-amz-bucket-region": region }),
  GetBucketLocation: (_, { region }) =>
    s3Answer("LocationConstraint", region === "us-east-1" ? [] : [region]),
  GetBucketLifecycleConfiguration() {
    const message = "The lifecycle configuration does not exist";
    throw new CallRefusal("NoSuchLifecycleConfiguration", message, { status: 404, blameless: true });
  },
  GetBucketEncryption() {
    const rule = xmlElement("ApplyServerSideEncryptionByDefault", [xmlElement("SSEAlgorithm", "AES256")]);
    return s3Answer("ServerSideEncryptionConfiguration", [xmlElement("Rule", [rule])]);
  },
  DeleteBucket(bucket, { store }) {
    if (bucket.objects.size > 0) {
      const message = "The bucket you tried to delete is not empty";
      throw new CallRefusal("BucketNotEmpty", message, { status: 409, blameless: true });
    }
    store.buckets.delete(bucket.name);
    return empty(204);
  },
  ListObjects: (bucket, { query }) => listObjects(bucket, query),
  ListObjectsV2: (bucket, { query }) => listObjects(bucket, query),
  ListMultipartUploads: (bucket, { query }) => listUploads(bucket, query),
  PutObject: putObject,
  GetObject: (bucket, context) => readObject(bucket, context, true),
  HeadObject: (bucket, context) => readObject(bucket, context, false),
  DeleteObject(bucket, { key }) {
    bucket.objects.delete(key);
    return empty(204);
  },
  DeleteObjects: deleteObjects,
  CreateMultipartUpload: (bucket, { key, call, now }) => createUpload(bucket, key, call, now()),
  UploadPart(bucket, context) {
    const { key, query, now } = context;
    const upload = findUpload(bucket, key, query.get("uploadId") ?? "");
    const { data, headers } = dataOf(context);
    return uploadPart(upload, query.get("partNumber") ?? "", data, headers, now());
  },
  ListParts: (bucket, { key, query }) =>
    listParts(bucket, findUpload(bucket, key, query.get("uploadId") ?? ""), query),
  CompleteMultipartUpload: (bucket, { store, key, query, call }) =>
    completeUpload(store, bucket, findUpload(bucket, key, query.get("uploadId") ?? ""), call),
  AbortMultipartUpload(bucket, { key, query }) {
    bucket.uploads.delete(findUpload(bucket, key, query.get("uploadId") ?? "").id);
    return empty(204);
  },
};

/** The data of the body, and headers together with what followed them in a trailer. */
function dataOf({ call, meeting }: Context): { readonly data: Buffer; readonly headers: Call["headers"] } {
  const { headers, body } = call;
  if (headers["content-length"] === undefined && headers["transfer-encoding"] === undefined) {
    const message = "You must provide the Content-Length HTTP header.";
    throw new CallRefusal("MissingContentLength", message, { status: 411 });
  }
  if (body.byteLength > putBytesMax) throw new CallRefusal("EntityTooLarge", `${body.byteLength} bytes`);
  const chunked = headers["x-amz-content-sha256"] === "STREAMING-UNSIGNED-PAYLOAD-TRAILER";
  const read = chunked
    ? readChunked(body, headers["x-amz-decoded-content-length"])
    : { data: body, trailer: {} };
  const poison = meeting.poisonOfCall(read.data);
  if (poison !== undefined) {
    const { code = "InvalidArgument", message = "the object is refused for what it holds" } = poison;
    throw new CallRefusal(code, message, { blameless: true });
  }
  return { data: read.data, headers: { ...headers, ...read.trailer } };
}

function putObject(bucket: Bucket, context: Context): Answer {
  const { store, call, key } = context;
  const { data, headers } = dataOf(context);
  const before = bucket.objects.get(key);
  const ifMatch = headers["if-match"];
  if ((headers["if-none-match"] === "*" && before !== undefined) || (ifMatch && ifMatch !== before?.etag)) {
    const message = "At least one of the pre-conditions you specified did not hold";
    throw new CallRefusal("PreconditionFailed", message, { status: 412, blameless: true });
  }
  const checksums = checkChecksums(headers, data);
  const etag = `"${md5(data).toString("hex")}"`;
  store.put(bucket, { key, body: data, etag, headers: keptHeaders(call.headers), checksums });
  return empty(200, { ETag: etag, ...checksumHeaders(checksums) });
}

function readObject(bucket: Bucket, { key, call }: Context, withBody: boolean): Answer {
  const object = bucket.objects.get(key);
  if (object === undefined) {
    const message = `The specified key does not exist: ${key}`;
    throw new CallRefusal("NoSuchKey", message, { status: 404, blameless: true });
  }
  const headers = {
    "content-type": "binary/octet-stream",
    ...object.headers,
    ETag: object.etag,
    "Last-Modified": new Date(object.modifiedAtMs).toUTCString(),
    "Accept-Ranges": "bytes",
  };
  const condition = call.headers["if-match"];
  if (condition !== undefined && condition !== object.etag) {
    throw new CallRefusal("PreconditionFailed", "If-Match", { status: 412, blameless: true });
  }
  if (call.headers["if-none-match"] === object.etag) return empty(304, headers);
  const range = rangeOf(call.headers["range"], object);
  if (range === undefined) {
    const mode = call.headers["x-amz-checksum-mode"]?.toUpperCase() === "ENABLED";
    const all = mode ? { ...headers, ...checksumHeaders(object.checksums) } : headers;
    const length = { "Content-Length": String(object.bytes) };
    return { status: 200, headers: { ...all, ...length }, body: withBody ? object.body : "" };
  }
  const [from, until] = range;
  const part = {
    "Content-Range": `bytes ${from}-${until - 1}/${object.bytes}`,
    "Content-Length": String(until - from),
  };
  return {
    status: 206,
    headers: { ...headers, ...part },
    body: withBody ? object.body.subarray(from, until) : "",
  };
}

/** `[from, until)` of a Range header; undefined for the whole object. */
function rangeOf(header: string | undefined, { bytes }: StoredObject): readonly [number, number] | undefined {
  const parts = /^bytes=(\d*)-(\d*)$/.exec(header ?? "");
  if (parts === null || (parts[1] === "" && parts[2] === "")) return undefined;
  const [, first = "", last = ""] = parts;
  const from = first === "" ? Math.max(0, bytes - Number(last)) : Number(first);
  const until = first === "" || last === "" ? bytes : Math.min(bytes, Number(last) + 1);
  if (from < until) return [from, until];
  const message = `The requested range is not satisfiable: ${header} of ${bytes} bytes`;
  throw new CallRefusal("InvalidRange", message, { status: 416, blameless: true });
}

function deleteObjects(bucket: Bucket, { call }: Context): Answer {
  const xml = call.body.toString("utf8");
  if (
    call.headers["content-md5"] === undefined &&
    Object.keys(checkChecksums(call.headers, call.body)).length === 0
  ) {
    throw new CallRefusal("InvalidRequest", "Missing required header for this request: Content-MD5");
  }
  const keys = [...xml.matchAll(/<Key>([^<]*)<\/Key>/g)].map(([, key = ""]) => unescapeXml(key));
  if (keys.length < 1 || keys.length > 1_000) {
    throw new CallRefusal("MalformedXML", `The XML you provided names ${keys.length} keys`);
  }
  const quiet = xml.includes("<Quiet>true</Quiet>");
  for (const key of keys) bucket.objects.delete(key);
  return s3Answer(
    "DeleteResult",
    quiet ? [] : keys.map((key) => xmlElement("Deleted", [xmlElement("Key", key)])),
  );
}

function unescapeXml(text: string): string {
  const named: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };
  return text.replace(/&(?:#x([0-9a-fA-F]+)|#(\d+)|(\w+));/g, (whole, hexadecimal, decimal, name) => {
    if (hexadecimal !== undefined) return String.fromCodePoint(Number.parseInt(hexadecimal, 16));
    return decimal === undefined ? (named[name] ?? whole) : String.fromCodePoint(Number(decimal));
  });
}
