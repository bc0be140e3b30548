/** Buckets and what is in them. */
import { createHash } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { LineCounts } from "./line-counts.ts";
import { createLineCounts } from "./line-counts.ts";
import type { Checksums } from "./s3-checksum.ts";

export interface StoredObject {
  readonly key: string;
  /** Empty when only the hashes of lines are kept. */
  readonly body: Buffer;
  readonly bytes: number;
  /** With its quotes. */
  readonly etag: string;
  /** What the object was stored with, to be given back: `content-type`, `x-amz-meta-…`, by lower-case name. */
  readonly headers: Readonly<Record<string, string>>;
  readonly checksums: Checksums;
  /** By the fake's clock, in ms since the epoch. */
  readonly modifiedAtMs: number;
}

export interface UploadedPart {
  readonly number: number;
  readonly data: Buffer;
  readonly md5: Buffer;
  readonly checksums: Checksums;
  readonly modifiedAtMs: number;
}

export interface Upload {
  readonly id: string;
  readonly key: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly checksumAlgorithm: string | undefined;
  readonly checksumType: string | undefined;
  readonly initiatedAtMs: number;
  readonly parts: Map<number, UploadedPart>;
}

export interface Bucket {
  readonly name: string;
  readonly createdAtMs: number;
  readonly objects: Map<string, StoredObject>;
  readonly uploads: Map<string, Upload>;
  readonly lines: LineCounts | undefined;
}

export interface ObjectStoreOptions {
  readonly now: () => number;
  readonly hashesOnly: boolean;
  readonly objectsDirectory: string | undefined;
  /** Told when an object is replaced by another whose lines cannot be taken back. */
  readonly onReplaced: (bucket: string, key: string) => void;
}

export interface ObjectStore {
  readonly buckets: Map<string, Bucket>;
  createBucket(name: string): Bucket;
  put(bucket: Bucket, object: Omit<StoredObject, "bytes" | "modifiedAtMs">): StoredObject;
}

export function createObjectStore(options: ObjectStoreOptions): ObjectStore {
  const { now, hashesOnly, objectsDirectory, onReplaced } = options;
  const buckets = new Map<string, Bucket>();
  return {
    buckets,
    createBucket(name) {
      const lines = hashesOnly ? createLineCounts() : undefined;
      const bucket = { name, createdAtMs: now(), objects: new Map(), uploads: new Map(), lines };
      buckets.set(name, bucket);
      return bucket;
    },
    put(bucket, object) {
      const bytes = object.body.byteLength;
      const before = bucket.objects.get(object.key);
      if (bucket.lines !== undefined && before?.etag !== object.etag) {
        if (before !== undefined) onReplaced(bucket.name, object.key);
        bucket.lines.addRecord(object.body);
      }
      const body = hashesOnly ? Buffer.alloc(0) : object.body;
      const stored = { ...object, body, bytes, modifiedAtMs: now() };
      bucket.objects.set(object.key, stored);
      if (objectsDirectory !== undefined) writeObject(objectsDirectory, bucket.name, object.key, object.body);
      return stored;
    },
  };
}

/** As BUCKET/KEY; segments that a file system understands otherwise are percent-encoded. */
function writeObject(directory: string, bucket: string, key: string, body: Buffer): void {
  const segments = key.split("/").map((segment) => {
    return segment === "" || /^\.+$/.test(segment) ? `%${segment}` : segment.replaceAll("\0", "%00");
  });
  const path = join(directory, bucket, ...segments);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, body);
}

export function md5(data: Uint8Array): Buffer {
  return createHash("md5").update(data).digest();
}
