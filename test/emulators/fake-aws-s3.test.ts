import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { test } from "node:test";
import { type Boto3, boto3Missing, type Values } from "../support/fake-aws/boto3.ts";
import { withBoto3 } from "../support/fake-aws/with-boto3.ts";

const missing = boto3Missing();
const skip = missing === undefined ? {} : { skip: missing };
const Bucket = "archive";
const oneBucket = { buckets: [Bucket] };
const md5 = (data: Uint8Array) => createHash("md5").update(data).digest();

test("boto3 puts, heads, reads, lists and deletes objects under keys of every kind", skip, () =>
  withBoto3({}, async (boto, fake) => {
    await boto.call("s3", "create_bucket", { Bucket });
    await boto.call("s3", "head_bucket", { Bucket });
    const keys = [
      "a",
      "a b+c",
      "ü/ключ/日本/🗄",
      "2026/11/23/08/m-1 (2)!*'~.gz",
      "a//b",
      "./x",
      "%41",
      "a&<b>=?#",
    ];
    for (const Key of keys) {
      const Body = Buffer.from(`body of ${Key}\n`);
      const Metadata = { first: "1" };
      const put = await boto.call("s3", "put_object", {
        Bucket,
        Key,
        Body,
        ContentType: "text/plain",
        Metadata,
      });
      assert.equal(put["ETag"], `"${md5(Body).toString("hex")}"`);
      const head = await boto.call("s3", "head_object", { Bucket, Key });
      assert.deepEqual(
        [head["ContentLength"], head["ContentType"], head["Metadata"]],
        [Body.length, "text/plain", Metadata],
      );
      const got = await boto.call("s3", "get_object", { Bucket, Key });
      assert.deepEqual(got["Body"], Body, Key);
    }
    const listed = await boto.call("s3", "list_objects_v2", { Bucket });
    const byBytes = [...keys].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
    assert.deepEqual(
      (listed["Contents"] as Values[]).map(({ Key }) => Key),
      byBytes,
    );
    assert.deepEqual(
      fake.objects(Bucket).map(({ key }) => key),
      byBytes,
    );
    await boto.call("s3", "delete_object", { Bucket, Key: "a" });
    const Delete = { Objects: keys.slice(1).map((Key) => ({ Key })) };
    const deleted = await boto.call("s3", "delete_objects", { Bucket, Delete });
    assert.equal((deleted["Deleted"] as Values[]).length, keys.length - 1);
    assert.equal((await boto.call("s3", "list_objects_v2", { Bucket }))["KeyCount"], 0);
    await boto.call("s3", "delete_bucket", { Bucket });
    assert.deepEqual((await boto.call("s3", "list_buckets"))["Buckets"], []);
  }),
);

test("listings are paged, by prefix and delimiter too", skip, () =>
  withBoto3(oneBucket, async (boto) => {
    const keys = Array.from(
      { length: 25 },
      (_, i) => `2026/11/${String(1 + (i % 3)).padStart(2, "0")}/${i}.zst`,
    );
    for (const Key of keys) await boto.call("s3", "put_object", { Bucket, Key, Body: Buffer.from("x") });
    const all = async (params: Values) => {
      const pages = await boto.pages("s3", "list_objects_v2", { Bucket, ...params });
      return {
        keys: pages.flatMap(({ Contents = [] }) => (Contents as Values[]).map(({ Key }) => String(Key))),
        prefixes: pages.flatMap(({ CommonPrefixes = [] }) =>
          (CommonPrefixes as Values[]).map(({ Prefix }) => Prefix),
        ),
      };
    };
    const PaginationConfig = { PageSize: 4 };
    const sorted = [...keys].sort((a, b) => (a < b ? -1 : 1));
    assert.deepEqual(await all({ PaginationConfig }), { keys: sorted, prefixes: [] });
    const second = sorted.filter((key) => key.startsWith("2026/11/02/"));
    assert.deepEqual((await all({ Prefix: "2026/11/02/", PaginationConfig })).keys, second);
    const days = ["2026/11/01/", "2026/11/02/", "2026/11/03/"];
    for (const PageSize of [1, 2, 1000]) {
      const found = await all({ Prefix: "2026/11/", Delimiter: "/", PaginationConfig: { PageSize } });
      assert.deepEqual(found, { keys: [], prefixes: days });
    }
    assert.deepEqual(
      (await all({ StartAfter: second.at(-1) })).keys,
      sorted.slice(sorted.indexOf(second.at(-1)!) + 1),
    );
  }),
);

