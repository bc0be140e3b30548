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

/** Undefined when the signature is right, else what is wrong with it. */
export function sigV4Problem(request: SignedRequest, expected: Expected): string | undefined {
  const { headers } = request;
  const authorization = headers["authorization"] ?? "";
  const parts =
    /^AWS4-HMAC-SHA256 Credential=([^,]+), *SignedHeaders=([^,]+), *Signature=([0-9a-f]{64})$/.exec(
      authorization,
    );
  if (parts === null) return `no Authorization of the right form: ${JSON.stringify(authorization)}`;
  const [, credential, signedHeaders, signature] = parts as unknown as [string, string, string, string];
  const date = headers["x-amz-date"] ?? "";
  if (!/^\d{8}T\d{6}Z$/.test(date)) return `X-Amz-Date is ${JSON.stringify(date)}`;
  const scope = `${date.slice(0, 8)}/${expected.region}/${expected.service}/aws4_request`;
  if (credential !== `${expected.accessKeyId}/${scope}`) return `credential is ${credential}`;
  const iso = date.replace(/(....)(..)(..)T(..)(..)(..)Z/, "$1-$2-$3T$4:$5:$6Z");
  if (Math.abs(Date.parse(iso) - expected.nowMs) > 5 * 60_000) return `Signature expired: ${date}`;
  const names = signedHeaders.split(";");
  const needed = [
    "host",
    "content-type",
    ...Object.keys(headers).filter((name) => name.startsWith("x-amz-")),
  ];
  const missing = needed.filter((name) => headers[name] !== undefined && !names.includes(name));
  if (missing.length > 0) return `not signed: ${missing.join(", ")}`;
  if ([...names].sort((a, b) => (a < b ? -1 : 1)).join(";") !== signedHeaders)
    return `signed headers not sorted: ${signedHeaders}`;

  const canonical = [
    request.method,
    canonicalPath(request.target),
    canonicalQuery(request.target),
    ...names.map((name) => `${name}:${(headers[name] ?? "").trim().replace(/ +/g, " ")}`),
    "",
    signedHeaders,
    sha256(request.body),
  ].join("\n");
  const toSign = ["AWS4-HMAC-SHA256", date, scope, sha256(canonical)].join("\n");
  const key = [date.slice(0, 8), expected.region, expected.service, "aws4_request"].reduce<string | Buffer>(
    (secret, part) => createHmac("sha256", secret).update(part).digest(),
    `AWS4${expected.secretAccessKey}`,
  );
  const right = createHmac("sha256", key).update(toSign).digest("hex");
  return right === signature ? undefined : "the signature does not match";
}

/** Each segment encoded once more, as all services but S3 want it. */
function canonicalPath(target: string): string {
  const path = target.split("?", 1)[0] ?? "/";
  return path.replace(/\/+/g, "/").split("/").map(encode).join("/") || "/";
}

function canonicalQuery(target: string): string {
  const query = target.includes("?") ? target.slice(target.indexOf("?") + 1) : "";
  return [...new URLSearchParams(query)]
    .map(([name, value]) => `${encode(name)}=${encode(value)}`)
    .sort((a, b) => (a < b ? -1 : 1))
    .join("&");
}

function encode(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

function sha256(data: string | Uint8Array): string {
  return createHash("sha256").update(data).digest("hex");
}
