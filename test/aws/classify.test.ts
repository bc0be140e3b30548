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

type Expected = "transient" | "throttled" | "permanent";
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
  [400, "InvalidSignatureException", "permanent", "refresh-credentials"],
  [403, "MissingAuthenticationTokenException", "permanent", "refresh-credentials"],
  [400, "AccessDeniedException", "permanent"],
  [400, "ResourceNotFoundException", "permanent"],
  [400, "KMSDisabledException", "permanent"],
  [400, "KMSInvalidStateException", "permanent"],
  [400, "KMSAccessDeniedException", "permanent"],
  [400, "KMSNotFoundException", "permanent"],
  [400, "KMSOptInRequired", "permanent"],
  [400, "InvalidKMSResourceException", "permanent"],
  [400, "InvalidSourceException", "permanent"],
  [400, "InvalidArgumentException", "permanent"],
  [400, "ValidationException", "permanent"],
  [400, "SerializationException", "permanent"],
  [400, "UnknownOperationException", "permanent"],
  [400, "NeverHeardOf", "permanent"],
  [400, "", "permanent"],
  [401, "", "permanent"],
  [403, "", "permanent"],
  [404, "", "permanent"],
  [408, "", "transient"],
  [413, "", "permanent"],
  [301, "", "permanent"],
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
    assert.equal(verdict.kind, expected === "permanent" ? "permanent" : "retryable");
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
  ["InvalidArgumentException", "permanent"],
  ["KMSThrottlingException", "throttled"],
  ["KMSDisabledException", "permanent"],
  ["NeverHeardOf", "transient"],
];
for (const [code, expected] of entries) {
  test(`an entry that fails with ${code} is ${expected}`, () => {
    const verdict = classifyEntry(code, "said");
    assert.equal(verdict.kind, expected === "permanent" ? "permanent" : "retryable");
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
  assert.equal(at(1_000, "SignatureDoesNotMatch").kind, "permanent");
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