test("ranges, conditions and what is missing are answered as S3 does", skip, () =>
  withBoto3(oneBucket, async (boto) => {
    const Key = "k";
    const put = (params: Values = {}) => ({ Bucket, Key, Body: Buffer.from("0123456789"), ...params });
    const { ETag } = await boto.call("s3", "put_object", put({ IfNoneMatch: "*" }));
    const code = async (operation: string, params: Values) => {
      const { error, status } = await boto.error("s3", operation, { Bucket, ...params });
      return [error, status];
    };
    assert.deepEqual(await code("put_object", put({ IfNoneMatch: "*" })), ["PreconditionFailed", 412]);
    await boto.call("s3", "put_object", put({ IfMatch: ETag }));
    for (const [Range, expected] of [
      ["bytes=2-4", "234"],
      ["bytes=7-", "789"],
      ["bytes=-2", "89"],
      ["bytes=8-99", "89"],
    ]) {
      const part = await boto.call("s3", "get_object", { Bucket, Key, Range });
      assert.equal(String(part["Body"]), expected);
      assert.match(String(part["ContentRange"]), /^bytes \d+-\d+\/10$/);
    }
    assert.deepEqual(await code("get_object", { Key, Range: "bytes=10-" }), ["InvalidRange", 416]);
    assert.deepEqual(await code("get_object", { Key: "other" }), ["NoSuchKey", 404]);
    assert.deepEqual(await code("head_object", { Key: "other" }), ["404", 404]);
    assert.deepEqual(await code("list_objects_v2", { Bucket: "other" }), ["NoSuchBucket", 404]);
  }),
);

test("every checksum is verified and given back, MD5 too", skip, () =>
  withBoto3(
    oneBucket,
    async (boto) => {
      const Body = randomBytes(100_000);
      for (const ChecksumAlgorithm of ["CRC32", "SHA1", "SHA256"]) {
        const Key = ChecksumAlgorithm;
        const put = await boto.call("s3", "put_object", { Bucket, Key, Body, ChecksumAlgorithm });
        const got = await boto.call("s3", "get_object", { Bucket, Key, ChecksumMode: "ENABLED" });
        assert.equal(typeof put[`Checksum${Key}`], "string");
        assert.equal(got[`Checksum${Key}`], put[`Checksum${Key}`]);
        const wrong = { Bucket, Key, Body: Buffer.from("other"), [`Checksum${Key}`]: put[`Checksum${Key}`] };
        assert.equal((await boto.error("s3", "put_object", wrong)).error, "BadDigest");
      }
      // botocore cannot work these out without another package; the values are the check values of the CRC catalogue.
      const check = { Bucket, Key: "check", Body: Buffer.from("123456789") };
      await boto.call("s3", "put_object", {
        ...check,
        ChecksumCRC32C: Buffer.from("e3069283", "hex").toString("base64"),
      });
      const nvme = Buffer.from("ae8b14860a799888", "hex").toString("base64");
      await boto.call("s3", "put_object", { ...check, ChecksumCRC64NVME: nvme });
      const ContentMD5 = md5(check.Body).toString("base64");
      await boto.call("s3", "put_object", { ...check, ContentMD5 });
      assert.equal(
        (await boto.error("s3", "put_object", { ...check, Body: Buffer.from("x"), ContentMD5 })).error,
        "BadDigest",
      );
    },
    [/CRC32/, /SHA1/, /SHA256/, /Content-MD5/],
  ),
);

const partBytes = 5 * 1024 * 1024;

async function upload(
  boto: Boto3,
  Key: string,
  bodies: readonly Buffer[],
  begin: Values = {},
): Promise<Values> {
  const { UploadId } = await boto.call("s3", "create_multipart_upload", { Bucket, Key, ...begin });
  const Parts: Values[] = [];
  for (const [i, Body] of bodies.entries()) {
    const PartNumber = i + 1;
    const { ChecksumAlgorithm } = begin;
    const part = {
      Bucket,
      Key,
      UploadId,
      PartNumber,
      Body,
      ...(ChecksumAlgorithm ? { ChecksumAlgorithm } : {}),
    };
    const { ETag, ChecksumCRC32 } = await boto.call("s3", "upload_part", part);
    Parts.push({ PartNumber, ETag, ...(ChecksumCRC32 ? { ChecksumCRC32 } : {}) });
  }
  return { Bucket, Key, UploadId, MultipartUpload: { Parts } };
}

