import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import type { S3Upload } from "../../src/aws/s3.ts";
import { type SignedRequest, sigV4Problem } from "../support/aws-sigv4.ts";
import { neverAborted, type SentRequest, testCredentials } from "../support/aws-stand-in.ts";
import { bucketStandIn, xml } from "../support/s3-stand-in.ts";

const body = new TextEncoder().encode('{"name":"x"}\n');
const sha256 = (encoding: "hex" | "base64") => createHash("sha256").update(body).digest(encoding);
const key = "metrics/a=1/2026/11/23/06/x(1)'!*+ ü.gz";
const upload: S3Upload = { key, uploadId: "a/b+c=&d", checksums: true };
const etag = { ETag: '"0123"' };

function assertSigned(sent: SentRequest, nowMs: number): void {
  const { host, pathname, search } = new URL(sent.url);
  const request: SignedRequest = {
    method: sent.method,
    target: pathname + search,
    headers: { ...Object.fromEntries(sent.headers), host },
    body: sent.body,
  };
  const { accessKeyId, secretAccessKey } = testCredentials;
  const expected = { accessKeyId, secretAccessKey, service: "s3", region: "eu-west-1", nowMs };
  assert.equal(sigV4Problem(request, expected), undefined);
  const hash = createHash("sha256").update(sent.body).digest("hex");
  assert.equal(sent.headers.get("x-amz-content-sha256"), hash);
}

const addresses: readonly [
  what: string,
  options: Partial<Parameters<typeof bucketStandIn>[0]>,
  url: string,
][] = [
  ["in the host's name at AWS", {}, "https://archive.s3.eu-west-1.amazonaws.com/k"],
  ["in the path where it has dots", { bucket: "a.b" }, "https://s3.eu-west-1.amazonaws.com/a.b/k"],
  [
    "in the path where that is asked for",
    { pathStyle: true },
    "https://s3.eu-west-1.amazonaws.com/archive/k",
  ],
  [
    "in the host's name of another service",
    { endpoint: "https://minio.test:9000" },
    "https://archive.minio.test:9000/k",
  ],
  [
    "in the path of an IPv4 address",
    { endpoint: "http://127.0.0.1:9000" },
    "http://127.0.0.1:9000/archive/k",
  ],
  ["in the path of an IPv6 address", { endpoint: "http://[::1]:9000/" }, "http://[::1]:9000/archive/k"],
  [
    "in the path of localhost",
    { endpoint: "http://localhost:9000/base/" },
    "http://localhost:9000/base/archive/k",
  ],
];
for (const [what, options, url] of addresses) {
  test(`the bucket stands ${what}`, async () => {
    const { s3, sent } = bucketStandIn({ ...options, answer: () => new Response(null, { headers: etag }) });
    const answer = await s3.put("k", body, "text/plain", neverAborted);
    assert.deepEqual(answer, { kind: "answered", value: undefined });
    assert.equal(sent[0]?.url, url);
  });
}

test("a put carries its bytes, their type and their SHA-256, signed as S3 wants it", async () => {
  const { s3, sent, clock } = bucketStandIn({ answer: () => new Response(null, { headers: etag }) });
  await s3.put(key, body, "application/gzip", neverAborted);
  const [put] = sent;
  assert.equal(put?.method, "PUT");
  assert.ok(put.url.endsWith("/metrics/a%3D1/2026/11/23/06/x%281%29%27%21%2A%2B%20%C3%BC.gz"), put.url);
  assert.deepEqual(put.body, body);
  assert.equal(put.headers.get("content-type"), "application/gzip");
  assert.equal(put.headers.get("x-amz-checksum-sha256"), sha256("base64"));
  assertSigned(put, clock.now());
});

test("an upload in parts is begun, sent, completed, listed and aborted as S3 describes it", async () => {
  const answers = [
    () =>
      xml("<InitiateMultipartUploadResult><UploadId>a/b+c=&amp;d</UploadId></InitiateMultipartUploadResult>"),
    () => new Response(null, { headers: etag }),
    () =>
      new Response(
        ' \n <?xml version="1.0"?><x:CompleteMultipartUploadResult xmlns:x="y"><x:ETag>"1"</x:ETag>' +
          "</x:CompleteMultipartUploadResult>",
      ),
    () =>
      xml(
        "<R><EncodingType>url</EncodingType><Upload><Key>metrics%2Fk+1</Key><UploadId>1</UploadId></Upload>" +
          "<Upload><Key>metrics%2Fk+12</Key><UploadId>2</UploadId></Upload></R>",
      ),
    () => new Response(null, { status: 204 }),
    () => xml("<Error><Code>NoSuchUpload</Code></Error>", 404),
  ];
  const { s3, sent, clock } = bucketStandIn({ answer: (_, count) => answers[count - 1]!() });
  assert.deepEqual(await s3.createUpload(key, "application/gzip", neverAborted), {
    kind: "answered",
    value: upload,
  });
  const part = { partNumber: 1, etag: '"0123"', sha256: sha256("base64") };
  assert.deepEqual(await s3.uploadPart(upload, 1, body, neverAborted), { kind: "answered", value: part });
  const done = { kind: "answered", value: undefined };
  assert.deepEqual(await s3.completeUpload(upload, [part], neverAborted), done);
  const listed = await s3.listUploads("metrics/k 1", neverAborted);
  assert.deepEqual(listed, { kind: "answered", value: [{ key: "metrics/k 1", uploadId: "1" }] });
  assert.deepEqual(await s3.abortUpload(upload, neverAborted), done);
  assert.deepEqual(await s3.abortUpload(upload, neverAborted), done);
  assert.deepEqual(
    sent.map(({ method, url }) => `${method} ${new URL(url).search}`),
    [
      "POST ?uploads",
      "PUT ?partNumber=1&uploadId=a%2Fb%2Bc%3D%26d",
      "POST ?uploadId=a%2Fb%2Bc%3D%26d",
      "GET ?encoding-type=url&max-uploads=1000&prefix=metrics%2Fk%201&uploads",
      "DELETE ?uploadId=a%2Fb%2Bc%3D%26d",
      "DELETE ?uploadId=a%2Fb%2Bc%3D%26d",
    ],
  );
  assert.equal(sent[0]?.headers.get("x-amz-checksum-algorithm"), "SHA256");
  assert.equal(sent[0]?.headers.get("x-amz-checksum-type"), "COMPOSITE");
  assert.equal(
    sent[2]?.text,
    `<CompleteMultipartUpload xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Part><ETag>&#34;0123&#34;</ETag>` +
      `<ChecksumSHA256>${sha256("base64")}</ChecksumSHA256><PartNumber>1</PartNumber></Part></CompleteMultipartUpload>`,
  );
  for (const request of sent) assertSigned(request, clock.now());
});

test("head tells an object's bytes, and one that is not there from one that may not be seen", async () => {
  const answers = [
    new Response(null, { headers: { "Content-Length": "17" } }),
    new Response(null, { status: 404 }),
    new Response(null, { status: 403 }),
  ];
  const { s3 } = bucketStandIn({ answer: (_, count) => answers[count - 1]! });
  assert.deepEqual(await s3.head(key, neverAborted), { kind: "answered", value: 17 });
  assert.deepEqual(await s3.head(key, neverAborted), { kind: "answered", value: undefined });
  const denied = await s3.head(key, neverAborted);
  assert.ok(denied.kind === "failed" && denied.verdict.kind === "blocked");
});
