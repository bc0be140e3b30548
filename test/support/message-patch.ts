/**
 * Doubles and texts that a reference codec cannot write: NaNs whose bits matter and bytes that are not UTF-8. They
 * stand in the message as marks, and the marks are replaced in its bytes.
 */

const markHi = 0x4b5a_c3d2;

/** Encodes to as many bytes as take its place, which are not UTF-8. */
export const brokenText = "\u0001bad\u0001";
const brokenTextBytes = new TextEncoder().encode(brokenText);
const notUtf8 = Uint8Array.of(0xff, 0xfe, 0x41, 0xc0, 0x80);

/** Whether the text, once patched, is not UTF-8. */
export function isBroken(text: string): boolean {
  return text.includes(brokenText);
}

/** The doubles of one message by their bits. */
export class Doubles {
  private readonly bits: bigint[] = [];

  /** What stands in the message for the double with these bits. */
  place(bits: bigint): number {
    if (bits === 0n) return 0;
    this.bits.push(bits);
    const view = new DataView(new ArrayBuffer(8));
    view.setUint32(0, markHi);
    view.setUint32(4, this.bits.length - 1);
    return view.getFloat64(0);
  }

  /** Places every double of a histogram: those are its bigints in a `{ bits }`. */
  placeAll(value: unknown): unknown {
    if (Array.isArray(value)) return value.map((each) => this.placeAll(each));
    if (typeof value !== "object" || value === null) return value;
    if ("bits" in value && typeof value.bits === "bigint") return this.place(value.bits);
    return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, this.placeAll(each)]));
  }

  /** The bits that a double of the message stands for. */
  bitsOf(value: number): bigint {
    const view = new DataView(new ArrayBuffer(8));
    view.setFloat64(0, value);
    return view.getUint32(0) === markHi ? this.bits[view.getUint32(4)]! : view.getBigUint64(0);
  }

  /** A copy of the message's bytes with the true doubles and the broken texts in it. */
  patch(message: Uint8Array): Uint8Array {
    const patched = message.slice();
    const view = new DataView(patched.buffer);
    for (let at = 0; at + 8 <= patched.length; at++) {
      if (view.getUint32(at + 4, true) !== markHi) continue;
      view.setBigUint64(at, this.bits[view.getUint32(at, true)]!, true);
      at += 7;
    }
    for (let at = 0; at + notUtf8.length <= patched.length; at++) {
      if (brokenTextBytes.every((byte, i) => patched[at + i] === byte)) patched.set(notUtf8, at);
    }
    return patched;
  }
}
