/**
 * The one table that says what a failed attempt means: whether the same record may succeed later, and what to
 * put right first. Pure. The verdicts have the shape of the outcomes in sink/sink.ts.
 * Codes: https://docs.aws.amazon.com/kinesis/latest/APIReference/API_PutRecords.html (2026-11),
 * https://docs.aws.amazon.com/firehose/latest/APIReference/API_PutRecordBatch.html (2026-11),
 * https://docs.aws.amazon.com/kinesis/latest/APIReference/CommonErrors.html (2026-11)
 */

/** Failures without an error code of the service have one of these in its place. */
export type LocalCode = "aborted" | "credentials" | "malformed-answer" | "network" | "timeout";

/** Why an attempt got no usable answer. */
export interface AwsFailure {
  /** HTTP status; undefined when no answer came. */
  readonly status: number | undefined;
  /** The service's error code without namespace, a LocalCode, or "" when the answer names none. */
  readonly code: string;
  readonly message: string;
  /** The `Date` of the answer, in ms since the epoch. */
  readonly serverDateMs: number | undefined;
  /** The time the request was signed with, in ms since the epoch. */
  readonly signedAtMs: number | undefined;
}

/** What to do before the next attempt. */
export type Recovery = "none" | "refresh-credentials" | "correct-clock";

export type Verdict =
  | {
      readonly kind: "retryable";
      readonly throttled: boolean;
      readonly reason: string;
      readonly message: string;
      readonly recovery: Recovery;
    }
  | {
      readonly kind: "blocked";
      readonly reason: string;
      readonly message: string;
      readonly recovery: Recovery;
    }
  | {
      readonly kind: "refused";
      readonly scope: "record" | "put";
      readonly reason: string;
      readonly message: string;
      readonly recovery: Recovery;
    };

interface Row {
  readonly kind: "transient" | "throttled" | "blocked" | "refused";
  readonly recovery?: Recovery;
  /** What the operator has to do. */
  readonly remedy?: string;
}

const transient: Row = { kind: "transient" };
const throttled: Row = { kind: "throttled" };
const expired: Row = {
  kind: "transient",
  recovery: "refresh-credentials",
  remedy:
    "loading credentials anew; if they are written into the environment or a file, put valid ones there",
};
const skewed: Row = {
  kind: "transient",
  recovery: "correct-clock",
  remedy: "the clock of this host is off; signing with the service's time until it is set",
};
const denied: Row = {
  kind: "blocked",
  remedy: "allow this action on this stream in the IAM policy of the credentials",
};
const signature: Row = {
  kind: "blocked",
  recovery: "refresh-credentials",
  remedy: "check the secret access key (and that region and endpoint belong together)",
};
const kmsKey = (what: string): Row => ({ kind: "blocked", remedy: `the stream's KMS key ${what}` });
const payload: Row = { kind: "refused", remedy: "the service does not take this request as it is" };
const operation: Row = {
  kind: "blocked",
  remedy: "the endpoint does not offer this operation: check AWS_ENDPOINT_URL and its variants",
};

const rows: ReadonlyMap<string, Row> = new Map<string, Row>([
  ["aborted", transient],
  ["credentials", transient],
  ["malformed-answer", transient],
  ["network", transient],
  ["timeout", transient],

  ["InternalFailure", transient],
  ["InternalFailureException", transient],
  ["InternalServerError", transient],
  ["InternalServerException", transient],
  ["InternalError", transient],
  ["ServiceUnavailable", transient],
  ["RequestTimeout", transient],
  ["RequestTimeoutException", transient],

  ["ProvisionedThroughputExceededException", throttled],
  ["LimitExceededException", throttled],
  ["Throttling", throttled],
  ["ThrottlingException", throttled],
  ["ThrottledException", throttled],
  ["RequestThrottled", throttled],
  ["RequestThrottledException", throttled],
  ["RequestLimitExceeded", throttled],
  ["BandwidthLimitExceeded", throttled],
  ["TooManyRequestsException", throttled],
  ["SlowDown", throttled],
  // Firehose has no throttling error: it says this, in a call and in an entry, above the stream's quota.
  ["ServiceUnavailableException", throttled],
  // HTTP 400 and in no SDK's list of throttling codes, but it passes like one.
  ["KMSThrottlingException", throttled],

  ["ExpiredToken", expired],
  ["ExpiredTokenException", expired],
  ["TokenRefreshRequired", expired],
  ["UnrecognizedClientException", expired],
  ["InvalidClientTokenId", expired],

  ["RequestTimeTooSkewed", skewed],
  ["RequestInTheFuture", skewed],
  ["RequestExpired", expired],

  ["InvalidSignatureException", signature],
  ["SignatureDoesNotMatch", signature],
  ["IncompleteSignature", signature],
  ["IncompleteSignatureException", signature],
  ["MissingAuthenticationToken", signature],
  ["MissingAuthenticationTokenException", signature],

  ["AccessDenied", denied],
  ["AccessDeniedException", denied],
  ["NotAuthorized", denied],
  ["OptInRequired", { kind: "blocked", remedy: "activate this service for the AWS account" }],
  [
    "ResourceNotFoundException",
    { kind: "blocked", remedy: "create the stream, or correct its name, the region or the account" },
  ],
  ["KMSDisabledException", kmsKey("is disabled: enable it")],
  [
    "KMSInvalidStateException",
    kmsKey("is in a state in which it cannot be used: cancel its deletion or import"),
  ],
  ["KMSAccessDeniedException", kmsKey("refuses these credentials: allow kms:GenerateDataKey on it")],
  ["KMSNotFoundException", kmsKey("does not exist: give the stream another one")],
  ["KMSOptInRequired", kmsKey("needs a KMS subscription of the account")],
  [
    "InvalidKMSResourceException",
    kmsKey("cannot be used: check that it exists, is enabled and allows this role"),
  ],
  ["InvalidSourceException", { kind: "blocked", remedy: "the delivery stream does not accept direct puts" }],

  ["InvalidArgumentException", payload],
  ["ValidationException", payload],
  ["ValidationError", payload],
  ["SerializationException", payload],
  ["DryRunOperationException", payload],
  ["InvalidAction", operation],
  ["UnknownOperationException", operation],
]);

