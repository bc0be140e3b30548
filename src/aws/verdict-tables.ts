/**
 * What each error code means, one table per service; pure data. Codes that all services share stand in `common`; a
 * service's own table goes before it.
 * https://docs.aws.amazon.com/kinesis/latest/APIReference/API_PutRecords.html (2026-11),
 * https://docs.aws.amazon.com/firehose/latest/APIReference/API_PutRecordBatch.html (2026-11),
 * https://docs.aws.amazon.com/kinesis/latest/APIReference/CommonErrors.html (2026-11),
 * https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html (2026-11),
 * https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html (2026-11)
 */

/** What to do before the next attempt. `restart-upload`: nothing of this multipart upload is left, begin it anew. */
export type Recovery = "none" | "refresh-credentials" | "correct-clock" | "restart-upload";

/** A service whose errors have a table. `sts` stands for all that credentials are loaded from. */
export type TableName = "kinesis" | "firehose" | "s3" | "sts";

export interface Row {
  readonly kind: "transient" | "throttled" | "blocked" | "refused";
  readonly recovery?: Recovery;
  /** What the operator has to do, or what is being done. */
  readonly remedy?: string;
}

export const transient: Row = { kind: "transient" };
export const throttled: Row = { kind: "throttled" };
const expired: Row = {
  kind: "transient",
  recovery: "refresh-credentials",
  remedy:
    "loading credentials anew; if they are written into the environment or a file, put valid ones there",
};
export const skewed: Row = {
  kind: "transient",
  recovery: "correct-clock",
  remedy: "the clock of this host is off; signing with the service's time until it is set",
};
export const denied: Row = {
  kind: "blocked",
  remedy: "allow this action on this stream in the IAM policy of the credentials",
};
/** Refused as they are; after a reload that brought the same ones, nobody but the operator can help. */
const signature: Row = {
  kind: "blocked",
  recovery: "refresh-credentials",
  remedy: "check the secret access key (and that region and endpoint belong together)",
};
export const payload: Row = { kind: "refused", remedy: "the service does not take this request as it is" };
export const tooLarge: Row = {
  kind: "refused",
  remedy: "the service, or something before it, refuses bodies this large",
};
export const operation: Row = {
  kind: "blocked",
  remedy: "the endpoint does not offer this operation: check AWS_ENDPOINT_URL and its variants",
};
export const redirected: Row = {
  kind: "blocked",
  remedy: "redirects are not followed: check region, AWS_ENDPOINT_URL and its variants",
};
/** A stream or bucket as it is named in the configuration, not what is put into it. */
export const address: Row = { kind: "blocked", remedy: "check name or ARN, region and account" };
/** The bytes changed on their way; those we hold are whole. */
const damaged: Row = { kind: "transient", remedy: "the body was damaged on its way, sending it again" };
const blocked = (remedy: string): Row => ({ kind: "blocked", remedy });
const kmsKey = (what: string): Row => blocked(`the KMS key ${what}`);

function table(...rows: readonly (readonly [codes: string, row: Row])[]): ReadonlyMap<string, Row> {
  return new Map(rows.flatMap(([codes, row]) => codes.split(/\s+/).map((code) => [code, row] as const)));
}

/** Also what has no code of a service: see LocalCode. */
const common = table(
  ["aborted credentials malformed-answer network timeout", transient],
  ["InternalFailure InternalFailureException InternalServerError", transient],
  ["InternalServerException InternalServiceException InternalError", transient],
  ["ServiceUnavailable RequestTimeout RequestTimeoutException", transient],
  ["LimitExceededException LimitExceeded RequestLimitExceeded BandwidthLimitExceeded", throttled],
  ["Throttling ThrottlingException ThrottledException RequestThrottled", throttled],
  ["RequestThrottledException TooManyRequestsException PriorRequestNotComplete SlowDown", throttled],
  // HTTP 400 and in no SDK's list of throttling codes, but it passes like one.
  ["KMSThrottlingException", throttled],
  ["ExpiredToken ExpiredTokenException TokenRefreshRequired InvalidToken", expired],
  ["UnrecognizedClientException InvalidClientTokenId InvalidAccessKeyId", expired],
  ["RequestTimeTooSkewed RequestInTheFuture", skewed],
  ["RequestExpired", expired],
  ["InvalidSignatureException SignatureDoesNotMatch IncompleteSignature", signature],
  ["IncompleteSignatureException MissingAuthenticationToken", signature],
  ["MissingAuthenticationTokenException MissingSecurityHeader", signature],
  ["AccessDenied AccessDeniedException NotAuthorized UnauthorizedException", denied],
  ["OptInRequired SubscriptionRequiredException", blocked("activate this service for the AWS account")],
  ["KMSDisabledException KMS.DisabledException", kmsKey("is disabled: enable it")],
  [
    "KMSInvalidStateException KMS.KMSInvalidStateException",
    kmsKey("is in a state in which it cannot be used: cancel its deletion or import"),
  ],
  ["KMSAccessDeniedException", kmsKey("refuses these credentials: allow kms:GenerateDataKey on it")],
  ["KMSNotFoundException KMS.NotFoundException", kmsKey("does not exist: give another one")],
  ["KMSOptInRequired", kmsKey("needs a KMS subscription of the account")],
  ["KMS.InvalidKeyUsageException", kmsKey("is not one for encryption: give another one")],
  ["InvalidAction UnknownOperationException NotImplemented", operation],
);

