import type { JsonReader } from "./json-reader.ts";

/** A name of the list, or the digits of a number that has no name. */
export function enumNumber(json: JsonReader, names: readonly string[]): number {
  const text = json.string();
  const known = names.indexOf(text);
  if (known >= 0) return known;
  const number = Number(text);
  if (String(number | 0) !== text)
    throw json.malformed(`${JSON.stringify(text)} instead of ${names.join(", ")}`);
  return number;
}
