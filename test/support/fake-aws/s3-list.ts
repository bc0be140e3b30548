/** Listings of buckets, objects, uploads and parts. */
import { type Answer, CallRefusal, xmlAnswer, xmlElement } from "./call.ts";
import type { Bucket, StoredObject, Upload } from "./s3-store.ts";

const keysMax = 1_000;
const namespace = 'xmlns="http://s3.amazonaws.com/doc/2006-03-01/"';

/** An element of S3's namespace. */
export function s3Answer(name: string, content: readonly string[], headers = {}): Answer {
  return xmlAnswer(`<${name} ${namespace}>${content.join("")}</${name}>`, 200, headers);
}

export const isoTime = (ms: number) => new Date(ms).toISOString();

export function listBuckets(buckets: Iterable<Bucket>): Answer {
  const all = [...buckets].map(({ name, createdAtMs }) =>
    xmlElement("Bucket", [xmlElement("Name", name), xmlElement("CreationDate", isoTime(createdAtMs))]),
  );
  return s3Answer("ListAllMyBucketsResult", [xmlElement("Buckets", all)]);
}

/** ListObjectsV2, and ListObjects of old as far as its first page. */
export function listObjects(bucket: Bucket, query: URLSearchParams): Answer {
  const prefix = query.get("prefix") ?? "";
  const delimiter = query.get("delimiter") ?? "";
  const limit = Math.min(wholeOf(query, "max-keys", keysMax), keysMax);
  const token = query.get("continuation-token");
  const after = token === null ? (query.get("start-after") ?? "") : Buffer.from(token, "base64").toString();
  const encoded = query.get("encoding-type") === "url" ? encodeKey : (key: string) => key;
  const entries = group(sortedKeys(bucket.objects.keys()), prefix, delimiter, after);
  const page = entries.slice(0, limit);
  const truncated = entries.length > page.length && limit > 0;
  const next = Buffer.from(page.at(-1)?.name ?? "").toString("base64");
  return s3Answer("ListBucketResult", [
    xmlElement("Name", bucket.name),
    xmlElement("Prefix", encoded(prefix)),
    ...(delimiter === "" ? [] : [xmlElement("Delimiter", encoded(delimiter))]),
    ...(query.has("start-after") ? [xmlElement("StartAfter", encoded(after))] : []),
    xmlElement("MaxKeys", limit),
    xmlElement("KeyCount", page.length),
    xmlElement("IsTruncated", truncated),
    ...(query.has("encoding-type") ? [xmlElement("EncodingType", "url")] : []),
    ...(token === null ? [] : [xmlElement("ContinuationToken", token)]),
    ...(truncated ? [xmlElement("NextContinuationToken", next)] : []),
    ...page.map(({ name, common }) =>
      common
        ? xmlElement("CommonPrefixes", [xmlElement("Prefix", encoded(name))])
        : describeObject(bucket.objects.get(name)!, encoded),
    ),
  ]);
}

interface ListEntry {
  readonly name: string;
  /** A common prefix, not a key. */
  readonly common: boolean;
}

/** Keys and common prefixes behind `after`, in order, each prefix once. */
function group(keys: readonly string[], prefix: string, delimiter: string, after: string): ListEntry[] {
  const entries: ListEntry[] = [];
  const afterBytes = Buffer.from(after);
  for (const key of keys) {
    if (!key.startsWith(prefix)) continue;
    const end = delimiter === "" ? -1 : key.indexOf(delimiter, prefix.length);
    const name = end < 0 ? key : key.slice(0, end + delimiter.length);
    if (after !== "" && Buffer.from(name).compare(afterBytes) <= 0) continue;
    if (end >= 0 && entries.at(-1)?.name === name) continue;
    entries.push({ name, common: end >= 0 });
  }
  return entries;
}

/** S3 orders keys by their UTF-8 bytes. */
export function sortedKeys(keys: Iterable<string>): string[] {
  return [...keys]
    .map((key) => ({ key, bytes: Buffer.from(key) }))
    .sort((a, b) => a.bytes.compare(b.bytes))
    .map(({ key }) => key);
}

