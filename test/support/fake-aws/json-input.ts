/** The fields of a JSON 1.1 call, checked as the service does it. */
import { type Call, CallRefusal, jsonType } from "./call.ts";

export type Input = Readonly<Record<string, unknown>>;

/** The object in the body. */
export function readInput(call: Call): Input {
  if (call.method !== "POST" || call.headers["content-type"] !== jsonType) {
    const said = `${call.method}, Content-Type ${call.headers["content-type"]}`;
    throw new CallRefusal("UnknownOperationException", `expected POST and ${jsonType}, not ${said}`);
  }
  let value: unknown;
  try {
    // Base64 and names are ASCII: the fast way to a string is as good as the right one.
    value = JSON.parse(call.body.toString("utf8"));
  } catch (error) {
    if (error instanceof SyntaxError) throw serialization(`the body is no JSON: ${error.message}`);
    throw error;
  }
  return asObject(value, "the body");
}

export function asObject(value: unknown, name: string): Input {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Input;
  throw serialization(`${name} is no structure`);
}

export function serialization(message: string): CallRefusal {
  return new CallRefusal("SerializationException", message);
}

export function validation(name: string, constraint: string): CallRefusal {
  const detected = "1 validation error detected: Value at";
  return new CallRefusal(
    "ValidationException",
    `${detected} '${name}' failed to satisfy constraint: Member must ${constraint}`,
  );
}

/** Fields beside the known ones; the service ignores them, a correct client does not send them. */
export function unknownFields(input: Input, known: readonly string[]): string[] {
  return Object.keys(input).filter((name) => !known.includes(name));
}

export function optionalText(input: Input, name: string, lengthMax = 2048): string | undefined {
  const value = input[name];
  if (value === undefined || value === null) return undefined;
  if (typeof value !== "string") throw serialization(`${name} is no string`);
  if (value.length < 1) throw validation(name, "have length greater than or equal to 1");
  if (value.length > lengthMax && [...value].length > lengthMax) {
    throw validation(name, `have length less than or equal to ${lengthMax}`);
  }
  return value;
}

export function text(input: Input, name: string, lengthMax = 2048): string {
  const value = optionalText(input, name, lengthMax);
  if (value === undefined) throw validation(name, "not be null");
  return value;
}

export function optionalWhole(input: Input, name: string, min: number, max: number): number | undefined {
  const value = input[name];
  if (value === undefined || value === null) return undefined;
  if (typeof value !== "number" || !Number.isInteger(value)) throw serialization(`${name} is no integer`);
  if (value < min) throw validation(name, `have value greater than or equal to ${min}`);
  if (value > max) throw validation(name, `have value less than or equal to ${max}`);
  return value;
}

export function list(input: Input, name: string, countMax: number): readonly unknown[] {
  const value = input[name];
  if (value === undefined || value === null) throw validation(name, "not be null");
  if (!Array.isArray(value)) throw serialization(`${name} is no list`);
  if (value.length < 1) throw validation(name, "have length greater than or equal to 1");
  if (value.length > countMax) throw validation(name, `have length less than or equal to ${countMax}`);
  return value;
}

/** The bytes of a base64 field. */
export function bytes(input: Input, name: string): Buffer {
  const value = input[name];
  if (value === undefined || value === null) throw validation(name, "not be null");
  if (typeof value !== "string") throw serialization(`${name} is no base64`);
  const decoded = Buffer.from(value, "base64");
  const padding = value.endsWith("==") ? 2 : value.endsWith("=") ? 1 : 0;
  // Node skips what is not base64: then there are fewer bytes than the characters promise.
  if (value.length % 4 !== 0 || decoded.length !== (value.length / 4) * 3 - padding) {
    throw serialization(`${name} is no base64`);
  }
  return decoded;
}

/** Order of UTF-16 code units. */
export function byText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