const streams = table(
  ["ResourceNotFoundException", blocked("create the stream, or correct its name, the region or the account")],
  ["ResourceInUseException", blocked("the stream is being created, changed or deleted: wait, or look at it")],
  ["InvalidArgumentException ValidationException ValidationError SerializationException", payload],
  ["DryRunOperationException", blocked("something between us and the service asks for dry runs")],
);

const kinesis = table(
  ["ProvisionedThroughputExceededException", throttled],
  ["ExpiredNextTokenException", transient],
);

const firehose = table(
  // Firehose has no throttling error: it says this, in a call and in an entry, above the stream's quota.
  ["ServiceUnavailableException", throttled],
  [
    "InvalidKMSResourceException",
    kmsKey("cannot be used: check that it exists, is enabled and allows this role"),
  ],
  ["InvalidSourceException", blocked("the delivery stream does not accept direct puts")],
);

/** S3 never looks into an object, so nothing but a size is the object's own fault. */
const s3 = table(
  ["ServiceUnavailable ServiceUnavailableException Busy XMinioServerNotInitialized", throttled],
  ["OperationAborted ConditionalRequestConflict", transient],
  ["BadDigest InvalidDigest XAmzContentSHA256Mismatch XAmzContentChecksumMismatch", damaged],
  ["IncompleteBody RequestBodyLengthMismatch", damaged],
  ["NoSuchUpload InvalidPart InvalidPartOrder", { kind: "transient", recovery: "restart-upload" }],
  ["EntityTooLarge MaxMessageLengthExceeded KeyTooLongError", tooLarge],
  [
    "AccessDenied",
    blocked("allow s3:PutObject on the bucket and prefix (and its KMS key), and look for denials"),
  ],
  ["NoSuchBucket", blocked("create the bucket, or correct its name")],
  ["InvalidBucketName InvalidBucketState NoSuchAccessPoint InvalidURI MethodNotAllowed", address],
  ["PermanentRedirect TemporaryRedirect Redirect IllegalLocationConstraintException", redirected],
  ["AuthorizationHeaderMalformed", blocked("the bucket is in another region: give --region")],
  ["AllAccessDisabled AccountProblem NotSignedUp InvalidPayer", blocked("the account or bucket is closed")],
  ["InvalidSecurity InvalidObjectState UnauthorizedAccess", denied],
  ["QuotaExceeded XMinioStorageFull InsufficientStorage", blocked("the bucket is full: make room")],
  ["InvalidRequest InvalidArgument InvalidEncryptionAlgorithmError", blocked("check the bucket's settings")],
);

/** What loading credentials can say: of STS, SSO and the container and instance services. */
const sts = table(
  ["IDPCommunicationError RegionDisabledException", transient],
  // The token file is read anew with each load, and whoever writes it may be late.
  ["ExpiredTokenException ExpiredToken InvalidIdentityToken InvalidIdentityTokenException", transient],
  ["IDPRejectedClaim IDPRejectedClaimException", blocked("the identity provider refuses the token")],
  ["AccessDenied AccessDeniedException", blocked("allow sts:AssumeRole… in the trust policy of the role")],
  [
    "MalformedPolicyDocument PackedPolicyTooLarge ValidationError",
    blocked("correct AWS_ROLE_ARN or profile"),
  ],
  ["UnauthorizedException TokenProviderError", blocked("log in anew: aws sso login")],
);

/** By service, in the order in which they are asked. */
export const tables: Readonly<Record<TableName, readonly ReadonlyMap<string, Row>[]>> = {
  kinesis: [kinesis, streams, common],
  firehose: [firehose, streams, common],
  s3: [s3, common],
  sts: [sts, common],
};

/** Codes that a wrong clock can cause under another name. */
export const signatureCodes: ReadonlySet<string> = new Set(
  [...common].filter(([, row]) => row === signature).map(([code]) => code),
);

/** Codes that no table knows, by what their names say; in order. */
const families: readonly (readonly [RegExp, Row])[] = [
  [/thrott|slowdown|toomany|rateexceeded|throughputexceeded|limitexceeded/i, throttled],
  [/expired.*token|token.*expired/i, expired],
  [/accessdenied|notauthorized|unauthorized|forbidden/i, denied],
  [/^kms/i, kmsKey("cannot be used: look at it")],
  [/nosuch|notfound|doesnotexist|disabled|suspended|optin|subscription|account/i, address],
];

/** The row of a code that no table knows and whose name still tells its kind. */
export function familyRow(code: string): Row | undefined {
  return families.find(([pattern]) => pattern.test(code))?.[1];
}

const nameless: Row = blocked(
  "an answer without an error code is not the service's own: look at proxies and AWS_ENDPOINT_URL",
);

const proxied: Row = blocked("a proxy on the way asks for credentials: give it some, or go without it");

/** The row of an answer whose code says nothing, or that has none. */
export function statusRow(service: TableName, status: number | undefined, code: string): Row {
  if (status === undefined || status < 300 || status === 408) return transient;
  if (status === 429 || (status === 503 && service === "s3")) return throttled;
  if (status >= 500) return transient;
  if (status < 400) return redirected;
  if (status === 407) return proxied;
  // S3 answers HEAD without a body.
  if (status === 401 || status === 403) return code === "" && service !== "s3" ? nameless : denied;
  if (status === 413) return tooLarge;
  if (status === 404 || status === 405 || status === 410 || status === 421) return operation;
  // S3 may ask a writer to come again on conflicts; what else it refuses is never the fault of an object's bytes.
  if (service === "s3")
    return status === 409 || status === 425 ? transient : blocked("check the request's settings");
  // The services name a code for whatever they refuse: nobody else's word is worth setting lines aside.
  return code === "" ? nameless : payload;
}
