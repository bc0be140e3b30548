import assert from "node:assert/strict";
import { test } from "node:test";
import {
  type AwsFailure,
  classifyEntry,
  classifyFailure,
  type TableName,
  type Verdict,
} from "../../src/aws/classify.ts";
import { type Expected, summary } from "../support/verdict-summary.ts";

const nothing: AwsFailure = {
  status: undefined,
  code: "",
  message: "",
  serverDateMs: undefined,
  signedAtMs: undefined,
};

type RowOfTest = readonly [
  status: number | undefined,
  code: string,
  expected: Expected,
  recovery?: Verdict["recovery"],
];

/** What holds for every service. */
const everywhere: readonly RowOfTest[] = [
  [undefined, "network", "stored?"],
  [undefined, "timeout", "stored?"],
  [undefined, "aborted", "stored?"],
  [undefined, "credentials", "again"],
  [200, "malformed-answer", "stored?"],
  [400, "LimitExceededException", "throttled"],
  [400, "ThrottlingException", "throttled"],
  [400, "Throttling", "throttled"],
  [400, "RequestLimitExceeded", "throttled"],
  [400, "KMSThrottlingException", "throttled"],
  [400, "TooManyRequestsException", "throttled"],
  [503, "SlowDown", "throttled"],
  [429, "", "throttled"],
  [429, "NeverHeardOf", "throttled"],
  [400, "BrandNewThrottledException", "throttled"],
  [500, "InternalFailure", "stored?"],
  [500, "InternalFailureException", "stored?"],
  [500, "InternalError", "stored?"],
  [400, "RequestTimeout", "again"],
  [400, "ExpiredTokenException", "again", "refresh-credentials"],
  [403, "ExpiredToken", "again", "refresh-credentials"],
  [403, "InvalidToken", "again", "refresh-credentials"],
  [400, "UnrecognizedClientException", "again", "refresh-credentials"],
  [403, "InvalidClientTokenId", "again", "refresh-credentials"],
  [403, "InvalidAccessKeyId", "again", "refresh-credentials"],
  [403, "SomeTokenExpiredException", "again", "refresh-credentials"],
  [400, "RequestExpired", "again", "refresh-credentials"],
  [403, "RequestTimeTooSkewed", "again", "correct-clock"],
  [400, "RequestInTheFuture", "again", "correct-clock"],
  [400, "InvalidSignatureException", "blocked", "refresh-credentials"],
  [403, "SignatureDoesNotMatch", "blocked", "refresh-credentials"],
  [403, "MissingAuthenticationTokenException", "blocked", "refresh-credentials"],
  [403, "IncompleteSignatureException", "blocked", "refresh-credentials"],
  [400, "AccessDeniedException", "blocked"],
  [403, "AccessDenied", "blocked"],
  [400, "NotAuthorized", "blocked"],
  [403, "OptInRequired", "blocked"],
  [400, "KMSDisabledException", "blocked"],
  [400, "KMSInvalidStateException", "blocked"],
  [400, "KMSAccessDeniedException", "blocked"],
  [400, "KMSNotFoundException", "blocked"],
  [400, "KMSOptInRequired", "blocked"],
  [400, "KMSBrandNewException", "blocked"],
  [400, "KMS.DisabledException", "blocked"],
  [400, "KMS.NotFoundException", "blocked"],
  [400, "KMS.KMSInvalidStateException", "blocked"],
  [400, "AccountSuspendedException", "blocked"],
  [400, "UnknownOperationException", "blocked"],
  [501, "NotImplemented", "stored?"],
  [401, "", "blocked"],
  [403, "", "blocked"],
  [407, "", "blocked"],
  [404, "", "blocked"],
  [405, "", "blocked"],
  [408, "", "again"],
  [413, "", "refused"],
  [301, "", "blocked"],
  [307, "", "blocked"],
  [204, "", "stored?"],
  [500, "", "stored?"],
  [500, "NeverHeardOf", "stored?"],
  [502, "", "stored?"],
  [504, "", "stored?"],
  [599, "", "stored?"],
  // A server that blames itself is not believed to speak about us.
  [500, "AccessDeniedException", "stored?"],
  [502, "InvalidArgumentException", "stored?"],
];

