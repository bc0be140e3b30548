import assert from "node:assert/strict";
import { execFile, spawnSync } from "node:child_process";
import { readdir, readFile } from "node:fs/promises";
import { test } from "node:test";
import { promisify } from "node:util";
import { formatObjectKey, parseObjectKey } from "../../src/archive/key.ts";
import { createS3Bucket } from "../../src/aws/s3.ts";
import { systemClock } from "../../src/clock.ts";
import type { Compression } from "../../src/compression.ts";
import { createMetrics } from "../../src/metrics.ts";
import { startObjectShipper } from "../../src/ship/ship-objects.ts";
import { MemorySpool } from "../ship/memory-spool.ts";
import { keptLog, neverAborted } from "../support/aws-stand-in.ts";
import { type Moto, motoClient, motoMissing, startMoto } from "../support/moto.ts";
import { withTemporaryDirectory } from "../support/temporary-directory.ts";
import { seededRandom } from "../support/virtual-clock.ts";

const run = promisify(execFile);
const missing = motoMissing();
const skip = missing === undefined ? {} : { skip: missing };

/** One for all tests; each has a bucket of its own. */
let running: Promise<Moto> | undefined;
let buckets = 0;

async function open() {
  running ??= startMoto();
  const moto = await running;
  const name = `archive-${++buckets}`;
  assert.equal((await fetch(`${moto.url}/${name}`, { method: "PUT" })).status, 200);
  const bucket = createS3Bucket({ client: motoClient(moto, "s3"), bucket: name, pathStyle: false });
  return { moto, name, bucket };
}

/** Reads a bucket with AWS' own client: downloads each object in order of its key, checksums checked. */
const reader = `
import boto3, json, sys
from botocore.config import Config
url, bucket, directory = sys.argv[1:4]
s3 = boto3.client("s3", endpoint_url=url, region_name="us-east-1", aws_access_key_id="a", aws_secret_access_key="b",
                  config=Config(s3={"addressing_style": "path"}))
found = []
for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket):
    for i, item in enumerate(page.get("Contents", [])):
        answer = s3.get_object(Bucket=bucket, Key=item["Key"], ChecksumMode="ENABLED")
        name = item["Key"].rsplit("/", 1)[1]
        with open(f"{directory}/{name}", "wb") as file:
            file.write(answer["Body"].read())
        found.append({"key": item["Key"], "type": answer["ContentType"], "sha256": answer.get("ChecksumSHA256")})
uploads = s3.list_multipart_uploads(Bucket=bucket).get("Uploads", [])
print(json.dumps({"found": found, "uploads": len(uploads)}))
`;

interface Read {
  readonly found: readonly { readonly key: string; readonly type: string; readonly sha256: string | null }[];
  readonly uploads: number;
}

async function read(moto: Moto, name: string, directory: string): Promise<Read> {
  const { stdout } = await run("python3", ["-c", reader, moto.url, name, directory]);
  return JSON.parse(stdout) as Read;
}

const decompressors: Readonly<Record<Compression, readonly [string, ...string[]]>> = {
  none: ["cat"],
  gzip: ["zcat"],
  zstd: ["zstd", "-dcq"],
};

/** Why this test cannot run here; nothing where it can. */
function skipWithout(program: string): { skip?: string } {
  if (missing !== undefined) return { skip: missing };
  const isThere = spawnSync(program, ["--version"], { stdio: "ignore" }).status === 0;
  return isThere ? {} : { skip: `${program} is missing: install the package that has it` };
}

