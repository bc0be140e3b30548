/** The credentials that the fake knows, and the check of a call's signature against them. */
import { randomBytes } from "node:crypto";
import {
  parseAuthorization,
  sha256,
  signatureProblem,
  signatureTimeMs,
  skewMsMax,
  unsignedProblem,
} from "../aws-sigv4.ts";
import { type Call, CallRefusal } from "./call.ts";
import type { FakeService } from "./fault.ts";

export interface FakeCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string | undefined;
  /** Ms since the epoch, by the fake's clock; not set: they do not expire. */
  readonly expirationMs?: number | undefined;
}

export interface TemporaryCredentials extends FakeCredentials {
  readonly sessionToken: string;
  readonly expirationMs: number;
}

export interface KeysOptions {
  readonly region: string;
  /** The fake's clock, in ms since the epoch. */
  readonly now: () => number;
}

export interface Keys {
  add(credentials: FakeCredentials): void;
  /** Temporary ones that hold for `lifetimeMs`. */
  issue(lifetimeMs: number): TemporaryCredentials;
  /** All with a session token are expired from now on. */
  expireTokens(): void;
  /** Throws the refusal that the call's service has for a signature like the call's. Answers whose it is. */
  check(call: Call): FakeCredentials;
}

/** What each service calls the ways in which a signature can be wrong. */
const codes: Readonly<Record<"json" | "s3" | "sts", Readonly<Record<string, readonly [string, number]>>>> = {
  json: {
    missing: ["MissingAuthenticationTokenException", 400],
    incomplete: ["IncompleteSignatureException", 400],
    scope: ["InvalidSignatureException", 400],
    mismatch: ["InvalidSignatureException", 400],
    skewed: ["InvalidSignatureException", 400],
    unknown: ["UnrecognizedClientException", 400],
    token: ["UnrecognizedClientException", 400],
    expired: ["ExpiredTokenException", 400],
  },
  s3: {
    missing: ["AccessDenied", 403],
    incomplete: ["AuthorizationHeaderMalformed", 400],
    scope: ["AuthorizationHeaderMalformed", 400],
    mismatch: ["SignatureDoesNotMatch", 403],
    skewed: ["RequestTimeTooSkewed", 403],
    unknown: ["InvalidAccessKeyId", 403],
    token: ["InvalidToken", 400],
    expired: ["ExpiredToken", 400],
  },
  sts: {
    missing: ["MissingAuthenticationToken", 403],
    incomplete: ["IncompleteSignature", 400],
    scope: ["SignatureDoesNotMatch", 403],
    mismatch: ["SignatureDoesNotMatch", 403],
    skewed: ["SignatureDoesNotMatch", 403],
    unknown: ["InvalidClientTokenId", 403],
    token: ["InvalidClientTokenId", 403],
    expired: ["ExpiredToken", 403],
  },
};

type Trouble = "missing" | "incomplete" | "scope" | "mismatch" | "skewed" | "unknown" | "token" | "expired";

function refuse(service: FakeService, trouble: Trouble, message: string): never {
  const family = service === "s3" || service === "sts" ? service : "json";
  const [code, status] = codes[family][trouble] as readonly [string, number];
  throw new CallRefusal(code, message, { status, blameless: trouble === "skewed" || trouble === "expired" });
}

/** An empty set of keys. */
export function createKeys({ region, now }: KeysOptions): Keys {
  const known = new Map<string, FakeCredentials>();
  return {
    add: (credentials) => void known.set(credentials.accessKeyId, credentials),
    issue(lifetimeMs) {
      const credentials = {
        accessKeyId: `ASIA${randomBytes(8).toString("hex").toUpperCase()}`,
        secretAccessKey: randomBytes(30).toString("base64"),
        sessionToken: randomBytes(120).toString("base64"),
        expirationMs: now() + lifetimeMs,
      };
      known.set(credentials.accessKeyId, credentials);
      return credentials;
    },
    expireTokens() {
      for (const [id, each] of known) {
        if (each.sessionToken !== undefined) known.set(id, { ...each, expirationMs: now() });
      }
    },
    check: (call) => check(call, known, region, now()),
  };
}

function check(
  call: Call,
  known: ReadonlyMap<string, FakeCredentials>,
  region: string,
  nowMs: number,
): FakeCredentials {
  const { service, headers } = call;
  const header = headers["authorization"];
  if (header === undefined) refuse(service, "missing", "Missing Authentication Token");
  const claimed = parseAuthorization(header);
  const date = headers["x-amz-date"] ?? "";
  const timeMs = signatureTimeMs(date);
  if (claimed === undefined || timeMs === undefined) {
    refuse(service, "incomplete", `Authorization=${header}, X-Amz-Date=${date}`);
  }
  if (claimed.service !== service) {
    refuse(service, "scope", `Credential should be scoped to correct service: '${service}'.`);
  }
  if (claimed.region !== region) {
    const expecting = `the region '${claimed.region}' is wrong; expecting '${region}'`;
    refuse(service, "scope", `Credential should be scoped to a valid region: ${expecting}.`);
  }
  const toleratedMs = service === "s3" ? 3 * skewMsMax : skewMsMax;
  if (Math.abs(timeMs - nowMs) > toleratedMs) refuse(service, "skewed", skewMessage(date, timeMs, nowMs));
  const credentials = known.get(claimed.accessKeyId);
  if (credentials === undefined) {
    refuse(service, "unknown", "The security token included in the request is invalid.");
  }
  if (credentials.sessionToken !== headers["x-amz-security-token"]) {
    refuse(service, "token", "The security token included in the request is invalid.");
  }
  if (credentials.expirationMs !== undefined && nowMs >= credentials.expirationMs) {
    refuse(service, "expired", "The security token included in the request is expired");
  }
  const payloadHash = service === "s3" ? (headers["x-amz-content-sha256"] ?? "") : sha256(call.body);
  const problem =
    unsignedProblem(call, claimed) ??
    (claimed.day === date.slice(0, 8) ? undefined : `credential of ${claimed.day}, date ${date}`) ??
    signatureProblem(call, claimed, credentials.secretAccessKey, payloadHash);
  if (problem !== undefined) {
    const says = "The request signature we calculated does not match the signature you provided";
    refuse(service, "mismatch", `${says}: ${problem}`);
  }
  return credentials;
}

function skewMessage(date: string, timeMs: number, nowMs: number): string {
  const basic = (ms: number) => new Date(ms).toISOString().replace(/[:-]|\.\d{3}/g, "");
  const [limitMs, says, sign] =
    timeMs < nowMs
      ? [nowMs - skewMsMax, "Signature expired", "is now earlier than"]
      : [nowMs + skewMsMax, "Signature not yet current", "is still later than"];
  return `${says}: ${date} ${sign} ${basic(limitMs)} (${basic(nowMs)} ${timeMs < nowMs ? "-" : "+"} 5 min.)`;
}
