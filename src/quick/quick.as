// The quick way through ordinary series: those of known label sets with nothing but samples. Whatever is a little out
// of the ordinary is left to the TypeScript that this is an abridged copy of, and that is its reference in the tests.
import { labelBytesIn } from "./layout";
import { outAt, outEndAt, samplesAt, weighedAt, weighedMaxAt } from "./layout";
import { expected, find, passesOver, payload, take, word } from "./known";
import { entryKeyBytesAt } from "./layout";
import { isSpecial, knownBytes, sampleBytes, writeKnown, writeValue } from "./line";

/** For the tests: writes a finite double, and answers where its text ends. */
export function writeNumber(to: i32, bits: u64): i32 {
  return writeValue(to, bits);
}

/**
 * Takes the series of a prometheus.WriteRequest that start at `from`, up to the first one that is not ordinary, and
 * answers where that is.
 */
export function passV1(from: i32, end: i32): i32 {
  let at = from;
  while (at < end) {
    const next = seriesV1(at, end);
    if (next == 0) break;
    at = next;
  }
  return at;
}

/** Answers where the series ends, or 0 and has done nothing. */
function seriesV1(at: i32, messageEnd: i32): i32 {
  // The tag and a length of up to three bytes.
  if (at + 4 > messageEnd || load<u8>(at) != 0x0a) return 0;
  let start = at + 1;
  let bytes: i32 = load<u8>(start++);
  if (bytes >= 0x80) {
    const second: i32 = load<u8>(start++);
    bytes = (bytes & 0x7f) | ((second & 0x7f) << 7);
    if (second >= 0x80) {
      const third: i32 = load<u8>(start++);
      if (third >= 0x80) return 0;
      bytes |= third << 14;
    }
  }
  const end = start + bytes;
  if (end > messageEnd || passesOver()) return 0;
  let slot = expected(start, end);
  if (slot == 0) {
    slot = find(start, labelsEnd(start, end));
    if (slot == 0) return 0;
  }
  const series = payload(slot);
  const weighed = load<i32>(weighedAt) + load<i32>(series + labelBytesIn);
  if (weighed > load<i32>(weighedMaxAt)) return 0;
  if (!samplesV1(start + load<i32>(word(slot, entryKeyBytesAt)), end, series)) return 0;
  store<i32>(weighedAt, weighed);
  take(slot);
  return end;
}

/** Where the label fields end that stand in front. */
function labelsEnd(start: i32, end: i32): i32 {
  let at = start;
  while (at + 2 <= end && load<u8>(at) == 0x0a) {
    let bytes: i32 = load<u8>(at + 1);
    let next = at + 2;
    if (bytes >= 0x80) {
      const second: i32 = load<u8>(next++);
      if (second >= 0x80) return start;
      bytes = (bytes & 0x7f) | (second << 7);
    }
    next += bytes;
    if (next > end) return start;
    at = next;
  }
  return at;
}

/** Writes the lines of what are all samples; answers false if one is not ordinary. */
function samplesV1(start: i32, end: i32, series: i32): bool {
  const lineBytes = knownBytes(series) + sampleBytes;
  const outEnd = load<i32>(outEndAt);
  let out = load<i32>(outAt);
  let count = 0;
  for (let at = start; at < end; ) {
    if (at + 2 > end || load<u8>(at) != 0x12) return false;
    const sampleEnd = at + 2 + load<i8>(at + 1);
    at += 2;
    if (sampleEnd < at || sampleEnd > end || out + lineBytes > outEnd) return false;
    let bits: u64 = 0;
    if (at + 9 <= sampleEnd && load<u8>(at) == 0x09) {
      bits = load<u64>(at + 1);
      if (isSpecial(bits)) return false;
      at += 9;
    }
    let time: u64 = 0;
    if (at < sampleEnd) {
      if (load<u8>(at++) != 0x10) return false;
      let shift: u64 = 0;
      let byte: u64 = 0x80;
      while (at < sampleEnd && byte >= 0x80 && shift < 56) {
        byte = load<u8>(at++);
        time |= (byte & 0x7f) << shift;
        shift += 7;
      }
      if (byte >= 0x80 || at != sampleEnd) return false;
    }
    out = writeKnown(out, series, <i64>time, bits);
    count++;
  }
  store<i32>(outAt, out);
  store<i32>(samplesAt, load<i32>(samplesAt) + count);
  return true;
}
