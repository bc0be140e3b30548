import { type Float64, type Int64, ordinaryNanBits, staleMarkerBits } from "../model/scalar.ts";
import type { JsonReader } from "./json-reader.ts";

const int64Min = -(2n ** 63n);
const int64Max = 2n ** 63n - 1n;
const uint64Max = 2n ** 64n - 1n;
const integerPattern = /^-?[0-9]+$/;
const nanPattern = /^0x[0-9a-f]{16}$/;

/** An integer within [−2^63, 2^63); a bigint where a number would not be exact. */
export function readInt64(json: JsonReader): Int64 {
  return readInteger(json, int64Min, int64Max);
}

/** An integer within [0, 2^64). */
export function readUint64(json: JsonReader): Int64 {
  return readInteger(json, 0n, uint64Max);
}

/** An integer within [−2^31, 2^32), as the 32-bit fields of the protocol hold them. */
export function readInt32(json: JsonReader): number {
  return Number(readInteger(json, -(2n ** 31n), 2n ** 32n - 1n));
}

function readInteger(json: JsonReader, least: bigint, most: bigint): Int64 {
  const text = json.number();
  const exact = integerPattern.test(text) ? BigInt(text) : most + 1n;
  if (exact < least || exact > most)
    throw json.malformed(`${text} instead of an integer in [${least}, ${most}]`);
  const narrow = Number(exact);
  return Number.isSafeInteger(narrow) ? narrow : exact;
}

/** A finite double. */
export function readFinite(json: JsonReader): number {
  const text = json.number();
  const value = Number(text);
  if (!Number.isFinite(value)) throw json.malformed(`${text}, which no double holds`);
  return value;
}

/** The double that a `special` names: see specialName. */
export function specialValue(json: JsonReader, name: string): Float64 {
  if (name === "NaN") return ordinaryNanBits;
  if (name === "stale") return staleMarkerBits;
  if (name === "+Inf") return Number.POSITIVE_INFINITY;
  if (name === "-Inf") return Number.NEGATIVE_INFINITY;
  const bits = nanPattern.test(name) ? BigInt(name) : 0n;
  const isNan =
    (bits & 0x7ff0_0000_0000_0000n) === 0x7ff0_0000_0000_0000n && (bits & 0xf_ffff_ffff_ffffn) !== 0n;
  if (!isNan) throw json.malformed(`unknown special ${JSON.stringify(name)}`);
  return bits;
}
