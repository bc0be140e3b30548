import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import type { S3Bucket, S3Upload } from "../../src/aws/s3.ts";
import { neverAborted, type SentRequest } from "../support/aws-stand-in.ts";
import { bucketStandIn, xml } from "../support/s3-stand-in.ts";

const body = new TextEncoder().encode('{"name":"x"}\n');
const key = "metrics/k.gz";
const upload: S3Upload = { key, uploadId: "a/b+c=&d", checksums: true };
const etag = { ETag: '"0123"' };

/** The failure of a put that is answered so, with its verdict. */
async function failureOf(answer: () => Response) {
  const answered = await bucketStandIn({ answer }).s3.put(key, body, "text/plain", neverAborted);
  if (answered.kind !== "failed") throw new Error("it was taken for an answer");
  return answered;
}

const unproven: readonly [
  what: string,
  run: (s3: S3Bucket) => Promise<{ kind: string }>,
  answer: () => Response,
][] = [
  [
    "PUT without an ETag",
    (s3) => s3.put(key, body, "a/b", neverAborted),
    () => new Response("<html>log in</html>"),
  ],
  [
    "PUT with another checksum",
    (s3) => s3.put(key, body, "a/b", neverAborted),
    () => new Response(null, { headers: { ...etag, "x-amz-checksum-sha256": "AAAA" } }),
  ],
  [
    "create without an upload",
    (s3) => s3.createUpload(key, "a/b", neverAborted),
    () => xml("<R><A>1</A></R>"),
  ],
  ["create that is no XML", (s3) => s3.createUpload(key, "a/b", neverAborted), () => new Response("{}")],
  [
    "create that is HTML",
    (s3) => s3.createUpload(key, "a/b", neverAborted),
    () => new Response("<html><body>x<br></html>"),
  ],
  [
    "create that declares entities",
    (s3) => s3.createUpload(key, "a/b", neverAborted),
    () => xml('<!DOCTYPE R [<!ENTITY a "b">]><R><UploadId>&a;</UploadId></R>'),
  ],
  ["complete with nothing", (s3) => s3.completeUpload(upload, [], neverAborted), () => new Response("  \n ")],
  [
    "complete without an ETag",
    (s3) => s3.completeUpload(upload, [], neverAborted),
    () => xml("<R><Key>k</Key></R>"),
  ],
];
for (const [what, run, answer] of unproven) {
  test(`a 200 to a ${what} proves nothing and may be repeated`, async () => {
    const answered = await run(bucketStandIn({ answer }).s3);
    assert.ok(answered.kind === "failed");
    const { verdict } = answered as Awaited<ReturnType<typeof failureOf>>;
    assert.ok(verdict.kind === "retryable" && verdict.recovery === "none", JSON.stringify(verdict));
  });
}

test("an error in the 200 of a complete counts as the error that it is", async () => {
  const errors: readonly [code: string, recovery: string][] = [
    ["InternalError", "none"],
    ["NoSuchUpload", "restart-upload"],
    ["InvalidPart", "restart-upload"],
  ];
  for (const [code, recovery] of errors) {
    const answer = () => xml(`<Error><Code>${code}</Code><Message>m &lt;1&gt;</Message></Error>`);
    const answered = await bucketStandIn({ answer }).s3.completeUpload(upload, [], neverAborted);
    assert.ok(answered.kind === "failed");
    assert.deepEqual([answered.failure.code, answered.failure.message], [code, "m <1>"]);
    assert.deepEqual([answered.verdict.kind, answered.verdict.recovery], ["retryable", recovery]);
  }
});

const elsewhere: readonly [what: string, answer: () => Response][] = [
  [
    "a 301 with its header",
    () => new Response(null, { status: 301, headers: { "x-amz-bucket-region": "us-west-2" } }),
  ],
  [
    "a 400 with its region",
    () =>
      xml(
        "<Error><Code>AuthorizationHeaderMalformed</Code><Message>m</Message><Region>us-west-2</Region></Error>",
        400,
      ),
  ],
  [
    "a 307 with its header",
    () => xml("<Error><Code>TemporaryRedirect</Code></Error>", 307, { "x-amz-bucket-region": "us-west-2" }),
  ],
];
for (const [what, answer] of elsewhere) {
  test(`a bucket in another region, told by ${what}, blocks and the message names the region`, async () => {
    const { verdict } = await failureOf(answer);
    assert.equal(verdict.kind, "blocked");
    assert.match(
      verdict.message,
      /bucket archive is in us-west-2, not in eu-west-1: give --region us-west-2/,
    );
  });
}

