/** Words of an entry before its key: see `KnownBytes`. */
export const entryKeyBytesAt = 0;
export const entryHashAt = 1;
export const entryNextAt = 2;
export const entryChainAt = 3;
export const entryEpochAt = 4;
export const entryWords = 5;
/** Entry 0 is none; its `next` is what a request is expected to start with. */
const firstSlot = 8;
/** Longer keys are not kept: they are rare, and few of them would take all room. */
export const keyBytesMax = 4096;
/** Keys of one hash that are compared; further ones are not kept. Whoever makes keys collide wins nothing. */
const chainMax = 4;
/** While there is no room, this many misses in a row say that what comes is not known at all. */
export const missesMax = 32;
/** Then one lookup in so many is made. */
export const lookupEvery = 8;
/** Lookups, as a multiple of the entries, after which it is decided whether those are still of use. */
const epochLookups = 32;
/** Counted no further between requests: what is lent has 32 bits. */
const lookupsMax = 2 ** 30;
/** The part of the entries that must have been of use. */
const usefulMin = 0.75;

/** Where in a larger memory something begins, in bytes. */
export interface Place {
  readonly buffer: ArrayBuffer;
  readonly start: number;
}

function sizesOf(bytesMax: number, entryBytes: number) {
  const bits = Math.max(4, Math.ceil(Math.log2(bytesMax / entryBytes)));
  return { words: Math.max(firstSlot, Math.floor(bytesMax / 4)), heads: 2 ** bits, bits };
}

/** What KnownBytes with these parameters takes, in bytes. */
export function bytesNeeded(bytesMax: number, entryBytes: number): number {
  const { words, heads } = sizesOf(bytesMax, entryBytes);
  return (words + heads) * 4;
}

/**
 * Byte strings that were seen before, each with room for what was made of it. What comes again mostly comes in the
 * order of the last time: the entry that followed the last one is compared first, word by word and without hashing.
 * A found key is always equal in all its bytes; hashes only say where to look.
 *
 * Takes `bytesMax` for good, and up to 8 bytes for each entry; untouched memory is not resident. Nothing is evicted
 * one by one: once full, the entries stay while most of them are of use, so of more keys than fit, that come round and
 * round, as many are found as there is room for (the least recently used ones to go would leave none). When more than a
 * quarter were not asked for in a while, all go at once. Every operation takes constant time but for comparing the key.
 *
 * An entry is named by its slot, an index into `words`: length of the key in bytes, hash, the slot that follows, the
 * next slot with this hash, when it was last of use; then the key, then the payload.
 */
export class KnownBytes {
  readonly words: Int32Array;
  readonly bytes: Uint8Array;
  /** Counts the times that all went. */
  emptied = 0;
  private readonly heads: Int32Array;
  private readonly hashShift: number;
  private used = firstSlot;
  private entries = 0;
  private last = 0;
  private epoch = 1;
  private useful = 0;
  private lookups = 0;
  private full = false;
  private missesInRow = 0;
  /** The key that was not found last, to be added. */
  private missed: Uint8Array | undefined;
  private missedStart = 0;
  private missedEnd = 0;
  private missedHash = 0;

  /** `entryBytes`: about what one entry takes. `place`: memory of `bytesNeeded` for it, all zero. */
  constructor(bytesMax: number, entryBytes: number, place?: Place) {
    const { words, heads, bits } = sizesOf(bytesMax, entryBytes);
    const { buffer, start } = place ?? { buffer: new ArrayBuffer((words + heads) * 4), start: 0 };
    this.words = new Int32Array(buffer, start, words);
    this.bytes = new Uint8Array(buffer, start, words * 4);
    this.heads = new Int32Array(buffer, start + words * 4, heads);
    this.hashShift = 32 - bits;
  }

  /** Hands over what a walk over the entries changes, and what it has to know: see quick-layout.ts. */
  lend(to: Int32Array, at: number): void {
    to[at] = this.words.byteOffset;
    to[at + 1] = this.heads.byteOffset;
    to[at + 2] = this.hashShift;
    to[at + 3] = this.last;
    to[at + 4] = this.epoch;
    to[at + 5] = this.useful;
    to[at + 6] = this.lookups;
    to[at + 7] = this.missesInRow;
    to[at + 8] = this.full ? 1 : 0;
  }

  /** Takes back what `lend` handed over. */
  takeBack(from: Int32Array, at: number): void {
    this.last = from[at + 3]!;
    this.useful = from[at + 5]!;
    this.lookups = from[at + 6]!;
    this.missesInRow = from[at + 7]!;
    this.missed = undefined;
  }

  /** Starts a request: expects what the last one started with, and decides whether all go. Slots may end here only. */
  begin(): void {
    this.last = 0;
    this.missed = undefined;
    this.lookups = Math.min(this.lookups, lookupsMax);
    if (!this.full || this.lookups < this.entries * epochLookups) return;
    if (this.useful < this.entries * usefulMin) this.empty();
    this.epoch++;
    this.useful = 0;
    this.lookups = 0;
  }

  /** Lets all go. */
  empty(): void {
    this.heads.fill(0);
    this.words.fill(0, 0, firstSlot);
    this.used = firstSlot;
    this.entries = 0;
    this.last = 0;
    this.full = false;
    this.missed = undefined;
    this.emptied++;
  }

  /** The slot that is expected next, if `source` goes on with its key from `start`; 0: it does not. */
  expected(source: Uint8Array, view: DataView, start: number, end: number): number {
    this.missed = undefined;
    if (this.passesOver()) return 0;
    const slot = this.words[this.last + entryNextAt]!;
    return slot !== 0 && this.isPrefix(slot, source, view, start, end) ? slot : 0;
  }

