/**
 * STS with the query protocol, and the endpoint by which a container's agent hands out the credentials of its role.
 * https://docs.aws.amazon.com/STS/latest/APIReference/ (2026-11)
 */
import { type Answer, type Call, CallRefusal, xmlAnswer, xmlElement } from "./call.ts";
import type { Meeting } from "./fault-book.ts";
import type { Keys } from "./keys.ts";

export interface StsOptions {
  readonly keys: Keys;
  readonly accountId: string;
  /** How long credentials hold at most, in ms. */
  readonly tokenLifetimeMs: number;
  /** What a container must send as its Authorization. */
  readonly containerToken: string;
}

const namespace = 'xmlns="https://sts.amazonaws.com/doc/2011-06-15/"';

/** The action that the form of a request names. */
export function stsAction(body: Buffer): string {
  return new URLSearchParams(body.toString("utf8")).get("Action") ?? "";
}

/** Answers one action. Only what carries a web identity goes unsigned. */
export function answerSts(
  { keys, accountId, tokenLifetimeMs }: StsOptions,
  call: Call,
  meeting: Meeting,
): Answer {
  const form = new URLSearchParams(call.body.toString("utf8"));
  const action = call.operation;
  const caller = action === "AssumeRoleWithWebIdentity" ? undefined : keys.check(call);
  if (meeting.throttle !== undefined)
    throw new CallRefusal("Throttling", "Rate exceeded", { blameless: true });
  if (action === "GetCallerIdentity") {
    const id = caller?.accessKeyId ?? "";
    const fields = [
      xmlElement("Arn", `arn:aws:iam::${accountId}:user/${id}`),
      xmlElement("UserId", id),
      xmlElement("Account", accountId),
    ];
    return stsAnswer(action, fields);
  }
  if (action !== "AssumeRole" && action !== "AssumeRoleWithWebIdentity") {
    throw new CallRefusal("InvalidAction", `Could not find operation ${action} for version 2011-06-15`);
  }
  const role = required(form, "RoleArn");
  const session = required(form, "RoleSessionName");
  if (action === "AssumeRoleWithWebIdentity") required(form, "WebIdentityToken");
  const seconds = Number(form.get("DurationSeconds") ?? 3_600);
  if (!(seconds >= 900 && seconds <= 43_200)) {
    throw new CallRefusal("ValidationError", `durationSeconds ${seconds} is not between 900 and 43200`);
  }
  const issued = keys.issue(Math.min(seconds * 1000, tokenLifetimeMs));
  const credentials = xmlElement("Credentials", [
    xmlElement("AccessKeyId", issued.accessKeyId),
    xmlElement("SecretAccessKey", issued.secretAccessKey),
    xmlElement("SessionToken", issued.sessionToken),
    xmlElement("Expiration", isoSeconds(issued.expirationMs)),
  ]);
  const arn = `arn:aws:sts::${accountId}:assumed-role/${role.split("/").at(-1)}/${session}`;
  const user = [xmlElement("Arn", arn), xmlElement("AssumedRoleId", `${issued.accessKeyId}:${session}`)];
  return stsAnswer(action, [credentials, xmlElement("AssumedRoleUser", user)]);
}

function required(form: URLSearchParams, name: string): string {
  const value = form.get(name);
  if (value !== null && value !== "") return value;
  throw new CallRefusal(
    "ValidationError",
    `1 validation error detected: Value at '${name}' must not be null`,
  );
}

function stsAnswer(action: string, result: readonly string[]): Answer {
  const metadata = xmlElement("ResponseMetadata", [xmlElement("RequestId", "fake")]);
  const body = `${xmlElement(`${action}Result`, result)}${metadata}`;
  return { ...xmlAnswer(`<${action}Response ${namespace}>${body}</${action}Response>`), status: 200 };
}

/** Credentials in the form of the container's agent, to whoever shows its token. */
export function answerContainer(
  { keys, accountId, tokenLifetimeMs, containerToken }: StsOptions,
  call: Call,
): Answer {
  if (call.method !== "GET" || call.headers["authorization"] !== containerToken) {
    throw new CallRefusal("AccessDeniedException", "The Authorization is not the container's token", {
      status: 403,
    });
  }
  const issued = keys.issue(tokenLifetimeMs);
  const body = JSON.stringify({
    RoleArn: `arn:aws:iam::${accountId}:role/container`,
    AccessKeyId: issued.accessKeyId,
    SecretAccessKey: issued.secretAccessKey,
    Token: issued.sessionToken,
    Expiration: isoSeconds(issued.expirationMs),
  });
  return { status: 200, headers: { "Content-Type": "application/json" }, body };
}

function isoSeconds(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}