test("objects come in parts of at least 5 MiB, completed once", skip, () =>
  withBoto3(
    oneBucket,
    async (boto, fake) => {
      const bodies = [randomBytes(partBytes), randomBytes(partBytes), randomBytes(3)];
      for (const begin of [{}, { ChecksumAlgorithm: "CRC32", ChecksumType: "COMPOSITE" }]) {
        const complete = await upload(boto, "big", bodies, begin);
        const parts = await boto.pages("s3", "list_parts", {
          Bucket,
          Key: "big",
          UploadId: complete["UploadId"],
          PaginationConfig: { PageSize: 2 },
        });
        assert.deepEqual(
          parts.flatMap(({ Parts }) => (Parts as Values[]).map(({ Size }) => Size)),
          [partBytes, partBytes, 3],
        );
        const uploads = await boto.call("s3", "list_multipart_uploads", { Bucket });
        assert.equal((uploads["Uploads"] as Values[])[0]!["UploadId"], complete["UploadId"]);
        const { ETag } = await boto.call("s3", "complete_multipart_upload", complete);
        assert.equal(ETag, `"${md5(Buffer.concat(bodies.map(md5))).toString("hex")}-3"`);
        assert.ok(fake.objects(Bucket)[0]?.body.equals(Buffer.concat(bodies)));
        assert.equal((await boto.error("s3", "complete_multipart_upload", complete)).error, "NoSuchUpload");
      }
      const small = await upload(boto, "small", [randomBytes(partBytes - 1), randomBytes(1)]);
      assert.equal((await boto.error("s3", "complete_multipart_upload", small)).error, "EntityTooSmall");
      const Parts = [{ PartNumber: 1, ETag: '"0123"' }];
      assert.equal(
        (await boto.error("s3", "complete_multipart_upload", { ...small, MultipartUpload: { Parts } })).error,
        "InvalidPart",
      );
      const { MultipartUpload: _, ...abort } = small;
      await boto.call("s3", "abort_multipart_upload", abort);
      assert.equal((await boto.call("s3", "list_multipart_uploads", { Bucket }))["Uploads"], undefined);
    },
    [/EntityTooSmall/, /InvalidPart/],
  ),
);

test("a 200 of CompleteMultipartUpload can hold an error, before or after the object is there", skip, () =>
  withBoto3(oneBucket, async (boto, fake) => {
    const complete = await upload(boto, "k", [randomBytes(10)]);
    const operation = "CompleteMultipartUpload";
    fake.fault({ kind: "error", code: "InternalError", status: 200, operation, count: 1 });
    // botocore, too, knows that such an answer is an error: it makes a 500 of it.
    assert.equal((await boto.error("s3", "complete_multipart_upload", complete)).status, 500);
    assert.equal(fake.objects(Bucket).length, 0);
    fake.fault({ kind: "answer", form: "error", operation, count: 1 });
    assert.equal((await boto.error("s3", "complete_multipart_upload", complete)).error, "InternalError");
    assert.equal(fake.objects(Bucket).length, 1);
  }),
);

test("S3's own codes for throttling, wrong keys, and tokens that are over", skip, () =>
  withBoto3(
    { ...oneBucket, credentials: { accessKeyId: "ASIATEST", secretAccessKey: "s", sessionToken: "t" } },
    async (boto, fake) => {
      const error = async (client: Values = {}) => {
        const { error: code, status } = await boto.error("s3", "list_objects_v2", { Bucket }, { client });
        return [code, status];
      };
      fake.fault({ kind: "throttle", count: 1 });
      assert.deepEqual(await error(), ["SlowDown", 503]);
      const keys = { aws_access_key_id: "ASIATEST", aws_secret_access_key: "s", aws_session_token: "t" };
      assert.deepEqual(await error({ ...keys, aws_secret_access_key: "x" }), ["SignatureDoesNotMatch", 403]);
      assert.deepEqual(await error({ ...keys, aws_access_key_id: "x" }), ["InvalidAccessKeyId", 403]);
      fake.command({ kind: "shift-clock", minutes: 16 });
      assert.deepEqual(await error(), ["RequestTimeTooSkewed", 403]);
      fake.command({ kind: "shift-clock", minutes: -16 });
      fake.command({ kind: "expire-tokens" });
      assert.deepEqual(await error(), ["ExpiredToken", 400]);
    },
    [/does not match/, /security token/],
  ),
);