/** Codes that a wrong clock can cause under another name. */
const signatureCodes = new Set([...rows].filter(([, row]) => row === signature).map(([code]) => code));
/** AWS accepts signatures up to 5 minutes old; below this the clock is not what is wrong. */
const skewSuspectMs = 4 * 60_000;
const skewWords = /signature (?:has )?expired|signature not yet current|is now (?:earlier|later) than/i;

/** What a call that failed as a whole means for each of its records. */
export function classifyFailure(failure: AwsFailure): Verdict {
  const { status, code } = failure;
  const row = skewOr(failure, rows.get(code)) ?? rowOfStatus(status);
  // A server that blames itself may do better next time, whatever else it says.
  const kind =
    (row.kind === "blocked" || row.kind === "refused") && status !== undefined && status >= 500
      ? "transient"
      : row.kind;
  const name = rows.has(code) ? code : undefined;
  const reason = name ?? (status === undefined ? "unknown" : `http-${status}`);
  const said = [status === undefined ? "" : `HTTP ${status}`, code].filter(Boolean).join(" ");
  return verdict(kind, "put", reason, sentence(said, failure.message, row.remedy), row.recovery);
}

/** What the error of one entry in an otherwise accepted call means for its record. */
export function classifyEntry(code: string, message: string): Verdict {
  const row = rows.get(code);
  // Only two codes are documented for entries; for one that is not known yet, another attempt does no harm.
  if (row === undefined)
    return verdict("transient", "record", "unknown", sentence(code, message, undefined), "none");
  return verdict(row.kind, "record", code, sentence(code, message, row.remedy), row.recovery);
}

function skewOr(failure: AwsFailure, row: Row | undefined): Row | undefined {
  const { code, message, serverDateMs, signedAtMs } = failure;
  const skewMs = serverDateMs === undefined || signedAtMs === undefined ? 0 : serverDateMs - signedAtMs;
  const far = Math.abs(skewMs) > skewSuspectMs;
  if (code === "RequestExpired") return far ? skewed : row;
  return signatureCodes.has(code) && (far || skewWords.test(message)) ? skewed : row;
}

function rowOfStatus(status: number | undefined): Row {
  if (status === undefined || status >= 500 || status === 408) return transient;
  if (status === 429) return throttled;
  if (status === 401 || status === 403) return denied;
  if (status === 404) return operation;
  if (status === 413)
    return { kind: "refused", remedy: "something before the service refuses bodies this large" };
  if (status >= 300 && status < 400) {
    return {
      kind: "blocked",
      remedy: "redirects are not followed: check AWS_ENDPOINT_URL and its variants",
    };
  }
  return status < 300 ? transient : payload;
}

function verdict(
  kind: Row["kind"],
  scope: "record" | "put",
  reason: string,
  message: string,
  recovery: Recovery = "none",
): Verdict {
  if (kind === "blocked") return { kind, reason, message, recovery };
  if (kind === "refused") return { kind, scope, reason, message, recovery };
  return { kind: "retryable", throttled: kind === "throttled", reason, message, recovery };
}

function sentence(said: string, message: string, remedy: string | undefined): string {
  const what = [said, message].filter(Boolean).join(": ") || "no reason given";
  return remedy === undefined ? what : `${what} (${remedy})`;
}