function describeObject(object: StoredObject, encoded: (key: string) => string): string {
  return xmlElement("Contents", [
    xmlElement("Key", encoded(object.key)),
    xmlElement("LastModified", isoTime(object.modifiedAtMs)),
    xmlElement("ETag", object.etag),
    xmlElement("Size", object.bytes),
    xmlElement("StorageClass", object.headers["x-amz-storage-class"] ?? "STANDARD"),
  ]);
}

export function listUploads(bucket: Bucket, query: URLSearchParams): Answer {
  const prefix = query.get("prefix") ?? "";
  const encoded = query.get("encoding-type") === "url" ? encodeKey : (key: string) => key;
  const limit = Math.min(wholeOf(query, "max-uploads", keysMax), keysMax);
  const marker = query.get("key-marker") ?? "";
  const idMarker = query.get("upload-id-marker") ?? "";
  const all = [...bucket.uploads.values()]
    .filter(({ key }) => key.startsWith(prefix))
    .sort((a, b) => Buffer.compare(Buffer.from(a.key), Buffer.from(b.key)) || (a.id < b.id ? -1 : 1))
    .filter(
      ({ key, id }) => marker === "" || key > marker || (key === marker && idMarker !== "" && id > idMarker),
    );
  const page = all.slice(0, limit);
  const last = page.at(-1);
  const next = last === undefined || page.length === all.length ? [] : nextUpload(last, encoded);
  return s3Answer("ListMultipartUploadsResult", [
    xmlElement("Bucket", bucket.name),
    xmlElement("KeyMarker", encoded(marker)),
    xmlElement("UploadIdMarker", idMarker),
    xmlElement("Prefix", encoded(prefix)),
    xmlElement("MaxUploads", limit),
    ...(query.has("encoding-type") ? [xmlElement("EncodingType", "url")] : []),
    xmlElement("IsTruncated", next.length > 0),
    ...next,
    ...page.map((upload) =>
      xmlElement("Upload", [
        xmlElement("Key", encoded(upload.key)),
        xmlElement("UploadId", upload.id),
        xmlElement("Initiated", isoTime(upload.initiatedAtMs)),
        xmlElement("StorageClass", "STANDARD"),
      ]),
    ),
  ]);
}

function nextUpload({ key, id }: Upload, encoded: (key: string) => string): string[] {
  return [xmlElement("NextKeyMarker", encoded(key)), xmlElement("NextUploadIdMarker", id)];
}

export function listParts(bucket: Bucket, upload: Upload, query: URLSearchParams): Answer {
  const limit = Math.min(wholeOf(query, "max-parts", keysMax), keysMax);
  const marker = wholeOf(query, "part-number-marker", 0);
  const all = [...upload.parts.values()]
    .filter(({ number }) => number > marker)
    .sort((a, b) => a.number - b.number);
  const page = all.slice(0, limit);
  return s3Answer("ListPartsResult", [
    xmlElement("Bucket", bucket.name),
    xmlElement("Key", upload.key),
    xmlElement("UploadId", upload.id),
    xmlElement("PartNumberMarker", marker),
    xmlElement("NextPartNumberMarker", page.at(-1)?.number ?? 0),
    xmlElement("MaxParts", limit),
    xmlElement("IsTruncated", all.length > page.length),
    ...page.map((part) =>
      xmlElement("Part", [
        xmlElement("PartNumber", part.number),
        xmlElement("LastModified", isoTime(part.modifiedAtMs)),
        xmlElement("ETag", `"${part.md5.toString("hex")}"`),
        xmlElement("Size", part.data.byteLength),
        ...Object.entries(part.checksums).map(([name, value]) =>
          xmlElement(`Checksum${name.toUpperCase()}`, value),
        ),
      ]),
    ),
  ]);
}

/** A whole number of the query, not negative. */
function wholeOf(query: URLSearchParams, name: string, missing: number): number {
  const text = query.get(name) ?? "";
  if (text === "") return missing;
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new CallRefusal(
    "InvalidArgument",
    `Provided ${name} not an integer or within integer range: ${text}`,
  );
}

function encodeKey(key: string): string {
  return encodeURIComponent(key).replaceAll("%2F", "/");
}
