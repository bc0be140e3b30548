import { viewOf } from "./view-of.ts";

/**
 * Whether bytes [start, end) are well-formed UTF-8: no overlong forms, no surrogates, nothing past U+10FFFF.
 * https://www.unicode.org/versions/Unicode16.0.0/core-spec/chapter-3/#G27506 (table 3-7)
 */
export function isUtf8(bytes: Uint8Array, start: number, end: number): boolean {
  const view = viewOf(bytes);
  let i = start;
  while (i + 4 <= end && (view.getInt32(i, true) & 0x8080_8080) === 0) i += 4;
  while (i < end) {
    const lead = bytes[i++]!;
    if (lead < 0x80) continue;
    if (lead < 0xc2 || lead > 0xf4) return false;
    const following = lead < 0xe0 ? 1 : lead < 0xf0 ? 2 : 3;
    if (i + following > end) return false;
    const second = bytes[i]!;
    // The second byte alone tells overlong forms (E0, F0), surrogates (ED) and too large code points (F4).
    const least = lead === 0xe0 ? 0xa0 : lead === 0xf0 ? 0x90 : 0x80;
    const most = lead === 0xed ? 0x9f : lead === 0xf4 ? 0x8f : 0xbf;
    if (second < least || second > most) return false;
    for (let k = 1; k < following; k++) {
      if ((bytes[i + k]! & 0xc0) !== 0x80) return false;
    }
    i += following;
  }
  return true;
}
