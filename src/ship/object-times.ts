/** The range of sample times in lines, read from their bytes: an object's key tells it before the object is made. */
import type { TimeRange } from "../archive/key.ts";

/**
 * Stands before each line's time and nowhere else with a number behind it: a quote within a string is escaped, and a
 * label that is called `time` has a string behind it.
 */
const mark = Buffer.from('","time":');
const [minus, zero, nine] = [0x2d, 0x30, 0x39];
/** This many digits are exact as a number. */
const exactDigits = 15;

/** The least and the greatest time of the lines added. Metadata has no time. */
export class ObjectTimes {
  private least = Number.POSITIVE_INFINITY;
  private greatest = Number.NEGATIVE_INFINITY;
  /** Those that are too long for a number, and then all. */
  private long: TimeRange | undefined;

  /** Undefined: no line had a time. */
  get range(): TimeRange | undefined {
    if (this.least > this.greatest) return this.long;
    return union(this.long, { minMs: BigInt(this.least), maxMs: BigInt(this.greatest) });
  }

  /** `lines` are whole lines. */
  add(lines: Uint8Array): void {
    const bytes = Buffer.from(lines.buffer, lines.byteOffset, lines.byteLength);
    let at = bytes.indexOf(mark);
    while (at >= 0) {
      const end = this.addTime(bytes, at + mark.length);
      at = bytes.indexOf(mark, end);
    }
  }

  /** Reads the integer that starts at `start`, if one does; answers where it ends. */
  private addTime(bytes: Uint8Array, start: number): number {
    const negative = bytes[start] === minus;
    const first = negative ? start + 1 : start;
    let at = first;
    let value = 0;
    for (let digit = bytes[at]!; digit >= zero && digit <= nine; digit = bytes[++at]!)
      value = value * 10 + digit - zero;
    if (at === first) return at;
    if (at - first > exactDigits) {
      const time = BigInt(new TextDecoder().decode(bytes.subarray(start, at)));
      this.long = union(this.long, { minMs: time, maxMs: time });
      return at;
    }
    const time = negative ? -value : value;
    if (time < this.least) this.least = time;
    if (time > this.greatest) this.greatest = time;
    return at;
  }
}

function union(one: TimeRange | undefined, other: TimeRange): TimeRange {
  if (one === undefined) return other;
  return {
    minMs: one.minMs < other.minMs ? one.minMs : other.minMs,
    maxMs: one.maxMs > other.maxMs ? one.maxMs : other.maxMs,
  };
}
