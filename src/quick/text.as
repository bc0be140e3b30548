// Bytes and numbers written as text. Copies go 16 bytes at a time, up to 15 over the end.
import { dataAt, doubleTextAt } from "./layout";

/** Writes the text of the double with these halves to doubleTextAt, and answers its bytes. */
@external("host", "doubleText")
declare function doubleText(hi: i32, lo: i32): i32;

export function copy(to: i32, from: i32, count: i32): i32 {
  for (let i = 0; i < count; i += 16) v128.store(to + i, v128.load(from + i));
  return to + count;
}

/** Whether two stretches of bytes are equal. */
export function same(a: i32, b: i32, count: i32): bool {
  let i = 0;
  for (; i + 16 <= count; i += 16) {
    if (v128.any_true(v128.xor(v128.load(a + i), v128.load(b + i)))) return false;
  }
  const rest = (1 << (count - i)) - 1;
  return (i8x16.bitmask(i8x16.ne(v128.load(a + i), v128.load(b + i))) & rest) == 0;
}

/**
 * Copies printable ASCII into a JSON string, at most twice its bytes: answers where it ends, or 0 if a byte is something
 * else.
 */
export function copyPlain(to: i32, from: i32, count: i32): i32 {
  for (let i = 0; i < count; i += 16) {
    const bytes = v128.load(from + i);
    // Signed: what is not ASCII is negative.
    const control = i8x16.lt_s(bytes, i8x16.splat(0x20));
    const special = v128.or(i8x16.eq(bytes, i8x16.splat(0x22)), i8x16.eq(bytes, i8x16.splat(0x5c)));
    const left = count - i;
    const counted = left < 16 ? (1 << left) - 1 : 0xffff;
    if ((i8x16.bitmask(control) & counted) != 0) return 0;
    if ((i8x16.bitmask(special) & counted) != 0) return copyEscaped(to + i, from + i, left);
    v128.store(to + i, bytes);
  }
  return to + count;
}

/** The same byte by byte, with a backslash before each quote and backslash. */
function copyEscaped(to: i32, from: i32, count: i32): i32 {
  let at = to;
  for (let i = 0; i < count; i++) {
    const byte = load<u8>(from + i);
    if (byte < 0x20 || byte > 0x7f) return 0;
    if (byte == 0x22 || byte == 0x5c) store<u8>(at++, 0x5c);
    store<u8>(at++, byte);
  }
  return at;
}

/** Writes eight digits. */
@inline
function eightDigits(to: i32, value: u32): void {
  const upper = value / 10000;
  const lower = value % 10000;
  pair(to, upper / 100);
  pair(to + 2, upper % 100);
  pair(to + 4, lower / 100);
  pair(to + 6, lower % 100);
}

@inline
function pair(to: i32, value: u32): void {
  store<u16>(to, 0x3030 + (value / 10) + ((value % 10) << 8));
}

function digitCount(value: u32): i32 {
  if (value >= 10000) return 4 + digitCount(value / 10000);
  return value >= 1000 ? 4 : value >= 100 ? 3 : value >= 10 ? 2 : 1;
}

/** Writes a whole number below 10^8. */
function writeSmall(to: i32, value: u32): i32 {
  const end = to + digitCount(value);
  let rest = value;
  let at = end;
  while (rest >= 100) {
    at -= 2;
    pair(at, rest % 100);
    rest /= 100;
  }
  if (rest >= 10) pair(at - 2, rest);
  else store<u8>(at - 1, 0x30 + rest);
  return end;
}

/** Writes a whole number in decimal digits. */
export function writeU64(to: i32, value: u64): i32 {
  if (value < 100000000) return writeSmall(to, <u32>value);
  const upper = value / 100000000;
  const end = writeU64(to, upper);
  eightDigits(end, <u32>(value % 100000000));
  return end + 8;
}

export function writeI64(to: i32, value: i64): i32 {
  if (value >= 0) return writeU64(to, value);
  store<u8>(to, 0x2d);
  return writeU64(to + 1, 0 - value);
}

/** 10^0 to 10^22: all that a double holds exactly. */
const powers: i32 = <i32>memory.data<f64>([
  1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20,
  1e21, 1e22,
]);

@inline
function power(exponent: i32): f64 {
  return load<f64>(powers + (exponent << 3));
}

/** Writes a whole number within ±10^15, −0 as `-0`; answers 0 for any other value. */
export function writeWhole(to: i32, value: f64): i32 {
  if (!(value >= -1e15 && value <= 1e15 && trunc(value) == value)) return 0;
  if (value == 0) {
    if (reinterpret<i64>(value) == 0) {
      store<u8>(to, 0x30);
      return to + 1;
    }
    store<u16>(to, 0x302d);
    return to + 2;
  }
  return writeI64(to, <i64>value);
}

/** Writes the shortest text that reads back as this finite double, as JavaScript does. */
export function writeDouble(to: i32, value: f64): i32 {
  const end = writeShort(to, value);
  if (end != 0) return end;
  const bits = reinterpret<u64>(value);
  return copy(to, doubleTextAt, doubleText(<i32>(bits >> 32), <i32>bits));
}

/**
 * Doubles that have a text of at most 15 digits, without an exponent; 0 for others. No two such texts mean one double,
 * so the one that is found is the shortest. It is found as the whole number that, divided by a power of ten, gives
 * this double: with both exact, the division rounds as reading the text does.
 */
function writeShort(to: i32, value: f64): i32 {
  const size = abs(value);
  if (!(size >= 1e-6 && size < 1e15)) return 0;
  // Digits before the point; for less than 1, the zeros behind it, negative.
  let whole = 0;
  if (size >= 1) {
    whole = 1;
    while (size >= power(whole)) whole++;
  } else {
    while (size * power(1 - whole) < 1) whole--;
  }
  let decimals = 15 - whole;
  const digits = nearest(size * power(decimals));
  if (digits >= 1e15 || digits / power(decimals) != size) return 0;
  let number = <u64>digits;
  if (decimals >= 8 && number % 100000000 == 0) {
    number /= 100000000;
    decimals -= 8;
  }
  if (decimals >= 4 && number % 10000 == 0) {
    number /= 10000;
    decimals -= 4;
  }
  while (decimals > 0 && number % 10 == 0) {
    number /= 10;
    decimals--;
  }
  let at = to;
  if (value < 0) store<u8>(at++, 0x2d);
  return writePoint(at, number, decimals);
}

/** Writes `number` / 10^`decimals`. */
function writePoint(to: i32, number: u64, decimals: i32): i32 {
  if (decimals == 0) return writeU64(to, number);
  const scale = <u64>power(decimals);
  // 10^20 does not fit, but then there is no whole part.
  const whole = decimals > 15 ? 0 : number / scale;
  let at = writeU64(to, whole);
  store<u8>(at++, 0x2e);
  let rest = decimals > 15 ? number : number - whole * scale;
  const end = at + decimals;
  for (let i = end - 1; i >= at; i--) {
    const next = rest / 10;
    store<u8>(i, <u8>(0x30 + (rest - next * 10)));
    rest = next;
  }
  return end;
}
