/** Objects in parts. https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html (limits, 2026-11) */
import { randomBytes } from "node:crypto";
import { type Answer, type Call, CallRefusal, xmlElement } from "./call.ts";
import { type ChecksumName, type Checksums, checkChecksums, checksum, checksumNames } from "./s3-checksum.ts";
import { keptHeaders } from "./s3-headers.ts";
import { s3Answer } from "./s3-list.ts";
import { type Bucket, md5, type ObjectStore, type Upload, type UploadedPart } from "./s3-store.ts";

/** Of every part but the last. */
export const partBytesMin = 5 * 1024 * 1024;
const partNumberMax = 10_000;

export function createUpload(bucket: Bucket, key: string, call: Call, nowMs: number): Answer {
  const algorithm = call.headers["x-amz-checksum-algorithm"];
  const type = call.headers["x-amz-checksum-type"];
  const upload: Upload = {
    id: randomBytes(24).toString("base64url"),
    key,
    headers: keptHeaders(call.headers),
    checksumAlgorithm: algorithm?.toLowerCase(),
    checksumType: type,
    initiatedAtMs: nowMs,
    parts: new Map(),
  };
  bucket.uploads.set(upload.id, upload);
  const headers = {
    ...(algorithm === undefined ? {} : { "x-amz-checksum-algorithm": algorithm }),
    ...(type === undefined ? {} : { "x-amz-checksum-type": type }),
  };
  const content = [
    xmlElement("Bucket", bucket.name),
    xmlElement("Key", key),
    xmlElement("UploadId", upload.id),
  ];
  return s3Answer("InitiateMultipartUploadResult", content, headers);
}

export function findUpload(bucket: Bucket, key: string, id: string): Upload {
  const upload = bucket.uploads.get(id);
  if (upload !== undefined && upload.key === key) return upload;
  // It may have been completed or aborted by a call whose answer was lost.
  const message = "The specified upload does not exist. The upload ID may be invalid, or it was completed.";
  throw new CallRefusal("NoSuchUpload", message, { status: 404, blameless: true });
}

export function uploadPart(
  upload: Upload,
  partNumber: string,
  data: Buffer,
  headers: Call["headers"],
  nowMs: number,
): Answer {
  const number = Number(partNumber);
  if (!/^\d+$/.test(partNumber) || number < 1 || number > partNumberMax) {
    const message = `Part number must be an integer between 1 and ${partNumberMax}, inclusive: ${partNumber}`;
    throw new CallRefusal("InvalidArgument", message);
  }
  const checksums = checkChecksums(headers, data);
  const digest = md5(data);
  upload.parts.set(number, { number, data, md5: digest, checksums, modifiedAtMs: nowMs });
  return {
    status: 200,
    headers: { ETag: `"${digest.toString("hex")}"`, ...checksumHeaders(checksums) },
    body: "",
  };
}

export function checksumHeaders(checksums: Checksums): Record<string, string> {
  return Object.fromEntries(
    Object.entries(checksums).map(([name, value]) => [`x-amz-checksum-${name}`, value]),
  );
}

interface NamedPart {
  readonly number: number;
  readonly etag: string;
  readonly checksums: Checksums;
}

