/** One call as the fake's services see it, and what they answer. */
import type { FakeService } from "./fault.ts";

export interface Call {
  readonly service: FakeService;
  /** `PutRecords`, `PutObject`, …; "" when it could not be told. */
  readonly operation: string;
  readonly method: string;
  /** Path and query as sent. */
  readonly target: string;
  /** By lower-case name; several of one name joined with commas. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: Buffer;
}

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array;
}

/** What the service says instead of carrying out the call. */
export class CallRefusal extends Error {
  override readonly name = "CallRefusal";
  readonly code: string;
  readonly status: number;
  /** Whether a correct client can meet it; otherwise it is kept among the problems. */
  readonly blameless: boolean;
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    code: string,
    message: string,
    {
      status = 400,
      blameless = false,
      headers = {},
    }: {
      readonly status?: number;
      readonly blameless?: boolean;
      readonly headers?: Readonly<Record<string, string>>;
    } = {},
  ) {
    super(message);
    this.code = code;
    this.status = status;
    this.blameless = blameless;
    this.headers = headers;
  }
}

export const jsonType = "application/x-amz-json-1.1";

export function jsonAnswer(value: unknown, status = 200): Answer {
  return {
    status,
    headers: { "Content-Type": jsonType },
    body: value === undefined ? "" : JSON.stringify(value),
  };
}

/** The element with this name and text or elements within; `&`, `<`, `>` and control characters escaped. */
export function xmlElement(name: string, content: string | number | boolean | readonly string[]): string {
  const inner = typeof content === "object" ? content.join("") : escapeXml(String(content));
  return `<${name}>${inner}</${name}>`;
}

export function escapeXml(text: string): string {
  return text.replace(/[&<>"\r\n\t\p{Cc}]/gu, (char) => `&#${char.codePointAt(0)};`);
}

export function xmlAnswer(
  body: string,
  status = 200,
  headers: Readonly<Record<string, string>> = {},
): Answer {
  return {
    status,
    headers: { "Content-Type": "application/xml", ...headers },
    body: `<?xml version="1.0" encoding="UTF-8"?>\n${body}`,
  };
}

/** An error in the form of the service. */
export function errorAnswer(
  service: FakeService,
  { code, message, status, headers }: Pick<CallRefusal, "code" | "message" | "status" | "headers">,
  requestId: string,
): Answer {
  if (service === "kinesis" || service === "firehose") {
    const answer = jsonAnswer({ __type: code, message }, status);
    return { ...answer, headers: { ...answer.headers, ...headers } };
  }
  if (service === "credentials") return { ...jsonAnswer({ Code: code, Message: message }, status), headers };
  const fields = [xmlElement("Code", code), xmlElement("Message", message)];
  if (service === "s3") {
    return xmlAnswer(xmlElement("Error", [...fields, xmlElement("RequestId", requestId)]), status, headers);
  }
  const error = xmlElement("Error", [xmlElement("Type", status < 500 ? "Sender" : "Receiver"), ...fields]);
  return xmlAnswer(xmlElement("ErrorResponse", [error, xmlElement("RequestId", requestId)]), status, headers);
}
