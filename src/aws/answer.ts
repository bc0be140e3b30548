/**
 * Reads what a service of the JSON 1.1 protocol answers, within a bound.
 * https://smithy.io/2.0/aws/protocols/aws-json-1_1-protocol.html#operation-error-serialization
 */

/** The body was longer than the reader may take. */
export class AnswerTooLongError extends Error {
  override readonly name = "AnswerTooLongError";
}

/** What an error body and its headers name. Empty strings where they name nothing. */
export interface ServiceError {
  readonly code: string;
  readonly message: string;
}

const messageCharsMax = 500;

/** The text of the body. Rejects with AnswerTooLongError above `bytesMax` (after decompression). */
export async function readText(response: Response, bytesMax: number): Promise<string> {
  if (response.body === null) return "";
  const reader = response.body.getReader();
  const decoder = new TextDecoder();
  let text = "";
  let bytes = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return text + decoder.decode();
    bytes += value.byteLength;
    if (bytes > bytesMax) {
      await reader.cancel();
      throw new AnswerTooLongError(`answer of more than ${bytesMax} bytes`);
    }
    text += decoder.decode(value, { stream: true });
  }
}

/** The JSON object in `text`, or undefined where there is none. */
export function parseObject(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Code and message of an error answer: from headers, JSON, or the XML of emulators and proxies. */
export function serviceError(headers: Headers, text: string): ServiceError {
  const header = headers.get("x-amzn-errortype");
  const body = parseObject(text);
  // kinesalite wraps what it says to application/json in Output.
  const fields = body === undefined ? undefined : isObject(body["Output"]) ? body["Output"] : body;
  const fromBody = fields === undefined ? xmlError(text) : jsonError(fields);
  const message = tidy(fromBody.message || (headers.get("x-amzn-errormessage") ?? ""));
  // S3 says where the bucket is to whoever asks in the wrong place.
  const region = headers.get("x-amz-bucket-region");
  return {
    code: bareCode(header ?? "") || bareCode(fromBody.code),
    message: region === null ? message : tidy(`${message} (bucket region: ${region})`),
  };
}

/** A service that asks for more than this is asked again all the same, in ms: it costs one request. */
export const retryAfterMsMax = 20_000;

/**
 * How long the answer asks to wait, in ms: `x-amz-retry-after` (ms), or `Retry-After` (seconds, or a date, which counts
 * from the answer's own `Date`). https://www.rfc-editor.org/rfc/rfc9110.html#name-retry-after
 */
export function retryAfterMs(headers: Headers, serverDateMs: number | undefined): number | undefined {
  const ownMs = wholeNumber(headers.get("x-amz-retry-after"));
  const asked = headers.get("retry-after");
  const seconds = wholeNumber(asked);
  const untilMs = asked === null || seconds !== undefined ? Number.NaN : Date.parse(asked);
  const ms = ownMs ?? (seconds === undefined ? untilMs - (serverDateMs ?? Number.NaN) : seconds * 1_000);
  return ms > 0 ? Math.min(ms, retryAfterMsMax) : undefined;
}

function wholeNumber(text: string | null): number | undefined {
  return text !== null && /^\s*\d{1,9}\s*$/.test(text) ? Number(text) : undefined;
}

/** `ns#Code:http://…` → `Code`. */
function bareCode(code: string): string {
  const bare = (code.split(":", 1)[0] ?? "").trim();
  return bare.slice(bare.lastIndexOf("#") + 1, bare.lastIndexOf("#") + 1 + 128);
}

function jsonError(body: Readonly<Record<string, unknown>>): ServiceError {
  const first = (...names: readonly string[]) => {
    const found = names.map((name) => body[name]).find((value) => typeof value === "string" && value !== "");
    return typeof found === "string" ? found : "";
  };
  return { code: first("__type", "code", "Code"), message: first("message", "Message", "errorMessage") };
}

function xmlError(text: string): ServiceError {
  const message = /<Message>([^<]*)<\/Message>/i.exec(text)?.[1] ?? "";
  const code = /<Code>([^<]*)<\/Code>/.exec(text)?.[1] ?? /^\s*<(\w+Exception)\b/.exec(text)?.[1] ?? "";
  // Neither: keep the beginning, which is often the page of a proxy that names itself.
  return { code, message: unescaped(message) || (code === "" ? text : "") };
}

const xmlEntities: Readonly<Record<string, string>> = { amp: "&", apos: "'", gt: ">", lt: "<", quot: '"' };

function unescaped(text: string): string {
  return text.replace(/&(amp|apos|gt|lt|quot);/g, (_, name: string) => xmlEntities[name]!);
}

/** What a service, or a proxy before it, repeats of a signed request: a session's token is among it. */
const repeated: readonly (readonly [RegExp, string])[] = [
  [/The Canonical String for this request should have been.*/is, "…"],
  [/(x-amz-security-token["']?\s*[:=]\s*)[^\s,&]+/gi, "$1…"],
  [/(Credential=|Signature=)[^\s,&/]+/gi, "$1…"],
];

/** One line, bounded. */
function tidy(message: string): string {
  let text = message.slice(0, 4 * messageCharsMax);
  for (const [pattern, shown] of repeated) text = text.replace(pattern, shown);
  const line = text.replace(/[\s\p{Cc}]+/gu, " ").trim();
  return line.length > messageCharsMax ? `${line.slice(0, messageCharsMax)}…` : line;
}
