// Lines of samples, the same bytes as src/line/encode.ts makes.
import { timeAt, timeBytesAt, timeTextAt } from "./layout";
import { headBytesIn, tailBytesIn, textsIn, valueBytesIn, valueLoIn, valueTextIn } from "./layout";
import { keepLine, writeHead, writeTail } from "./labels";
import { copy, writeDouble, writeI64, writeWhole } from "./text";

/** The most that a line has besides head and tail: time, value, and what is written over the end. */
export const sampleBytes = 160;

const exponentBits: u64 = 0x7ff0000000000000;

/** Whether the double with these bits is no number that JSON can hold. */
@inline
export function isSpecial(bits: u64): bool {
  return (bits & exponentBits) == exponentBits;
}

/** Writes `"time":…,"value":`: the text of the last time is kept, for all samples of a scrape have one. */
export function writeTime(to: i32, time: i64): i32 {
  if (time != load<i64>(timeAt) || load<i32>(timeBytesAt) == 0) {
    // "time":
    store<u64>(timeTextAt, 0x3a22656d697422);
    let at = writeI64(timeTextAt + 7, time);
    // ,"value":
    store<u64>(at, 0x2265756c6176222c);
    store<u8>(at + 8, 0x3a);
    store<i64>(timeAt, time);
    store<i32>(timeBytesAt, at + 9 - timeTextAt);
  }
  return copy(to, timeTextAt, load<i32>(timeBytesAt));
}

export function writeValue(to: i32, bits: u64): i32 {
  const value = reinterpret<f64>(bits);
  const end = writeWhole(to, value);
  return end != 0 ? end : writeDouble(to, value);
}

/** The value of a known series whose payload stands at `at`: the last one that was no whole number is kept. */
@inline
function writeKnownValue(to: i32, at: i32, bits: u64): i32 {
  const kept = load<i32>(at + valueBytesIn);
  if (kept > 0 && load<u64>(at + valueLoIn) == bits) return copy(to, at + valueTextIn, kept);
  const value = reinterpret<f64>(bits);
  const whole = writeWhole(to, value);
  if (whole != 0) return whole;
  const end = writeDouble(to, value);
  store<u64>(at + valueLoIn, bits);
  store<i32>(at + valueBytesIn, end - to);
  for (let i = 0; i < end - to; i++) store<u8>(at + valueTextIn + i, load<u8>(to + i));
  return end;
}

/** Bytes of head and tail of a known series. */
@inline
export function knownBytes(at: i32): i32 {
  return load<i32>(at + headBytesIn) + load<i32>(at + tailBytesIn);
}

/** Writes a line of the known series whose payload stands at `at`. */
export function writeKnown(to: i32, at: i32, time: i64, bits: u64): i32 {
  const headBytes = load<i32>(at + headBytesIn);
  let end = copy(to, at + textsIn, headBytes);
  end = writeTime(end, time);
  end = writeKnownValue(end, at, bits);
  store<u8>(end, 0x2c);
  return copy(end + 1, at + textsIn + ((headBytes + 3) & ~3), load<i32>(at + tailBytesIn));
}

/** Writes a line of the series whose labels were read; answers 0 if these are not plain. */
export function writeUnknown(to: i32, time: i64, bits: u64): i32 {
  const headEnd = writeHead(to);
  if (headEnd == 0) return 0;
  const valueEnd = writeValue(writeTime(headEnd, time), bits);
  store<u8>(valueEnd, 0x2c);
  const end = writeTail(valueEnd + 1);
  if (end != 0) keepLine(to, headEnd, valueEnd + 1, end);
  return end;
}