const streams: readonly RowOfTest[] = [
  [503, "ServiceUnavailable", "stored?"],
  [503, "", "stored?"],
  [400, "ResourceNotFoundException", "blocked"],
  [400, "ResourceInUseException", "blocked"],
  [400, "DryRunOperationException", "blocked"],
  [400, "InvalidArgumentException", "refused"],
  [400, "ValidationException", "refused"],
  [400, "SerializationException", "refused"],
  [400, "NeverHeardOf", "refused"],
  [400, "", "blocked"],
  [422, "", "blocked"],
];

const own: Readonly<Record<TableName, readonly RowOfTest[]>> = {
  kinesis: [
    ...streams,
    [400, "ProvisionedThroughputExceededException", "throttled"],
    [400, "ExpiredNextTokenException", "again"],
    [503, "ServiceUnavailableException", "stored?"],
  ],
  firehose: [
    ...streams,
    [503, "ServiceUnavailableException", "throttled"],
    [400, "ServiceUnavailableException", "throttled"],
    [400, "InvalidKMSResourceException", "blocked"],
    [400, "InvalidSourceException", "blocked"],
  ],
  s3: [
    [503, "", "throttled"],
    [503, "ServiceUnavailable", "throttled"],
    [503, "NeverHeardOf", "throttled"],
    [409, "OperationAborted", "again"],
    [409, "ConditionalRequestConflict", "again"],
    [409, "", "again"],
    [400, "BadDigest", "again"],
    [400, "InvalidDigest", "again"],
    [400, "XAmzContentSHA256Mismatch", "again"],
    [400, "IncompleteBody", "again"],
    [404, "NoSuchUpload", "again", "restart-upload"],
    [400, "InvalidPart", "again", "restart-upload"],
    [400, "InvalidPartOrder", "again", "restart-upload"],
    [400, "EntityTooLarge", "refused"],
    [404, "NoSuchBucket", "blocked"],
    [400, "InvalidBucketName", "blocked"],
    [301, "PermanentRedirect", "blocked"],
    [307, "TemporaryRedirect", "blocked"],
    [400, "AuthorizationHeaderMalformed", "blocked"],
    [403, "AllAccessDisabled", "blocked"],
    [400, "InvalidRequest", "blocked"],
    [400, "InvalidArgument", "blocked"],
    [400, "NeverHeardOf", "blocked"],
    [400, "", "blocked"],
    // CompleteMultipartUpload says it in a 200.
    [200, "InternalError", "stored?"],
    [200, "SlowDown", "throttled"],
  ],
  sts: [],
};

for (const service of ["kinesis", "firehose", "s3"] as const) {
  for (const [status, code, expected, recovery = "none"] of [...everywhere, ...own[service]]) {
    test(`${service}: a call that fails with ${status ?? "no answer"} ${code} is ${expected}`, () => {
      const verdict = classifyFailure(service, { ...nothing, status, code, message: "said" });
      assert.equal(summary(verdict), expected);
      assert.equal(verdict.recovery, recovery);
      assert.match(verdict.reason, /^[A-Za-z][A-Za-z0-9.-]{1,60}$/);
      assert.match(verdict.message, /said/);
      if (verdict.kind === "refused") assert.equal(verdict.scope, "put");
    });
  }
}

const entries: readonly [code: string, expected: Expected][] = [
  ["InternalFailure", "stored?"],
  ["InvalidArgumentException", "refused"],
  ["KMSThrottlingException", "throttled"],
  ["KMSDisabledException", "blocked"],
  ["KMSBrandNewException", "blocked"],
  ["BrandNewThrottledException", "throttled"],
  ["AccessDeniedException", "blocked"],
  ["NeverHeardOf", "stored?"],
];
const ownEntries = {
  kinesis: [["ProvisionedThroughputExceededException", "throttled"]],
  firehose: [["ServiceUnavailableException", "throttled"]],
} as const;
for (const service of ["kinesis", "firehose"] as const) {
  for (const [code, expected] of [...entries, ...ownEntries[service]]) {
    test(`${service}: an entry that fails with ${code} is ${expected}`, () => {
      const verdict = classifyEntry(service, code, "said");
      assert.equal(summary(verdict), expected);
      assert.match(verdict.message, new RegExp(`${code}: said`));
      if (verdict.kind === "refused") assert.equal(verdict.scope, "record");
    });
  }
}
