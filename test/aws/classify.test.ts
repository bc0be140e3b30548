import assert from "node:assert/strict";
import { test } from "node:test";
import { type AwsFailure, classifyEntry, classifyFailure } from "../../src/aws/classify.ts";

const nothing: AwsFailure = {
  status: undefined,
  code: "",
  message: "",
  serverDateMs: undefined,
  signedAtMs: undefined,
};

type Expected = "transient" | "throttled" | "blocked" | "refused";
type RowOfTest = readonly [status: number | undefined, code: string, expected: Expected, recovery?: string];

const calls: readonly RowOfTest[] = [
  [undefined, "network", "transient"],
  [undefined, "timeout", "transient"],
  [undefined, "aborted", "transient"],
  [undefined, "credentials", "transient"],
  [200, "malformed-answer", "transient"],
  [400, "ProvisionedThroughputExceededException", "throttled"],
  [400, "LimitExceededException", "throttled"],
  [400, "ThrottlingException", "throttled"],
  [400, "KMSThrottlingException", "throttled"],
  [400, "TooManyRequestsException", "throttled"],
  [503, "SlowDown", "throttled"],
  [503, "ServiceUnavailableException", "throttled"],
  [429, "", "throttled"],
  [429, "NeverHeardOf", "throttled"],
  [500, "InternalFailure", "transient"],
  [500, "InternalFailureException", "transient"],
  [503, "ServiceUnavailable", "transient"],
  [400, "ExpiredTokenException", "transient", "refresh-credentials"],
  [403, "ExpiredToken", "transient", "refresh-credentials"],
  [400, "UnrecognizedClientException", "transient", "refresh-credentials"],
  [403, "InvalidClientTokenId", "transient", "refresh-credentials"],
  [400, "RequestExpired", "transient", "refresh-credentials"],
  [403, "RequestTimeTooSkewed", "transient", "correct-clock"],
  [400, "InvalidSignatureException", "blocked", "refresh-credentials"],
  [403, "MissingAuthenticationTokenException", "blocked", "refresh-credentials"],
  [400, "AccessDeniedException", "blocked"],
  [400, "ResourceNotFoundException", "blocked"],
  [400, "KMSDisabledException", "blocked"],
  [400, "KMSInvalidStateException", "blocked"],
  [400, "KMSAccessDeniedException", "blocked"],
  [400, "KMSNotFoundException", "blocked"],
  [400, "KMSOptInRequired", "blocked"],
  [400, "InvalidKMSResourceException", "blocked"],
  [400, "InvalidSourceException", "blocked"],
  [400, "InvalidArgumentException", "refused"],
  [400, "ValidationException", "refused"],
  [400, "SerializationException", "refused"],
  [400, "UnknownOperationException", "blocked"],
  [400, "NeverHeardOf", "refused"],
  [400, "", "refused"],
  [401, "", "blocked"],
  [403, "", "blocked"],
  [404, "", "blocked"],
  [408, "", "transient"],
  [413, "", "refused"],
  [301, "", "blocked"],
  [204, "", "transient"],
  [500, "", "transient"],
  [500, "NeverHeardOf", "transient"],
  [502, "", "transient"],
  [504, "", "transient"],
  [599, "", "transient"],
  // A server that blames itself is not believed to speak about us.
  [500, "AccessDeniedException", "transient"],
];
for (const [status, code, expected, recovery] of calls) {
  test(`a call that fails with ${status ?? "no answer"} ${code} is ${expected}`, () => {
    const verdict = classifyFailure({ ...nothing, status, code, message: "said" });
    assert.equal(verdict.kind, expected === "blocked" || expected === "refused" ? expected : "retryable");
    if (verdict.kind === "retryable") assert.equal(verdict.throttled, expected === "throttled");
    assert.equal(verdict.recovery, recovery ?? "none");
    assert.match(verdict.reason, /^[A-Za-z][A-Za-z0-9-]{1,60}$/);
    assert.match(verdict.message, /said/);
  });
}

const entries: readonly [code: string, expected: Expected][] = [
  ["ProvisionedThroughputExceededException", "throttled"],
  ["ServiceUnavailableException", "throttled"],
  ["InternalFailure", "transient"],
  ["InvalidArgumentException", "refused"],
  ["KMSThrottlingException", "throttled"],
  ["KMSDisabledException", "blocked"],
  ["NeverHeardOf", "transient"],
];
for (const [code, expected] of entries) {
  test(`an entry that fails with ${code} is ${expected}`, () => {
    const verdict = classifyEntry(code, "said");
    assert.equal(verdict.kind, expected === "blocked" || expected === "refused" ? expected : "retryable");
    if (verdict.kind === "retryable") assert.equal(verdict.throttled, expected === "throttled");
    assert.match(verdict.message, new RegExp(`${code}: said`));
  });
}

test("a code that is not known is never a metric label, its status is", () => {
  const code = "x".repeat(100);
  assert.equal(classifyFailure({ ...nothing, status: 418, code }).reason, "http-418");
  assert.equal(classifyFailure({ ...nothing, code }).reason, "unknown");
  assert.equal(classifyEntry(code, "").reason, "unknown");
});

test("a refused signature points at the clock when the service's time or its words do", () => {
  const signedAtMs = Date.parse("2026-11-23T06:00:00Z");
  const at = (offsetMs: number, code: string, message = "") =>
    classifyFailure({
      ...nothing,
      status: 403,
      code,
      message,
      signedAtMs,
      serverDateMs: signedAtMs + offsetMs,
    });
  assert.equal(at(301_000, "SignatureDoesNotMatch").recovery, "correct-clock");
  assert.equal(at(-301_000, "InvalidSignatureException").recovery, "correct-clock");
  assert.equal(at(301_000, "SignatureDoesNotMatch").kind, "retryable");
  assert.equal(at(1_000, "SignatureDoesNotMatch").kind, "blocked");
  assert.equal(at(0, "InvalidSignatureException", "Signature not yet current: …").recovery, "correct-clock");
  assert.equal(at(301_000, "RequestExpired").recovery, "correct-clock");
  assert.equal(at(301_000, "AccessDeniedException").recovery, "none");
});

test("what only the operator can put right says what to do", () => {
  const says = (code: string) => classifyFailure({ ...nothing, status: 400, code, message: "m" }).message;
  assert.match(says("AccessDeniedException"), /^HTTP 400 AccessDeniedException: m \(allow .* IAM policy/);
  assert.match(says("ResourceNotFoundException"), /create the stream, or correct its name, the region/);
  assert.match(says("KMSDisabledException"), /KMS key is disabled: enable it/);
  assert.match(says("ExpiredTokenException"), /put valid ones there/);
});
