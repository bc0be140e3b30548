import { ordinaryNanBits, staleMarkerBits } from "../model/scalar.ts";
import type { ByteWriter } from "../wire/byte-writer.ts";
import { bits64, float64, isNan64 } from "../wire/float64.ts";
import { viewOf } from "../wire/view-of.ts";

/** JSON's own texts for doubles and strings, written straight as bytes. */

/** The finite double with these halves: the shortest decimal that reads back to the same bits; −0 is `-0`. */
export function writeFinite(out: ByteWriter, hi: number, lo: number): void {
  const value = float64(hi, lo);
  if (!writeWhole(out, value, hi)) out.ascii(String(value));
}

/** Writes a whole number within ±10^15, of which `hi` is the high half; answers false for any other value. */
export function writeWhole(out: ByteWriter, value: number, hi: number): boolean {
  if (!(value >= -1e15 && value <= 1e15 && Math.trunc(value) === value)) return false;
  if (value === 0 && hi !== 0) out.ascii("-0");
  else out.integer(value);
  return true;
}

/**
 * How a double that is not finite is named: `+Inf`, `-Inf`, `stale` and `NaN` for the two NaNs that Prometheus writes,
 * and the 16 hex digits of every other NaN, `0x7ff8000000000000`.
 */
export function specialName(hi: number, lo: number): string {
  if (!isNan64(hi, lo)) return hi >>> 31 === 0 ? "+Inf" : "-Inf";
  const bits = bits64(hi, lo);
  if (bits === staleMarkerBits) return "stale";
  if (bits === ordinaryNanBits) return "NaN";
  return `0x${bits.toString(16).padStart(16, "0")}`;
}

const quote = 0x22;
const backslash = 0x5c;
/** What follows the backslash for the characters that have a short escape. */
const shortEscapes: Readonly<Record<number, number>> = {
  [0x08]: 0x62,
  [0x09]: 0x74,
  [0x0a]: 0x6e,
  [0x0c]: 0x66,
  [0x0d]: 0x72,
  [quote]: quote,
  [backslash]: backslash,
};
const hexDigits = "0123456789abcdef";
/** The most that one byte of a text becomes in JSON: a control character is `\u001f`. */
export const escapedBytesMax = 6;

/** The UTF-8 text in bytes [start, end) of `source` as a JSON string, quotes included. */
export function writeString(out: ByteWriter, source: Uint8Array, start: number, end: number): void {
  // Words may be written over the end.
  out.reserve((end - start) * escapedBytesMax + 2 + 3);
  const { bytes } = out;
  const from = viewOf(source);
  const to = out.view;
  const wordsMax = source.length - 4;
  let at = out.length;
  bytes[at++] = quote;
  for (let i = start; i < end; ) {
    if (i <= wordsMax) {
      const count = end - i < 4 ? end - i : 4;
      const word = from.getInt32(i, true);
      if (!wordNeedsEscape(count === 4 ? word : withoutRest(word, count))) {
        to.setInt32(at, word, true);
        at += count;
        i += count;
        continue;
      }
    }
    const byte = source[i++]!;
    if (needsEscape(byte)) at = writeEscaped(bytes, at, byte);
    else bytes[at++] = byte;
  }
  bytes[at++] = quote;
  out.length = at;
}

/** Whether any of four bytes does. https://graphics.stanford.edu/~seander/bithacks.html#HasLessInWord */
function wordNeedsEscape(word: number): boolean {
  const quotes = word ^ 0x2222_2222;
  const backslashes = word ^ 0x5c5c_5c5c;
  const found =
    ((word - 0x2020_2020) & ~word) |
    ((quotes - 0x0101_0101) & ~quotes) |
    ((backslashes - 0x0101_0101) & ~backslashes);
  return (found & 0x8080_8080) !== 0;
}

/** The word with letters in place of all but its first `count` bytes. */
function withoutRest(word: number, count: number): number {
  const rest = -1 << (count * 8);
  return (word & ~rest) | (0x6161_6161 & rest);
}

/** Writes what stands for the byte, and answers where that ends. */
function writeEscaped(bytes: Uint8Array, start: number, byte: number): number {
  let at = start;
  bytes[at++] = backslash;
  const short = shortEscapes[byte];
  if (short !== undefined) {
    bytes[at++] = short;
    return at;
  }
  bytes[at++] = 0x75;
  bytes[at++] = 0x30;
  bytes[at++] = 0x30;
  bytes[at++] = hexDigits.charCodeAt(byte >>> 4);
  bytes[at++] = hexDigits.charCodeAt(byte & 15);
  return at;
}

function needsEscape(byte: number): boolean {
  return byte < 0x20 || byte === quote || byte === backslash;
}
