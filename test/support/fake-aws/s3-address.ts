/** Which bucket and key a request names, and what it wants of them. */
import type { IncomingHttpHeaders } from "node:http";

export interface ObjectAddress {
  /** "" for the service itself. */
  readonly bucket: string;
  /** "" for the bucket itself. */
  readonly key: string;
  readonly query: URLSearchParams;
}

/** Hosts whose first label is a bucket: the bucket's own at AWS, and any below localhost. */
const bucketHost = /^(.+?)\.(?:s3(?:[.-][a-z0-9-]+)*\.amazonaws\.com|localhost)(?::\d+)?$/;

/** Path style, or virtual-host style by the Host header. The key is percent-decoded. */
export function objectAddress(target: string, host: string): ObjectAddress {
  const at = target.indexOf("?");
  const path = at < 0 ? target : target.slice(0, at);
  const query = new URLSearchParams(at < 0 ? "" : target.slice(at + 1));
  const ofHost = bucketHost.exec(host)?.[1];
  if (ofHost !== undefined) return { bucket: ofHost, key: decodeKey(path.slice(1)), query };
  const [, bucket = "", key = ""] = /^\/([^/]*)\/?(.*)$/s.exec(path) ?? [];
  return { bucket: decodeKey(bucket), key: decodeKey(key), query };
}

function decodeKey(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch (error) {
    if (error instanceof URIError) return text;
    throw error;
  }
}

const ofObject: Readonly<Record<string, string>> = {
  GET: "GetObject",
  HEAD: "HeadObject",
  PUT: "PutObject",
  DELETE: "DeleteObject",
};
const ofBucket: Readonly<Record<string, string>> = {
  GET: "ListObjects",
  HEAD: "HeadBucket",
  PUT: "CreateBucket",
  DELETE: "DeleteBucket",
};

/** The operation's name; "" for what the fake does not know. */
export function objectOperation(
  method: string,
  { bucket, key, query }: ObjectAddress,
  headers: IncomingHttpHeaders,
): string {
  if (bucket === "") return method === "GET" ? "ListBuckets" : "";
  if (key !== "") {
    if (query.has("uploadId")) {
      const ofUpload = { PUT: "UploadPart", POST: "CompleteMultipartUpload", DELETE: "AbortMultipartUpload" };
      return { ...ofUpload, GET: "ListParts" }[method] ?? "";
    }
    if (method === "POST") return query.has("uploads") ? "CreateMultipartUpload" : "";
    if (method === "PUT" && headers["x-amz-copy-source"] !== undefined) return "";
    return ofObject[method] ?? "";
  }
  if (method === "POST") return query.has("delete") ? "DeleteObjects" : "";
  if (method === "GET" && query.has("uploads")) return "ListMultipartUploads";
  if (method === "GET" && query.has("location")) return "GetBucketLocation";
  if (method === "GET" && query.has("lifecycle")) return "GetBucketLifecycleConfiguration";
  if (method === "GET" && query.has("encryption")) return "GetBucketEncryption";
  if (method === "GET" && query.get("list-type") === "2") return "ListObjectsV2";
  return ofBucket[method] ?? "";
}
