// The label set of a series that is not known, where it is valid as it stands and all its text is plain: then its lines
// are made at once, and nothing is kept. See src/model/label-set.ts and src/line/encode.ts.
import { labelsMax, spansAt } from "./layout";
import { copy, copyPlain } from "./text";

/** `__name__` */
const metricName: u64 = 0x5f5f656d616e5f5f;

/** Labels so far, bytes of their text, and which of them is `__name__`; −1: none is. */
let count: i32 = 0;
export let textBytes: i32 = 0;
let nameIndex: i32 = -1;
/** Where head and tail of the line that was made last stand, and their bytes; 0: none was. */
let head: i32 = 0;
let headBytes: i32 = 0;
let tail: i32 = 0;
let tailBytes: i32 = 0;

export function clearLabels(): void {
  count = 0;
  textBytes = 0;
  nameIndex = -1;
  headBytes = 0;
}

/** Adds a label behind the others; answers false if its name does not follow theirs, or it is not ordinary. */
export function addLabel(name: i32, nameBytes: i32, value: i32, valueBytes: i32): bool {
  if (count == labelsMax || nameBytes == 0 || valueBytes == 0) return false;
  const span = spansAt + (count << 4);
  if (count > 0 && !follows(load<i32>(span - 16), load<i32>(span - 12), name, nameBytes)) return false;
  store<i32>(span, name);
  store<i32>(span + 4, nameBytes);
  store<i32>(span + 8, value);
  store<i32>(span + 12, valueBytes);
  if (nameBytes == 8 && load<u64>(name) == metricName) nameIndex = count;
  textBytes += nameBytes + valueBytes;
  count++;
  return true;
}

/** Bytes that head and tail of a line take, at most; 0: it cannot be made. */
export function lineBytesOfLabels(): i32 {
  return nameIndex < 0 ? 0 : 2 * textBytes + 6 * count + 32;
}

/** Writes `{"name":"…",`; answers 0 if that is not plain. */
export function writeHead(to: i32): i32 {
  if (headBytes > 0) return copy(to, head, headBytes);
  // {"name":"
  store<u64>(to, 0x3a22656d616e227b);
  store<u8>(to + 8, 0x22);
  const span = spansAt + (nameIndex << 4);
  const end = copyPlain(to + 9, load<i32>(span + 8), load<i32>(span + 12));
  if (end == 0) return 0;
  // ",
  store<u16>(end, 0x2c22);
  return end + 2;
}

/** Writes `"labels":{…}}` and the end of the line; answers 0 if a label is not plain. */
export function writeTail(to: i32): i32 {
  if (headBytes > 0) return copy(to, tail, tailBytes);
  // "labels":{
  store<u64>(to, 0x22736c6562616c22);
  store<u16>(to + 8, 0x7b3a);
  let at = to + 10;
  const end = spansAt + (count << 4);
  for (let span = spansAt; span < end; span += 16) {
    store<u8>(at, 0x22);
    at = copyPlain(at + 1, load<i32>(span), load<i32>(span + 4));
    if (at == 0) return 0;
    // ":"
    store<u32>(at, 0x00223a22);
    at = copyPlain(at + 3, load<i32>(span + 8), load<i32>(span + 12));
    if (at == 0) return 0;
    // ",
    store<u16>(at, 0x2c22);
    at += 2;
  }
  // }} and the line end, over the last comma.
  store<u32>(at - 1, 0x000a7d7d);
  return at + 2;
}

/** The further lines of the series repeat these parts of one that was made. */
export function keepLine(headStart: i32, headEnd: i32, tailStart: i32, tailEnd: i32): void {
  head = headStart;
  headBytes = headEnd - headStart;
  tail = tailStart;
  tailBytes = tailEnd - tailStart;
}

/** The first eight bytes of a text as a number that is ordered as the text is. */
@inline
function beginning(at: i32, bytes: i32): u64 {
  const first = bswap(load<u64>(at));
  return bytes >= 8 ? first : (first >> (64 - 8 * bytes)) << (64 - 8 * bytes);
}

/** Whether text `b` stands behind text `a` in the order of their bytes. */
function follows(a: i32, aBytes: i32, b: i32, bBytes: i32): bool {
  const first = beginning(a, aBytes);
  const second = beginning(b, bBytes);
  if (first != second) return second > first;
  const common = min(aBytes, bBytes);
  for (let i = 8; i < common; i++) {
    const difference = <i32>load<u8>(b + i) - <i32>load<u8>(a + i);
    if (difference != 0) return difference > 0;
  }
  return bBytes > aBytes;
}
