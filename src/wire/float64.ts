/** Doubles and their two halves. A NaN has to stay in halves: an engine may change its payload in a number. */

const halves = new Uint32Array(2);
const whole = new Float64Array(halves.buffer);
const exponentMask = 0x7ff0_0000;
const fractionMask = 0x000f_ffff;

/** Whether the double with this high half is neither infinite nor NaN. */
export function isFinite64(hi: number): boolean {
  return (hi & exponentMask) !== exponentMask;
}

/** Whether the double with these halves is a NaN. */
export function isNan64(hi: number, lo: number): boolean {
  return !isFinite64(hi) && ((hi & fractionMask) | lo) !== 0;
}

/** The double with these halves, which is no NaN. */
export function float64(hi: number, lo: number): number {
  halves[0] = lo;
  halves[1] = hi;
  return whole[0]!;
}

/** The 64 bits with these halves, both unsigned. */
export function bits64(hi: number, lo: number): bigint {
  return (BigInt(hi) << 32n) | BigInt(lo);
}
