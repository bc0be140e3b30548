import assert from "node:assert/strict";
import { test } from "node:test";
import { type AwsFailure, classifyEntry, classifyFailure, type TableName } from "../../src/aws/classify.ts";
import { type Expected, summary } from "../support/verdict-summary.ts";

const nothing: AwsFailure = {
  status: undefined,
  code: "",
  message: "",
  serverDateMs: undefined,
  signedAtMs: undefined,
};

test("a code that is not known is never a metric label, its status is", () => {
  const code = "x".repeat(100);
  assert.equal(classifyFailure("kinesis", { ...nothing, status: 418, code }).reason, "http-418");
  assert.equal(classifyFailure("kinesis", { ...nothing, code }).reason, "unknown");
  assert.equal(classifyFailure("s3", { ...nothing, status: 400, code: "KMSNew" }).reason, "http-400");
  assert.equal(classifyEntry("kinesis", code, "").reason, "unknown");
});

test("what never left cannot be stored", () => {
  for (const code of ["network", "timeout", "aborted"]) {
    assert.equal(summary(classifyFailure("kinesis", { ...nothing, code, notSent: true })), "again");
  }
});

test("how long the service asks to wait goes with what may be tried again", () => {
  const at = (status: number, code: string) =>
    classifyFailure("kinesis", { ...nothing, status, code, retryAfterMs: 1_500 });
  const busy = at(503, "");
  assert.equal(busy.kind === "retryable" && busy.retryAfterMs, 1_500);
  assert.ok(!("retryAfterMs" in at(400, "AccessDeniedException")));
});

const aboutTheStream: readonly [code: string, message: string, expected: Expected][] = [
  [
    "ValidationException",
    "1 validation error detected: Value 'a b' at 'streamName' failed to satisfy constraint: Member must satisfy",
    "blocked",
  ],
  [
    "ValidationException",
    "1 validation error detected: Value 'x' at 'streamARN' failed to satisfy",
    "blocked",
  ],
  ["ValidationException", "1 validation error detected: Value 'x' at 'deliveryStreamName' failed", "blocked"],
  ["InvalidArgumentException", "StreamARN arn:aws:kinesis:… is not valid", "blocked"],
  ["InvalidArgumentException", "Delivery stream metrics is not in the ACTIVE state", "blocked"],
  [
    "ValidationException",
    "1 validation error detected: Value '' at 'records.1.member.partitionKey' failed to satisfy constraint",
    "refused",
  ],
  [
    "ValidationException",
    "1 validation error detected: Value '[…]' at 'records' failed: length <= 500",
    "refused",
  ],
  ["InvalidArgumentException", "Records size exceeds 10 MB limit", "refused"],
  ["SerializationException", "", "refused"],
];
for (const [code, message, expected] of aboutTheStream) {
  test(`${code} "${message.slice(0, 60)}" is ${expected}`, () => {
    for (const service of ["kinesis", "firehose"] as const)
      assert.equal(summary(classifyFailure(service, { ...nothing, status: 400, code, message })), expected);
  });
}

test("a refused signature points at the clock when the service's time or its words do", () => {
  const signedAtMs = Date.parse("2026-11-23T06:00:00Z");
  const at = (offsetMs: number, code: string, message = "") =>
    classifyFailure("kinesis", {
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

test("credentials that are refused again after they were loaded anew are for the operator", () => {
  for (const code of ["ExpiredTokenException", "InvalidClientTokenId", "UnrecognizedClientException"]) {
    const verdict = classifyFailure("kinesis", { ...nothing, status: 400, code, refusedBefore: true });
    assert.deepEqual([verdict.kind, verdict.recovery], ["blocked", "refresh-credentials"]);
    assert.match(verdict.message, /same credentials were loaded again/);
  }
  const skewed = { ...nothing, status: 403, code: "RequestTimeTooSkewed", refusedBefore: true };
  assert.equal(classifyFailure("s3", skewed).kind, "retryable");
});

const loads: readonly [loadCode: string, expected: Expected][] = [
  ["", "again"],
  ["NeverHeardOf", "again"],
  ["IDPCommunicationError", "again"],
  ["InvalidIdentityToken", "again"],
  ["ExpiredTokenException", "again"],
  ["ThrottlingException", "throttled"],
  ["AccessDenied", "blocked"],
  ["AccessDeniedException", "blocked"],
  ["IDPRejectedClaim", "blocked"],
  ["UnauthorizedException", "blocked"],
];
for (const [loadCode, expected] of loads) {
  test(`credentials that cannot be loaded because of "${loadCode}" are ${expected}`, () => {
    const verdict = classifyFailure("kinesis", {
      ...nothing,
      code: "credentials",
      loadCode,
      message: "said",
    });
    assert.equal(summary(verdict), expected);
    assert.equal(verdict.reason, "credentials");
  });
}

test("what only the operator can put right says what to do", () => {
  const says = (service: TableName, code: string, status = 400) =>
    classifyFailure(service, { ...nothing, status, code, message: "m" }).message;
  assert.match(
    says("kinesis", "AccessDeniedException"),
    /^HTTP 400 AccessDeniedException: m \(allow .* IAM policy/,
  );
  assert.match(
    says("kinesis", "ResourceNotFoundException"),
    /create the stream, or correct its name, the region/,
  );
  assert.match(says("firehose", "KMSDisabledException"), /KMS key is disabled: enable it/);
  assert.match(says("kinesis", "ExpiredTokenException"), /put valid ones there/);
  assert.match(says("s3", "AccessDenied", 403), /allow s3:PutObject/);
  assert.match(says("s3", "", 403), /allow s3:PutObject/);
  assert.match(says("s3", "AuthorizationHeaderMalformed"), /another region/);
  assert.match(says("kinesis", "", 403), /not the service's own: look at proxies and AWS_ENDPOINT_URL/);
  assert.match(says("firehose", "", 407), /a proxy on the way asks for credentials/);
});

test("words about the stream's name are about records once the service has answered others", () => {
  const failure = {
    ...nothing,
    status: 400,
    code: "ValidationException",
    message: "bad line in stream name x",
  };
  assert.equal(classifyFailure("firehose", failure).kind, "blocked");
  assert.equal(classifyFailure("firehose", { ...failure, hasAnswered: true }).kind, "refused");
});

test("an entry whose error nobody knows may be at fault itself", () => {
  const isSuspect = (code: string) => "suspect" in classifyEntry("kinesis", code, "m");
  assert.ok(isSuspect("TooStrangeException"));
  assert.ok(!isSuspect("InternalFailure") && !isSuspect("ProvisionedThroughputExceededException"));
  assert.ok(!isSuspect("SomethingThrottledException"), "its name says what it is");
});
