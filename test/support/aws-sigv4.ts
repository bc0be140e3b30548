/**
 * Checks Signature Version 4 from AWS' description alone, independent of the signer that the program uses.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
 */
import { createHash, createHmac } from "node:crypto";

export interface SignedRequest {
  readonly method: string;
  /** Path and query as sent. */
  readonly target: string;
  /** By lower-case name, `host` included. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: Uint8Array;
}

export interface Expected {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly service: string;
  readonly region: string;
  /** The verifier's own time, in ms since the epoch; signatures more than 5 minutes away are refused. */
  readonly nowMs: number;
}

/** What the Authorization header claims. */
export interface Authorization {
  readonly accessKeyId: string;
  /** `20261123` */
  readonly day: string;
  readonly region: string;
  readonly service: string;
  readonly signedHeaders: string;
  readonly signature: string;
}

/** AWS takes signatures that are this much older or newer than its own time, in ms; S3 three times as much. */
export const skewMsMax = 5 * 60_000;

/** Undefined when the signature is right, else what is wrong with it. */
export function sigV4Problem(request: SignedRequest, expected: Expected): string | undefined {
  const authorization = parseAuthorization(request.headers["authorization"] ?? "");
  if (authorization === undefined) {
    return `no Authorization of the right form: ${JSON.stringify(request.headers["authorization"] ?? "")}`;
  }
  const { accessKeyId, day, region, service } = authorization;
  const date = request.headers["x-amz-date"] ?? "";
  const timeMs = signatureTimeMs(date);
  if (timeMs === undefined) return `X-Amz-Date is ${JSON.stringify(date)}`;
  const right = [expected.accessKeyId, date.slice(0, 8), expected.region, expected.service];
  if ([accessKeyId, day, region, service].join("/") !== right.join("/")) {
    return `credential is ${accessKeyId}/${day}/${region}/${service}/aws4_request`;
  }
  if (Math.abs(timeMs - expected.nowMs) > skewMsMax) return `Signature expired: ${date}`;
  return (
    unsignedProblem(request, authorization) ??
    signatureProblem(request, authorization, expected.secretAccessKey, sha256(request.body))
  );
}

const authorizationForm = new RegExp(
  "^AWS4-HMAC-SHA256 +Credential=([^,/]+)/(\\d{8})/([^,/]+)/([^,/]+)/aws4_request *, *" +
    "SignedHeaders=([^,]+) *, *Signature=([0-9a-f]{64})$",
);

/** The parts of the header; undefined when it has another form. */
export function parseAuthorization(header: string): Authorization | undefined {
  const parts = authorizationForm.exec(header);
  if (parts === null) return undefined;
  const [, accessKeyId, day, region, service, signedHeaders, signature] = parts as unknown as string[];
  return {
    accessKeyId: accessKeyId!,
    day: day!,
    region: region!,
    service: service!,
    signedHeaders: signedHeaders!,
    signature: signature!,
  };
}

/** The time of an X-Amz-Date, in ms since the epoch. */
export function signatureTimeMs(date: string): number | undefined {
  if (!/^\d{8}T\d{6}Z$/.test(date)) return undefined;
  const timeMs = Date.parse(date.replace(/(....)(..)(..)T(..)(..)(..)Z/, "$1-$2-$3T$4:$5:$6Z"));
  return Number.isNaN(timeMs) ? undefined : timeMs;
}

/** Headers that must be signed and are not, or that are not listed in order. S3 lets Content-Type go unsigned. */
export function unsignedProblem(
  { headers }: SignedRequest,
  { signedHeaders, service }: Authorization,
): string | undefined {
  const names = signedHeaders.split(";");
  const always = service === "s3" ? ["host"] : ["host", "content-type"];
  const needed = [...always, ...Object.keys(headers).filter((name) => name.startsWith("x-amz-"))];
  const missing = needed.filter((name) => headers[name] !== undefined && !names.includes(name));
  if (missing.length > 0) return `not signed: ${missing.join(", ")}`;
  const sorted = [...names].sort((a, b) => (a < b ? -1 : 1)).join(";");
  return sorted === signedHeaders ? undefined : `signed headers not sorted: ${signedHeaders}`;
}

/** Undefined when the signature fits; `payloadHash` is what stands for the body: hex, or `UNSIGNED-PAYLOAD`. */
export function signatureProblem(
  request: SignedRequest,
  { day, region, service, signedHeaders, signature }: Authorization,
  secretAccessKey: string,
  payloadHash: string,
): string | undefined {
  const { method, target, headers } = request;
  const canonical = [
    method,
    service === "s3" ? canonicalObjectPath(target) : canonicalPath(target),
    canonicalQuery(target),
    ...signedHeaders.split(";").map((name) => `${name}:${(headers[name] ?? "").trim().replace(/ +/g, " ")}`),
    "",
    signedHeaders,
    payloadHash,
  ].join("\n");
  const scope = `${day}/${region}/${service}/aws4_request`;
  const toSign = ["AWS4-HMAC-SHA256", headers["x-amz-date"], scope, sha256(canonical)].join("\n");
  const key = signingKey(secretAccessKey, scope);
  const right = createHmac("sha256", key).update(toSign).digest("hex");
  return right === signature ? undefined : "the signature does not match";
}

/** The last keys derived, since one holds for a whole day. */
const keys = new Map<string, Buffer>();

function signingKey(secretAccessKey: string, scope: string): Buffer {
  const name = `${secretAccessKey}\n${scope}`;
  const known = keys.get(name);
  if (known !== undefined) return known;
  if (keys.size > 100) keys.clear();
  const key = scope
    .split("/")
    .reduce<string | Buffer>(
      (secret, part) => createHmac("sha256", secret).update(part).digest(),
      `AWS4${secretAccessKey}`,
    ) as Buffer;
  keys.set(name, key);
  return key;
}

/** Each segment encoded once more, as all services but S3 want it. */
function canonicalPath(target: string): string {
  const path = target.split("?", 1)[0] ?? "/";
  return path.replace(/\/+/g, "/").split("/").map(encode).join("/") || "/";
}

/** Encoded once, whatever the sender encoded of it, slashes left alone: S3's keys may hold empty segments and dots. */
function canonicalObjectPath(target: string): string {
  const path = decode(target.split("?", 1)[0] ?? "/");
  return path.split("/").map(encode).join("/") || "/";
}

function canonicalQuery(target: string): string {
  const query = target.includes("?") ? target.slice(target.indexOf("?") + 1) : "";
  const pairs = [...new URLSearchParams(query)].map(
    ([name, value]) => [encode(name), encode(value)] as const,
  );
  return pairs
    .sort(([name, value], [other, otherValue]) =>
      name === other ? (value < otherValue ? -1 : 1) : name < other ? -1 : 1,
    )
    .map(([name, value]) => `${name}=${value}`)
    .join("&");
}

/** As far as the text is percent-encoded UTF-8; the rest stays as it is. */
function decode(segment: string): string {
  return segment.replace(/(?:%[0-9a-fA-F]{2})+/g, (bytes) => {
    try {
      return decodeURIComponent(bytes);
    } catch (error) {
      if (error instanceof URIError) return bytes;
      throw error;
    }
  });
}

function encode(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

export function sha256(data: string | Uint8Array): string {
  return createHash("sha256").update(data).digest("hex");
}
