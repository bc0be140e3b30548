// The label set of a series that is not known, where it is valid as it stands and all its text is plain: then its lines
// are made at once, and nothing is kept but for the next series. Series that follow each other share most labels: those
// that stand at the same place in both are not looked at again, and their text is copied from the line before.
// See src/model/label-set.ts and src/line/encode.ts.
import { labelBankBytes, labelsAt, labelsMax } from "./layout";
import { copy, copyPlain, same } from "./text";

/** `__name__` */
const metricName: u64 = 0x5f5f656d616e5f5f;

// An entry for each label: what it came as, its name and its value as addresses and bytes, and `"name":"value"` in a line.
const fieldIn = 0;
const fieldBytesIn = 4;
const nameIn = 8;
const nameBytesIn = 12;
const valueIn = 16;
const valueBytesIn = 20;
const textIn = 24;
const textBytesIn = 28;
const entryShift = 5;

/** The labels of the series under way, and those of the last one whose lines were made: two banks in turn. */
let bank: i32 = labelsAt;
let lastBank: i32 = labelsAt + labelBankBytes;
let lastCount: i32 = 0;
let count: i32 = 0;
/** Bytes of the texts of the labels, and which one is `__name__`; −1: none is. */
export let textBytes: i32 = 0;
let nameIndex: i32 = -1;
let repeats: bool = false;
/** Where head and tail of the first line of the series stand, and their bytes; 0: there is none yet. */
let head: i32 = 0;
let headBytes: i32 = 0;
let tail: i32 = 0;
let tailBytes: i32 = 0;

/** Lines and message are others now. */
export function forgetLabels(): void {
  lastCount = 0;
}

export function clearLabels(): void {
  count = 0;
  textBytes = 0;
  nameIndex = -1;
  headBytes = 0;
}

/** The lines of the series are made: the next one may have labels of it. */
export function keepLabels(): void {
  const kept = bank;
  bank = lastBank;
  lastBank = kept;
  lastCount = count;
}

/** Adds the next label, if the last series had it at the same place, as these bytes. */
export function repeatField(field: i32, bytes: i32): bool {
  const last = lastBank + (count << entryShift);
  if (count >= lastCount || load<i32>(last + fieldBytesIn) != bytes) return false;
  return same(field, load<i32>(last + fieldIn), bytes) && repeat(last, field - load<i32>(last + fieldIn));
}

/** The same for two references of 2.0, whose texts stand where they did. */
export function repeatRefs(name: i32, value: i32): bool {
  const last = lastBank + (count << entryShift);
  if (count >= lastCount || load<i32>(last + fieldIn) != name || load<i32>(last + fieldBytesIn) != value) return false;
  return repeat(last, 0);
}

/** `moved`: how far behind those of the last series the bytes of this label stand. */
function repeat(last: i32, moved: i32): bool {
  const name = load<i32>(last + nameIn) + moved;
  const nameBytes = load<i32>(last + nameBytesIn);
  // Two neighbours that both are repeated were in order then.
  if (!repeats && !isBehindOthers(name, nameBytes)) return false;
  const entry = bank + (count << entryShift);
  v128.store(entry, v128.load(last));
  v128.store(entry + 16, v128.load(last + 16));
  store<i32>(entry + nameIn, name);
  store<i32>(entry + valueIn, load<i32>(last + valueIn) + moved);
  if (moved != 0) store<i32>(entry + fieldIn, load<i32>(last + fieldIn) + moved);
  added(entry);
  repeats = true;
  return true;
}

/** Adds the next label; answers false if its name does not follow that of the last one, or it is not ordinary. */
export function addLabel(
  field: i32, fieldBytes: i32, name: i32, nameBytes: i32, value: i32, valueBytes: i32,
): bool {
  if (count == labelsMax || nameBytes == 0 || valueBytes == 0 || !isBehindOthers(name, nameBytes)) return false;
  const entry = bank + (count << entryShift);
  store<i32>(entry + fieldIn, field);
  store<i32>(entry + fieldBytesIn, fieldBytes);
  store<i32>(entry + nameIn, name);
  store<i32>(entry + nameBytesIn, nameBytes);
  store<i32>(entry + valueIn, value);
  store<i32>(entry + valueBytesIn, valueBytes);
  store<i32>(entry + textBytesIn, 0);
  added(entry);
  repeats = false;
  return true;
}

@inline
function added(entry: i32): void {
  const nameBytes = load<i32>(entry + nameBytesIn);
  if (nameBytes == 8 && load<u64>(load<i32>(entry + nameIn)) == metricName) nameIndex = count;
  textBytes += nameBytes + load<i32>(entry + valueBytesIn);
  count++;
}

function isBehindOthers(name: i32, nameBytes: i32): bool {
  if (count == 0) return true;
  const before = bank + ((count - 1) << entryShift);
  return follows(load<i32>(before + nameIn), load<i32>(before + nameBytesIn), name, nameBytes);
}

/** Bytes that head and tail of a line take, at most; 0: it cannot be made. */
export function lineBytesOfLabels(): i32 {
  return nameIndex < 0 ? 0 : 4 * textBytes + 6 * count + 32;
}

/** Writes `{"name":"…",`; answers 0 if that is not plain. */
export function writeHead(to: i32): i32 {
  if (headBytes > 0) return copy(to, head, headBytes);
  // {"name":"
  store<u64>(to, 0x3a22656d616e227b);
  store<u8>(to + 8, 0x22);
  const entry = bank + (nameIndex << entryShift);
  const end = copyPlain(to + 9, load<i32>(entry + valueIn), load<i32>(entry + valueBytesIn));
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
  const end = bank + (count << entryShift);
  for (let entry = bank; entry < end; entry += 1 << entryShift) {
    const bytes = load<i32>(entry + textBytesIn);
    const start = at;
    at = bytes > 0 ? copy(at, load<i32>(entry + textIn), bytes) : writeLabel(at, entry);
    if (at == 0) return 0;
    store<i32>(entry + textIn, start);
    store<i32>(entry + textBytesIn, at - start);
    store<u8>(at++, 0x2c);
  }
  // }} and the line end, over the last comma.
  store<u32>(at - 1, 0x000a7d7d);
  return at + 2;
}

/** Writes `"name":"value"`; answers 0 if it is not plain. */
function writeLabel(to: i32, entry: i32): i32 {
  store<u8>(to, 0x22);
  const nameEnd = copyPlain(to + 1, load<i32>(entry + nameIn), load<i32>(entry + nameBytesIn));
  if (nameEnd == 0) return 0;
  // ":"
  store<u32>(nameEnd, 0x00223a22);
  const end = copyPlain(nameEnd + 3, load<i32>(entry + valueIn), load<i32>(entry + valueBytesIn));
  if (end == 0) return 0;
  store<u8>(end, 0x22);
  return end + 1;
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
