// The samples of a series, read from the message and written as lines.
import { lineBytesMaxAt, outAt, outEndAt, samplesAt } from "./layout";
import { isSpecial, knownBytes, sampleBytes, writeKnown, writeUnknown } from "./line";
import { lineBytesOfLabels } from "./labels";

/** Where the samples ended that `writeSamples` wrote. */
export let samplesEnd: i32 = 0;
/** Where the lines ended, and how many there were. */
let out: i32 = 0;
let count: i32 = 0;

/**
 * Writes the lines of the samples that stand in a row at `start`, of the known series whose payload stands at `series`,
 * or, at 0, of the one whose labels were read. Answers false if one is not ordinary. They count once `keepSamples` is
 * called.
 */
export function writeSamples(start: i32, end: i32, series: i32): bool {
  const ownBytes = series != 0 ? knownBytes(series) : lineBytesOfLabels();
  const lineBytes = ownBytes + sampleBytes;
  if (ownBytes == 0 || lineBytes > load<i32>(lineBytesMaxAt)) return false;
  const outEnd = load<i32>(outEndAt);
  out = load<i32>(outAt);
  count = 0;
  let at = start;
  while (at + 2 <= end && load<u8>(at) == 0x12) {
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
    out = series != 0 ? writeKnown(out, series, <i64>time, bits) : writeUnknown(out, <i64>time, bits);
    if (out == 0) return false;
    count++;
  }
  samplesEnd = at;
  // What is wrong with labels shows only as they are written.
  return series != 0 || count > 0;
}

export function keepSamples(): void {
  store<i32>(outAt, out);
  store<i32>(samplesAt, load<i32>(samplesAt) + count);
}
