import assert from "node:assert/strict";
import { test } from "node:test";
import { retryAfterMs, retryAfterMsMax, serviceError } from "../../src/aws/answer.ts";

const dateMs = Date.parse("Mon, 23 Nov 2026 06:00:00 GMT");
const waits: readonly [headers: Record<string, string>, expectedMs: number | undefined][] = [
  [{}, undefined],
  [{ "Retry-After": "3" }, 3_000],
  [{ "Retry-After": "Mon, 23 Nov 2026 06:00:07 GMT" }, 7_000],
  [{ "Retry-After": "Mon, 23 Nov 2026 05:59:00 GMT" }, undefined],
  [{ "x-amz-retry-after": "250" }, 250],
  [{ "x-amz-retry-after": "250", "Retry-After": "9" }, 250],
  [{ "Retry-After": "0" }, undefined],
  [{ "Retry-After": "-5" }, undefined],
  [{ "Retry-After": "soon" }, undefined],
  [{ "Retry-After": "86400" }, retryAfterMsMax],
  [{ "x-amz-retry-after": "99999999999999" }, undefined],
];
for (const [headers, expectedMs] of waits) {
  test(`${JSON.stringify(headers)} asks to wait ${expectedMs} ms`, () => {
    assert.equal(retryAfterMs(new Headers(headers), dateMs), expectedMs);
  });
}

test("a date to wait for counts from the answer's own date, and without one it says nothing", () => {
  const headers = new Headers({ "Retry-After": "Mon, 23 Nov 2026 06:00:07 GMT" });
  assert.equal(retryAfterMs(headers, undefined), undefined);
  assert.equal(retryAfterMs(headers, dateMs + 5_000), 2_000);
});

test("S3's XML names code, message and the bucket's region", () => {
  const text = `<?xml version="1.0" encoding="UTF-8"?>
<Error><Code>PermanentRedirect</Code><Message>Use &quot;that&quot; endpoint &amp; no other</Message></Error>`;
  assert.deepEqual(serviceError(new Headers({ "x-amz-bucket-region": "eu-west-1" }), text), {
    code: "PermanentRedirect",
    message: 'Use "that" endpoint & no other (bucket region: eu-west-1)',
  });
});

test("what a service repeats of a signed request is cut out: it holds the session's token", () => {
  const canonical = "'POST\n/\n\nx-amz-security-token:SECRET\n\nx-amz-date'";
  const texts = [
    `Signature mismatch. The Canonical String for this request should have been\n${canonical}`,
    "headers: x-amz-security-token: SECRET, host:x",
    '{"X-Amz-Security-Token":"SECRET"}',
    "https://x/?X-Amz-Security-Token=SECRET&X-Amz-Signature=SECRET&X-Amz-Credential=SECRET%2F2026",
    "Authorization: AWS4-HMAC-SHA256 Credential=SECRET/20261123/x, SignedHeaders=host, Signature=SECRET",
  ];
  for (const message of texts) {
    const shown = serviceError(new Headers(), JSON.stringify({ __type: "E", message })).message;
    assert.ok(shown !== "" && !shown.includes("SECRET"), shown);
  }
});