test("a region that cannot be one is not told as what to type", async () => {
  const headers = { "x-amz-bucket-region": '<b>" rm' };
  const { verdict } = await failureOf(() => new Response(null, { status: 301, headers }));
  assert.equal(verdict.kind, "blocked");
  assert.doesNotMatch(verdict.message, /--region/);
});

test("what the table of verdicts says of S3's codes arrives", async () => {
  const codes: readonly [status: number, code: string, kind: string][] = [
    [403, "AccessDenied", "blocked"],
    [404, "NoSuchBucket", "blocked"],
    [503, "SlowDown", "retryable"],
    [500, "InternalError", "retryable"],
    [400, "EntityTooLarge", "refused"],
    [400, "BadDigest", "retryable"],
    [413, "", "refused"],
  ];
  for (const [status, code, kind] of codes) {
    const { verdict } = await failureOf(() => xml(`<Error><Code>${code}</Code></Error>`, status));
    assert.equal(verdict.kind, kind, code);
  }
});

const unknowing: readonly [what: string, answer: () => Response][] = [
  [
    "a 501",
    () =>
      xml("<Error><Code>NotImplemented</Code><Message>A header is not implemented</Message></Error>", 501),
  ],
  [
    "a 400",
    () =>
      xml(
        "<Error><Code>InvalidRequest</Code><Message>x-amz-checksum-sha256 is unknown</Message></Error>",
        400,
      ),
  ],
];
for (const [what, refusal] of unknowing) {
  test(`a service that refuses checksums with ${what} gets Content-MD5 instead from then on`, async () => {
    const { s3, sent } = bucketStandIn({
      answer: (_, count) => (count === 1 ? refusal() : new Response(null, { headers: etag })),
    });
    const first = await s3.put(key, body, "a/b", neverAborted);
    assert.ok(first.kind === "failed" && first.verdict.kind === "retryable");
    assert.equal((await s3.put(key, body, "a/b", neverAborted)).kind, "answered");
    assert.equal(sent[1]?.headers.get("x-amz-checksum-sha256"), null);
    assert.equal(sent[1]?.headers.get("content-md5"), createHash("md5").update(body).digest("base64"));
  });
}

test("an upload that was begun with checksums begins anew where its parts' are refused", async () => {
  const refusal = () => xml("<Error><Code>NotImplemented</Code></Error>", 501);
  const begun = () => xml("<R><UploadId>1</UploadId></R>");
  const { s3, sent } = bucketStandIn({ answer: (_, count) => (count === 1 ? refusal() : begun()) });
  const part = await s3.uploadPart(upload, 1, body, neverAborted);
  assert.ok(part.kind === "failed" && part.verdict.recovery === "restart-upload");
  const again = await s3.createUpload(key, "a/b", neverAborted);
  assert.ok(again.kind === "answered" && !again.value.checksums);
  assert.equal(sent[1]?.headers.get("x-amz-checksum-algorithm"), null);
});

test("a checksum that does not fit is damage on the way and no reason to go without", async () => {
  const damaged = () =>
    xml(
      "<Error><Code>BadDigest</Code><Message>The SHA256 you specified did not match</Message></Error>",
      400,
    );
  const { s3, sent } = bucketStandIn({
    answer: (_, count) => (count === 1 ? damaged() : new Response(null, { headers: etag })),
  });
  await s3.put(key, body, "a/b", neverAborted);
  await s3.put(key, body, "a/b", neverAborted);
  assert.equal(
    sent[1]?.headers.get("x-amz-checksum-sha256"),
    createHash("sha256").update(body).digest("base64"),
  );
});

test("a large body may take longer than a small one", async () => {
  const hang = (_: SentRequest, __: number, signal: AbortSignal) =>
    new Promise<Response>((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
  const { s3, clock } = bucketStandIn({ answer: hang });
  let ended = false;
  const put = s3.put(key, new Uint8Array(8 << 20), "a/b", neverAborted).then((answer) => {
    ended = true;
    return answer;
  });
  while (clock.pending === 0) await new Promise((resolve) => setImmediate(resolve));
  clock.advance(60_000);
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(ended, false);
  clock.advance(60_000);
  const answer = await put;
  assert.ok(answer.kind === "failed" && answer.failure.code === "timeout");
});
