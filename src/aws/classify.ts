/**
 * The one place that says what a failed attempt means: whether the same record may succeed later, and what to put
 * right first. Pure; the codes stand in verdict-tables.ts. The verdicts have the shape of the outcomes in sink/sink.ts.
 */
import {
  address,
  denied,
  familyRow,
  type Recovery,
  type Row,
  signatureCodes,
  skewed,
  statusRow,
  type TableName,
  tables,
} from "./verdict-tables.ts";

export type { Recovery, TableName } from "./verdict-tables.ts";

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
  /** How long the answer asks to wait, in ms. */
  readonly retryAfterMs?: number | undefined;
  /** Nothing of the request can have reached the service. */
  readonly notSent?: boolean | undefined;
  /** Of code `credentials`: the error code of what they are loaded from. */
  readonly loadCode?: string | undefined;
  /** The credentials had been refused before, and loading them anew brought the same ones. */
  readonly refusedBefore?: boolean | undefined;
  /** The service answered others as it should: name and endpoint are right. */
  readonly hasAnswered?: boolean | undefined;
}

interface Named {
  /** Short and bounded, fit for a metric label. */
  readonly reason: string;
  readonly message: string;
  readonly recovery: Recovery;
}

export type Verdict =
  | (Named & {
      readonly kind: "retryable";
      readonly throttled: boolean;
      /** The service may have stored what it did not confirm. Left out: it has not. */
      readonly unconfirmed?: true;
      /** An error of one entry whose code nobody knows. */
      readonly suspect?: true;
      /** How long the service asked to wait, in ms. */
      readonly retryAfterMs?: number;
    })
  | (Named & { readonly kind: "blocked" })
  | (Named & { readonly kind: "refused"; readonly scope: "record" | "put" });

/** AWS accepts signatures up to 5 minutes old; below this the clock is not what is wrong. */
const skewSuspectMs = 4 * 60_000;
const skewWords = /signature (?:has )?expired|signature not yet current|is now (?:earlier|later) than/i;
/** A refusal that is about the name in the configuration, or about the stream's state, and not about records. */
const addressWords = [
  /\b(?:at|value for) '?"?(?:stream(?:Name|ARN|Id)|deliveryStreamName)\b/i,
  /stream ?(?:name|arn)\b/i,
  /(?:not|be) (?:in )?(?:an? |the )?active\b/i,
];

/** What a call that failed as a whole means for each of its records. */
export function classifyFailure(service: TableName, failure: AwsFailure): Verdict {
  const { status, code, message } = failure;
  const known = tableRow(service, code);
  const row = rowOfFailure(service, failure, known);
  const reason = known !== undefined ? code : status === undefined ? "unknown" : `http-${status}`;
  const said = [status === undefined ? "" : `HTTP ${status}`, code].filter(Boolean).join(" ");
  const named = { reason, message: sentence(said, message, row.remedy), recovery: row.recovery ?? "none" };
  if (row.kind === "blocked") return { kind: "blocked", ...named };
  if (row.kind === "refused") return { kind: "refused", scope: "put", ...named };
  const { retryAfterMs } = failure;
  return {
    kind: "retryable",
    throttled: row.kind === "throttled",
    ...(mayBeStored(failure, row) ? { unconfirmed: true } : {}),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    ...named,
  };
}

/** What the error of one entry in an otherwise accepted call means for its record. */
export function classifyEntry(service: TableName, code: string, message: string): Verdict {
  const known = tableRow(service, code);
  // Only two codes are documented for entries; for one that is not known yet, another attempt does no harm.
  const family = known ?? familyRow(code);
  const row: Row = family ?? { kind: "transient" };
  const named = {
    reason: known === undefined ? "unknown" : code,
    message: sentence(code, message, row.remedy),
    recovery: row.recovery ?? "none",
  };
  if (row.kind === "blocked") return { kind: "blocked", ...named };
  if (row.kind === "refused") return { kind: "refused", scope: "record", ...named };
  const isThrottled = row.kind === "throttled";
  // A failure inside the service may come after the record was stored; a throttled one was never taken in.
  return {
    kind: "retryable",
    throttled: isThrottled,
    ...(isThrottled ? {} : { unconfirmed: true }),
    ...(family === undefined ? { suspect: true } : {}),
    ...named,
  };
}

function tableRow(service: TableName, code: string): Row | undefined {
  for (const table of tables[service]) {
    const row = table.get(code);
    if (row !== undefined) return row;
  }
  return undefined;
}

function rowOfFailure(service: TableName, failure: AwsFailure, known: Row | undefined): Row {
  const { status, code, message, loadCode = "", refusedBefore = false, hasAnswered = false } = failure;
  if (code === "credentials") return tableRow("sts", loadCode) ?? { kind: "transient" };
  const clientError = status !== undefined && status >= 400 && status < 500;
  const row =
    skewOr(failure, known) ?? (clientError ? familyRow(code) : undefined) ?? statusRow(service, status, code);
  // A server that blames itself may do better next time, whatever else it says.
  if ((row.kind === "blocked" || row.kind === "refused") && status !== undefined && status >= 500)
    return { kind: "transient" };
  // A record can be refused in any words.
  const isAddress = !hasAnswered && addressWords.some((words) => words.test(message));
  if (row.kind === "refused" && isAddress) return address;
  if (row.recovery === "refresh-credentials" && refusedBefore)
    return {
      kind: "blocked",
      recovery: row.recovery,
      remedy: `the same credentials were loaded again: ${renewThem}`,
    };
  return row === denied && service === "s3" ? (tableRow("s3", "AccessDenied") ?? row) : row;
}

const renewThem =
  "put valid ones where they come from, and check the secret access key, and that region and endpoint belong together";

function skewOr(failure: AwsFailure, row: Row | undefined): Row | undefined {
  const { code, message, serverDateMs, signedAtMs } = failure;
  const skewMs = serverDateMs === undefined || signedAtMs === undefined ? 0 : serverDateMs - signedAtMs;
  const far = Math.abs(skewMs) > skewSuspectMs;
  if (code === "RequestExpired") return far ? skewed : row;
  return signatureCodes.has(code) && (far || skewWords.test(message)) ? skewed : row;
}

/** Whether the service can hold what it did not confirm. */
function mayBeStored({ status, code, notSent = false }: AwsFailure, { kind, recovery }: Row): boolean {
  if (notSent || code === "credentials" || kind === "throttled") return false;
  // What AWS refuses for its signature, and what it refuses with 4xx at all, it has not looked at.
  if (recovery === "refresh-credentials" || recovery === "correct-clock") return false;
  return status === undefined || status < 300 || status >= 500;
}

function sentence(said: string, message: string, remedy: string | undefined): string {
  const what = [said, message].filter(Boolean).join(": ") || "no reason given";
  return remedy === undefined ? what : `${what} (${remedy})`;
}