  /** The slot that is expected next, if its key is the first `count` words of `key`; 0: it is not. */
  expectedWords(key: Int32Array, count: number): number {
    this.missed = undefined;
    if (this.passesOver()) return 0;
    const { words } = this;
    const slot = words[this.last + entryNextAt]!;
    if (slot === 0 || words[slot + entryKeyBytesAt] !== count * 4) return 0;
    const start = slot + entryWords;
    for (let i = 0; i < count; i++) if (words[start + i] !== key[i]) return 0;
    return slot;
  }

  /** It is this slot: notes its use, and that what followed it is expected next. */
  take(slot: number): void {
    const { words } = this;
    this.last = slot;
    this.lookups++;
    this.missesInRow = 0;
    if (words[slot + entryEpochAt] === this.epoch) return;
    words[slot + entryEpochAt] = this.epoch;
    this.useful++;
  }

  /** The slot of the key in bytes [start, end), taken; 0: it is not known, and may be added. */
  find(source: Uint8Array, view: DataView, start: number, end: number): number {
    if (end - start > keyBytesMax) return 0;
    const passesOver = this.passesOver();
    this.missesInRow++;
    if (passesOver) {
      this.lookups++;
      return 0;
    }
    const { words } = this;
    const hash = hashOf(source, view, start, end);
    for (let slot = this.heads[hash >>> this.hashShift]!; slot !== 0; slot = words[slot + entryChainAt]!) {
      if (words[slot + entryHashAt] !== hash || words[slot + entryKeyBytesAt] !== end - start) continue;
      if (!this.isPrefix(slot, source, view, start, end)) continue;
      words[this.last + entryNextAt] = slot;
      this.take(slot);
      return slot;
    }
    this.lookups++;
    this.missed = source;
    this.missedStart = start;
    this.missedEnd = end;
    this.missedHash = hash;
    return 0;
  }

  /** Adds the key that `find` missed last, with `payloadWords` of anything. 0: there is none, or no room. */
  add(payloadWords: number): number {
    const { words, missed, missedStart, missedHash, heads, hashShift } = this;
    if (missed === undefined || this.full) return 0;
    this.missed = undefined;
    const keyBytes = this.missedEnd - missedStart;
    const slot = this.used;
    const payload = slot + entryWords + ((keyBytes + 3) >>> 2);
    if (payload + payloadWords > words.length) {
      this.full = true;
      return 0;
    }
    let chained = 0;
    const first = heads[missedHash >>> hashShift]!;
    for (let other = first; other !== 0; other = words[other + entryChainAt]!) chained++;
    if (chained >= chainMax) return 0;
    heads[missedHash >>> hashShift] = slot;
    words[slot + entryKeyBytesAt] = keyBytes;
    words[slot + entryHashAt] = missedHash;
    words[slot + entryNextAt] = 0;
    words[slot + entryChainAt] = first;
    words[slot + entryEpochAt] = this.epoch;
    this.bytes.set(missed.subarray(missedStart, this.missedEnd), (slot + entryWords) * 4);
    this.used = payload + payloadWords;
    this.entries++;
    this.useful++;
    words[this.last + entryNextAt] = slot;
    this.last = slot;
    return slot;
  }

  keyBytes(slot: number): number {
    return this.words[slot + entryKeyBytesAt]!;
  }

  /** Index into `words` of what was added with the key. */
  payload(slot: number): number {
    return slot + entryWords + ((this.words[slot + entryKeyBytesAt]! + 3) >>> 2);
  }

  /** Whether it is not worth to look for the next key: there is no room, and nothing was found for long. */
  private passesOver(): boolean {
    return this.full && this.missesInRow > missesMax && this.missesInRow % lookupEvery !== 0;
  }

  /**
   * Whether the key of `slot` stands at `start`. Its own words are aligned, those of the source are read by DataView:
   * 286 bytes take 40 to 90 ns, byte by byte 210 to 260 (Bun: more).
   */
  private isPrefix(slot: number, source: Uint8Array, view: DataView, start: number, end: number): boolean {
    const { words, bytes } = this;
    const keyEnd = start + words[slot + entryKeyBytesAt]!;
    if (keyEnd > end) return false;
    let word = slot + entryWords;
    let at = start;
    for (; at + 4 <= keyEnd; at += 4) {
      if (view.getInt32(at, true) !== words[word++]) return false;
    }
    for (let byte = word * 4; at < keyEnd; ) {
      if (source[at++] !== bytes[byte++]) return false;
    }
    return true;
  }
}

/** Two lanes of words, mixed by multiplication; the upper bits are the better ones. */
function hashOf(source: Uint8Array, view: DataView, start: number, end: number): number {
  let a = 0x9e37_79b9 | 0;
  let b = (end - start) | 0;
  let at = start;
  for (; at + 8 <= end; at += 8) {
    a = Math.imul(a ^ view.getInt32(at, true), 0x85eb_ca6b);
    a ^= a >>> 15;
    b = Math.imul(b ^ view.getInt32(at + 4, true), 0xc2b2_ae35);
    b ^= b >>> 13;
  }
  for (; at < end; at++) a = Math.imul(a ^ source[at]!, 0x0100_0193);
  a = Math.imul(a ^ (b >>> 16) ^ (b << 11), 0x9e37_79b1);
  return a ^ (a >>> 15);
}
