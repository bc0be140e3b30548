/** What an answer of AWS means for a step. */
import { isObject } from "../aws/answer.ts";
import type { AwsAnswer, AwsClient } from "../aws/client.ts";
import { failed, type Step, warning } from "./step.ts";

type Failure = Extract<AwsAnswer, { readonly kind: "failed" }>;
type Fields = Readonly<Record<string, unknown>>;

/** One call of the JSON protocol. */
export function callJson(client: AwsClient, target: string, request: Fields): Promise<AwsAnswer> {
  const body = new TextEncoder().encode(JSON.stringify(request));
  return client.post(target, body, new AbortController().signal);
}

/** Whether the credentials are known and may not do this. */
export function isDenied({ failure: { status, code } }: Failure): boolean {
  // What a KMS key denies is another policy's concern.
  if (code.startsWith("KMS")) return false;
  return (status === 403 && code === "") || /denied|notauthorized|unauthorized|forbidden/i.test(code);
}

/** What keeps on failing after this says why: a permission that only the check needs is no failure. */
export function unasked(name: string, action: string, what: string, answer: Failure): Step {
  if (isDenied(answer)) {
    const message = `unknown: ${action} is not allowed`;
    return warning(
      name,
      message,
      `nothing, or allow ${action}: it is optional, the check tells ${what} with it`,
    );
  }
  if (answer.verdict.kind === "retryable")
    return warning(name, `unknown: ${answer.verdict.message}`, "run the check again");
  return failedBy(name, answer.verdict.message);
}

/** A failed step of a verdict's message. */
export function failedBy(name: string, message: string): Step {
  const { said, remedy } = partsOf(message);
  return failed(name, said, remedy ?? "run the check again; if it stays, see what the answer says");
}

/** A verdict's message ends with what to do in parentheses, where there is something to do. */
export function partsOf(message: string): { readonly said: string; readonly remedy: string | undefined } {
  let depth = 0;
  for (let at = message.length - 1; at > 0 && message.endsWith(")"); at--) {
    if (message[at] === ")") depth++;
    if (message[at] === "(" && --depth === 0)
      return { said: message.slice(0, at).trim(), remedy: message.slice(at + 1, -1) };
  }
  return { said: message, remedy: undefined };
}

/** The text of a field; empty where it has none. */
export function textIn(fields: Fields, name: string): string {
  const value = fields[name];
  return typeof value === "string" ? value.slice(0, 500) : "";
}

export function numberIn(fields: Fields, name: string): number | undefined {
  const value = fields[name];
  return typeof value === "number" && Number.isFinite(value) ? value : undefined;
}

/** The object of a field; empty where it has none. */
export function objectIn(fields: Fields, name: string): Fields {
  const value = fields[name];
  return isObject(value) ? value : {};
}

export function objectsIn(fields: Fields, name: string): readonly Fields[] {
  const value = fields[name];
  return Array.isArray(value) ? value.filter(isObject) : [];
}
