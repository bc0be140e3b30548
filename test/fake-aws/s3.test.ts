import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { type FakeAws, type FakeAwsOptions, startFakeAws } from "../support/fake-aws/fake-aws.ts";
import { checksum } from "../support/fake-aws/s3-checksum.ts";
import { signedRequest } from "../support/fake-aws/signed-request.ts";
import { withTemporaryDirectory } from "../support/temporary-directory.ts";

const bucket = "archive";

async function withS3(run: (fake: FakeAws) => Promise<void>, options: FakeAwsOptions = {}): Promise<void> {
  const fake = await startFakeAws({ buckets: [bucket], ...options });
  try {
    await run(fake);
  } finally {
    await fake.close();
  }
}

const keys = ["a", "a b+c", "ü/🗄", "2026/11/23/08/m(1)!*'~.gz", "a//b", "100%25", "a&<b>=?#"];
const encode = (key: string) =>
  key
    .split("/")
    .map((part) => encodeURIComponent(part))
    .join("/");

test("a bucket is named by the path or by the host, with keys of every kind", () =>
  withS3(async (fake) => {
    for (const key of keys) {
      const path = { service: "s3", target: `/${bucket}/${encode(key)}` } as const;
      assert.equal((await signedRequest(fake, { ...path, method: "PUT", body: key })).status, 200, key);
      for (const host of [
        `${bucket}.localhost:1`,
        `${bucket}.s3.us-east-1.amazonaws.com`,
        `${bucket}.s3.amazonaws.com`,
      ]) {
        const got = await signedRequest(fake, { service: "s3", target: `/${encode(key)}`, host });
        assert.deepEqual([got.status, got.text], [200, key], host);
      }
    }
    assert.deepEqual(new Set(fake.objects(bucket).map(({ key }) => key)), new Set(keys));
    assert.deepEqual(fake.problems, []);
  }));

test("a path that is signed otherwise than it is sent is refused", () =>
  withS3(async (fake) => {
    // A plus that is not encoded means itself in a path; as a client that takes it for a blank signs it, it is wrong.
    const headers = { "x-amz-content-sha256": "UNSIGNED-PAYLOAD" };
    const right = await signedRequest(fake, {
      service: "s3",
      method: "PUT",
      target: `/${bucket}/a%2Bb`,
      headers,
      body: "x",
    });
    assert.equal(right.status, 200);
    const { accessKeyId } = fake.credentials;
    const wrong = await signedRequest(fake, {
      service: "s3",
      target: `/${bucket}/a`,
      credentials: { accessKeyId, secretAccessKey: "other" },
    });
    assert.deepEqual([wrong.status, /<Code>(\w+)</.exec(wrong.text)?.[1]], [403, "SignatureDoesNotMatch"]);
    assert.equal(fake.problems.length, 1);
  }));

test("what the payload hash says must be what came; chunks with a trailer are read and checked", () =>
  withS3(async (fake) => {
    const put = (headers: Readonly<Record<string, string>>, body: string) =>
      signedRequest(fake, { service: "s3", method: "PUT", target: `/${bucket}/k`, headers, body });
    const code = async (headers: Readonly<Record<string, string>>, body: string) =>
      /<Code>(\w+)</.exec((await put(headers, body)).text)?.[1];
    assert.equal(await code({ "x-amz-content-sha256": "0".repeat(64) }, "x"), "XAmzContentSHA256Mismatch");
    const signedChunks = { "x-amz-content-sha256": "STREAMING-AWS4-HMAC-SHA256-PAYLOAD" };
    assert.equal(await code(signedChunks, "x"), "NotImplemented");
    const trailing = {
      "x-amz-content-sha256": "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
      "x-amz-trailer": "x-amz-checksum-crc32c",
      "x-amz-decoded-content-length": "11",
      "content-encoding": "aws-chunked",
    };
    const chunks = (sum: string) => `6\r\nhello \r\n5\r\nworld\r\n0\r\nx-amz-checksum-crc32c:${sum}\r\n\r\n`;
    const right = checksum("crc32c", Buffer.from("hello world"));
    assert.equal(await code(trailing, chunks("AAAAAA==")), "BadDigest");
    assert.equal(
      await code({ ...trailing, "x-amz-decoded-content-length": "12" }, chunks(right)),
      "IncompleteBody",
    );
    assert.equal((await put(trailing, chunks(right))).status, 200);
    assert.equal(String(fake.objects(bucket)[0]?.body), "hello world");
    assert.equal(fake.objects(bucket)[0]?.headers["content-encoding"], undefined);
    assert.equal(fake.problems.length, 4);
  }));

test("the checksums have the check values of their catalogue", () => {
  const data = Buffer.from("123456789");
  const hex = (name: Parameters<typeof checksum>[0]) =>
    Buffer.from(checksum(name, data), "base64").toString("hex");
  assert.deepEqual(
    [hex("crc32"), hex("crc32c"), hex("crc64nvme")],
    ["cbf43926", "e3069283", "ae8b14860a799888"],
  );
});

test("objects go to a directory as well, also those whose keys mean something to a file system", () =>
  withTemporaryDirectory(async (objectsDirectory) => {
    await withS3(
      async (fake) => {
        for (const key of ["2026/11/23/08/a", "../../outside", "x//y"]) {
          const target = `/${bucket}/${encodeURIComponent(key)}`;
          assert.equal(
            (await signedRequest(fake, { service: "s3", method: "PUT", target, body: key })).status,
            200,
          );
        }
        const read = (path: string) => readFileSync(join(objectsDirectory, bucket, path), "utf8");
        assert.equal(read("2026/11/23/08/a"), "2026/11/23/08/a");
        assert.equal(read("%../%../outside"), "../../outside");
        assert.equal(read("x/%/y"), "x//y");
        assert.equal(existsSync(join(objectsDirectory, "..", "outside")), false);
      },
      { objectsDirectory },
    );
  }));
