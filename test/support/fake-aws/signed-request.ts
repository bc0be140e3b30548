/** Requests to the fake, signed with aws4fetch; sent by node:http, so that the Host can be another than the address. */
import { type IncomingHttpHeaders, request } from "node:http";
import { AwsV4Signer } from "aws4fetch";
import type { FakeAws } from "./fake-aws.ts";
import type { FakeCredentials } from "./keys.ts";

export interface SignedRequestOptions {
  readonly service: "kinesis" | "firehose" | "s3" | "sts";
  readonly method?: string;
  /** Path and query. */
  readonly target?: string;
  /** Not set: that of the fake's address. */
  readonly host?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | string;
  readonly credentials?: FakeCredentials;
}

export interface SignedAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  readonly text: string;
}

/** Sends it once. Rejects when the connection ends before the answer does. */
export async function signedRequest(fake: FakeAws, options: SignedRequestOptions): Promise<SignedAnswer> {
  const { service, method = "GET", target = "/", body = "", credentials = fake.credentials } = options;
  const address = new URL(fake.url);
  const host = options.host ?? address.host;
  const { accessKeyId, secretAccessKey, sessionToken } = credentials;
  const signer = new AwsV4Signer({
    method,
    url: `http://${host}${target}`,
    headers: { ...options.headers },
    ...(body.length === 0 ? {} : { body: typeof body === "string" ? body : new Uint8Array(body) }),
    accessKeyId,
    secretAccessKey,
    ...(sessionToken === undefined ? {} : { sessionToken }),
    service,
    region: fake.region,
    allHeaders: true,
  });
  const signed = await signer.sign();
  const headers = Object.fromEntries(signed.headers as unknown as Iterable<[string, string]>);
  return await send(address, method, target, { ...headers, host }, body);
}

function send(
  { hostname, port }: URL,
  method: string,
  path: string,
  headers: Record<string, string>,
  body: Uint8Array | string,
): Promise<SignedAnswer> {
  return new Promise((resolve, reject) => {
    const length = { "content-length": String(Buffer.byteLength(body)) };
    const sent = request({ hostname, port, method, path, headers: { ...headers, ...length } }, (answer) => {
      const chunks: Buffer[] = [];
      answer.on("data", (chunk: Buffer) => chunks.push(chunk));
      answer.on("error", reject);
      answer.on("end", () => {
        const whole = Buffer.concat(chunks);
        const { statusCode: status = 0 } = answer;
        resolve({ status, headers: answer.headers, body: whole, text: whole.toString() });
      });
    });
    sent.on("error", reject);
    sent.end(body);
  });
}

/** A call of the JSON protocol; answers its status and the object. */
export async function jsonCall(
  fake: FakeAws,
  target: string,
  input: unknown,
  credentials = fake.credentials,
): Promise<{ readonly status: number; readonly value: Readonly<Record<string, unknown>> }> {
  const { status, text } = await signedRequest(fake, {
    service: target.startsWith("Firehose") ? "firehose" : "kinesis",
    method: "POST",
    headers: { "Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": target },
    body: JSON.stringify(input),
    credentials,
  });
  return { status, value: text === "" ? {} : JSON.parse(text) };
}