export function completeUpload(store: ObjectStore, bucket: Bucket, upload: Upload, call: Call): Answer {
  const parts = readNamedParts(call.body.toString("utf8")).map((named, i, all) => {
    if (i > 0 && named.number <= all[i - 1]!.number) {
      throw new CallRefusal("InvalidPartOrder", "The list of parts was not in ascending order.");
    }
    const part = checkPart(upload, named);
    if (i < all.length - 1 && part.data.byteLength < partBytesMin) {
      const size = `part ${part.number} has ${part.data.byteLength} bytes, ${partBytesMin} is the least`;
      throw new CallRefusal("EntityTooSmall", `Your proposed upload is smaller than the minimum: ${size}`);
    }
    return part;
  });
  if (call.headers["if-none-match"] === "*" && bucket.objects.has(upload.key)) {
    const message = "At least one of the pre-conditions you specified did not hold";
    throw new CallRefusal("PreconditionFailed", message, { status: 412, blameless: true });
  }
  const body = Buffer.concat(parts.map(({ data }) => data));
  const etag = `"${md5(Buffer.concat(parts.map(({ md5: digest }) => digest))).toString("hex")}-${parts.length}"`;
  const checksums = checkWhole(upload, parts, body, call.headers);
  store.put(bucket, { key: upload.key, body, etag, headers: upload.headers, checksums });
  bucket.uploads.delete(upload.id);
  return s3Answer("CompleteMultipartUploadResult", [
    xmlElement("Location", `http://${call.headers["host"]}/${bucket.name}/${encodeURIComponent(upload.key)}`),
    xmlElement("Bucket", bucket.name),
    xmlElement("Key", upload.key),
    xmlElement("ETag", etag),
    ...Object.entries(checksums).map(([name, value]) => xmlElement(`Checksum${name.toUpperCase()}`, value)),
  ]);
}

function readNamedParts(xml: string): readonly NamedPart[] {
  if (!/<CompleteMultipartUpload[\s>]/.test(xml)) {
    throw new CallRefusal("MalformedXML", "The XML you provided was not well-formed");
  }
  const parts = [...xml.matchAll(/<Part>(.*?)<\/Part>/gs)].map(([, part = ""]) => {
    const field = (name: string) => new RegExp(`<${name}>([^<]*)</${name}>`).exec(part)?.[1]?.trim();
    const checksums = checksumNames.flatMap((name) => {
      const value = field(`Checksum${name.toUpperCase()}`);
      return value === undefined ? [] : [[name, value] as const];
    });
    const etag = (field("ETag") ?? "").replace(/&(quot|#34|#x22);/g, '"').replaceAll('"', "");
    return { number: Number(field("PartNumber")), etag, checksums: Object.fromEntries(checksums) };
  });
  if (parts.length > 0) return parts;
  throw new CallRefusal("MalformedXML", "You must specify at least one part");
}

function checkPart(upload: Upload, { number, etag, checksums }: NamedPart): UploadedPart {
  const part = upload.parts.get(number);
  const wrong =
    part === undefined ||
    part.md5.toString("hex") !== etag ||
    Object.entries(checksums).some(([name, value]) => part.checksums[name as ChecksumName] !== value);
  if (!wrong) return part;
  const message = `One or more of the specified parts could not be found, or has another tag: ${number}`;
  throw new CallRefusal("InvalidPart", message);
}

/** The checksum of the whole object, when its upload was begun with one or the call claims one. */
function checkWhole(
  { checksumAlgorithm, checksumType }: Upload,
  parts: readonly UploadedPart[],
  body: Buffer,
  headers: Call["headers"],
): Checksums {
  const name = checksumNames.find(
    (each) => each === checksumAlgorithm || headers[`x-amz-checksum-${each}`] !== undefined,
  );
  if (name === undefined) return {};
  const whole = checksumType === "FULL_OBJECT" || name === "crc64nvme";
  const missing = parts.find(({ checksums }) => checksums[name] === undefined);
  if (!whole && missing !== undefined) {
    const message = `The upload was created using a ${name} checksum. It was missing for part ${missing.number}`;
    throw new CallRefusal("InvalidRequest", message);
  }
  const ofParts = () =>
    Buffer.concat(parts.map(({ checksums }) => Buffer.from(checksums[name] ?? "", "base64")));
  const right = whole ? checksum(name, body) : `${checksum(name, ofParts())}-${parts.length}`;
  const claimed = headers[`x-amz-checksum-${name}`] ?? right;
  if (claimed === right) return { [name]: right };
  throw new CallRefusal(
    "BadDigest",
    `The ${name} you specified did not match the calculated checksum: ${right}`,
  );
}
