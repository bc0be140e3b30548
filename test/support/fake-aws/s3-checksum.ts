/**
 * The checksums that S3 takes beside a body.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity.html (2026-11)
 */
import { createHash } from "node:crypto";
import { CallRefusal } from "./call.ts";

export const checksumNames = ["crc32", "crc32c", "crc64nvme", "sha1", "sha256"] as const;
export type ChecksumName = (typeof checksumNames)[number];
export type Checksums = Readonly<Partial<Record<ChecksumName, string>>>;

/** Base64 of the big-endian checksum. */
export function checksum(name: ChecksumName, data: Uint8Array): string {
  if (name === "sha1" || name === "sha256") return createHash(name).update(data).digest("base64");
  if (name === "crc64nvme") return crc64(data).toString("base64");
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(crc32(data, tables[name]));
  return bytes.toString("base64");
}

/** Checks each `x-amz-checksum-…` of the headers against the data; answers those given. */
export function checkChecksums(
  headers: Readonly<Record<string, string | undefined>>,
  data: Uint8Array,
): Checksums {
  const given: Partial<Record<ChecksumName, string>> = {};
  for (const name of checksumNames) {
    const claimed = headers[`x-amz-checksum-${name}`];
    if (claimed === undefined) continue;
    const right = checksum(name, data);
    if (claimed !== right) {
      const message = `The ${name.toUpperCase()} you specified did not match the calculated checksum.`;
      throw new CallRefusal("BadDigest", message);
    }
    given[name] = right;
  }
  if (Object.keys(given).length > 1) {
    throw new CallRefusal("InvalidRequest", "Expecting a single x-amz-checksum- header.");
  }
  return given;
}

/** Checks Content-MD5 and x-amz-content-sha256 against the body as sent. */
export function checkBody(headers: Readonly<Record<string, string | undefined>>, body: Uint8Array): void {
  const md5 = headers["content-md5"];
  if (md5 !== undefined) {
    if (Buffer.from(md5, "base64").length !== 16) {
      throw new CallRefusal("InvalidDigest", "The Content-MD5 you specified was invalid.");
    }
    if (createHash("md5").update(body).digest("base64") !== md5) {
      throw new CallRefusal("BadDigest", "The Content-MD5 you specified did not match what we received.");
    }
  }
  const sha256 = headers["x-amz-content-sha256"];
  if (sha256 === undefined) {
    const message = "Missing required header for this request: x-amz-content-sha256";
    throw new CallRefusal("InvalidRequest", message);
  }
  if (/^(UNSIGNED-PAYLOAD|STREAMING-UNSIGNED-PAYLOAD-TRAILER)$/.test(sha256)) return;
  if (sha256.startsWith("STREAMING-")) {
    throw new CallRefusal("NotImplemented", `${sha256}: signed chunks are not read here`, { status: 501 });
  }
  if (createHash("sha256").update(body).digest("hex") !== sha256) {
    const message = "The provided 'x-amz-content-sha256' header does not match what was computed.";
    throw new CallRefusal("XAmzContentSHA256Mismatch", message);
  }
}

function crcTable(polynomial: number): Uint32Array {
  return Uint32Array.from({ length: 256 }, (_, byte) => {
    let value = byte;
    for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ polynomial : value >>> 1;
    return value;
  });
}

const tables = { crc32: crcTable(0xedb88320), crc32c: crcTable(0x82f63b78) };

function crc32(data: Uint8Array, table: Uint32Array): number {
  let crc = -1;
  for (let i = 0; i < data.length; i++) crc = table[(crc ^ data[i]!) & 0xff]! ^ (crc >>> 8);
  return ~crc >>> 0;
}

/** In two halves, since whole ones would be bigints: for each of the 256 bytes high and low word. */
const table64 = (() => {
  const [highs, lows] = [new Uint32Array(256), new Uint32Array(256)];
  const polynomial = 0x9a6c9329ac4bc9b5n;
  for (let byte = 0; byte < 256; byte++) {
    let value = BigInt(byte);
    for (let bit = 0; bit < 8; bit++) value = value & 1n ? (value >> 1n) ^ polynomial : value >> 1n;
    highs[byte] = Number(value >> 32n);
    lows[byte] = Number(value & 0xffffffffn);
  }
  return { highs, lows };
})();

function crc64(data: Uint8Array): Buffer {
  let [high, low] = [-1, -1];
  for (let i = 0; i < data.length; i++) {
    const at = (low ^ data[i]!) & 0xff;
    low = ((low >>> 8) | (high << 24)) ^ table64.lows[at]!;
    high = (high >>> 8) ^ table64.highs[at]!;
  }
  const bytes = Buffer.alloc(8);
  bytes.writeInt32BE(~high, 0);
  bytes.writeInt32BE(~low, 4);
  return bytes;
}