for (const compression of ["none", "gzip", "zstd"] as const) {
  test(
    `boto3 and ${decompressors[compression][0]} read from moto what was shipped with compression ${compression}`,
    skipWithout(decompressors[compression][0]),
    () =>
      withTemporaryDirectory(async (directory) => {
        const { moto, name, bucket } = await open();
        const spool = new MemorySpool();
        const texts = Array.from({ length: 40 }, (_, i) =>
          Array.from(
            { length: 100 },
            (_, j) => `{"name":"ü","time":${i * 100 + j},"value":${j},"labels":{"a":"\\"b\\""}}\n`,
          ).join(""),
        );
        for (const [i, text] of texts.entries()) spool.add(text, Date.UTC(2026, 10, 23, 6, 0, i * 30));
        const options = {
          prefix: "a b=c/(d)'e!*/",
          spool,
          bucket,
          compression,
          rotateBytes: 50_000,
          rotateAgeMs: 3_600_000,
          clock: systemClock,
          random: seededRandom(7),
          log: keptLog().log,
          metrics: createMetrics({ version: "0", runtime: "test" }),
        };
        await startObjectShipper(options).stop(60_000);
        const { found, uploads } = await read(moto, name, directory);
        assert.equal(uploads, 0);
        assert.ok(found.length >= 4, JSON.stringify(found));
        assert.ok(
          found.every(
            ({ key, sha256 }) => parseObjectKey(key)?.compression === compression && sha256 !== null,
          ),
        );
        const files = (await readdir(directory)).sort().map((file) => `${directory}/${file}`);
        const [program, ...parameters] = decompressors[compression];
        const { stdout } = await run(program, [...parameters, ...files], { maxBuffer: 1 << 26 });
        assert.equal(stdout, texts.join(""));
      }),
  );
}

test(
  "an object in parts is whole, carries the checksum of its parts, and nothing of it is left over",
  skip,
  () =>
    withTemporaryDirectory(async (directory) => {
      const { moto, name, bucket } = await open();
      const spool = new MemorySpool();
      const line = `{"name":"x","time":17,"value":0,"labels":{"a":"${"y".repeat(930)}"}}\n`;
      const frame = line.repeat(4_000);
      for (let i = 0; i < 5; i++) spool.add(frame, Date.UTC(2026, 10, 23, 6));
      const options = {
        prefix: "",
        spool,
        bucket,
        compression: "none" as const,
        rotateBytes: 1 << 30,
        rotateAgeMs: 3_600_000,
        partBytes: 5 << 20,
        clock: systemClock,
        random: seededRandom(7),
        log: keptLog().log,
        metrics: createMetrics({ version: "0", runtime: "test" }),
      };
      // What an earlier run left: a plan, and an upload of its key that was begun.
      const unique = "0123456789abcdef";
      const [arrivalMs, times] = [Date.UTC(2026, 10, 23, 6), { minMs: 17n, maxMs: 17n }];
      const key = formatObjectKey({ prefix: "", name: "x", arrivalMs, times, unique, compression: "none" });
      spool.cursor = {
        position: spool.cursor.position,
        object: { key, end: { segment: 1, offsetBytes: 5 } },
      };
      assert.equal((await bucket.createUpload(key, "a/b", neverAborted)).kind, "answered");
      assert.equal((await bucket.createUpload(`${key}x`, "a/b", neverAborted)).kind, "answered");
      await startObjectShipper(options).stop(60_000);
      const { found, uploads } = await read(moto, name, directory);
      assert.deepEqual(
        found.map((each) => each.key),
        [key],
      );
      assert.match(found[0]?.sha256 ?? "", /-4$/);
      // The one of another key is none of ours.
      assert.equal(uploads, 1);
      const body = await readFile(`${directory}/${key.split("/").at(-1)}`);
      assert.ok(body.equals(Buffer.from(frame.repeat(5))));
      const head = await bucket.head(key, neverAborted);
      assert.deepEqual(head, { kind: "answered", value: frame.length * 5 });
    }),
);

test("a bucket that is not there blocks", skip, async () => {
  const { moto } = await open();
  const bucket = createS3Bucket({ client: motoClient(moto, "s3"), bucket: "nowhere", pathStyle: true });
  const answer = await bucket.put("k", new Uint8Array(1), "a/b", neverAborted);
  assert.ok(answer.kind === "failed" && answer.verdict.kind === "blocked");
  assert.equal(answer.failure.code, "NoSuchBucket");
});

test("moto stops once more", skip, async () => {
  await (await running)?.close();
});
