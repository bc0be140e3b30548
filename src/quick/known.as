// The known series, as src/wire/known-bytes.ts has them: the same entries in the same memory, the same bookkeeping.
import {
  epochAt, fullAt, hashShiftAt, headsAt, keysAt, lastAt, lookupsAt, missesAt, usefulAt,
} from "./layout";
import {
  entryChainAt, entryEpochAt, entryHashAt, entryKeyBytesAt, entryNextAt, entryWords, keyBytesMax, lookupEvery, missesMax,
} from "./layout";
import { same } from "./text";

/** Address of a word of an entry. */
@inline
export function word(slot: i32, at: i32): i32 {
  return load<i32>(keysAt) + ((slot + at) << 2);
}

/** Address of what was added with the key. */
@inline
export function payload(slot: i32): i32 {
  return word(slot, entryWords) + ((load<i32>(word(slot, entryKeyBytesAt)) + 3) & ~3);
}

/** Whether it is not worth to look for the next key. */
@inline
export function passesOver(): bool {
  const misses = load<i32>(missesAt);
  return isFull() && misses > missesMax && misses % lookupEvery != 0;
}

/** Whether there is no room for further ones. */
@inline
export function isFull(): bool {
  return load<i32>(fullAt) != 0;
}

/** The slot that is expected next, if its key stands at `start`; 0: it does not. */
export function expected(start: i32, end: i32): i32 {
  const slot = load<i32>(word(load<i32>(lastAt), entryNextAt));
  if (slot == 0) return 0;
  const bytes = load<i32>(word(slot, entryKeyBytesAt));
  return start + bytes <= end && same(start, word(slot, entryWords), bytes) ? slot : 0;
}

/** The slot that is expected next, if its key is all of these bytes; 0: it is not. */
export function expectedWhole(start: i32, bytes: i32): i32 {
  const slot = load<i32>(word(load<i32>(lastAt), entryNextAt));
  if (slot == 0 || load<i32>(word(slot, entryKeyBytesAt)) != bytes) return 0;
  return same(start, word(slot, entryWords), bytes) ? slot : 0;
}

/** The slot of the key in bytes [start, end); 0: it is not known. */
export function find(start: i32, end: i32): i32 {
  const bytes = end - start;
  if (bytes > keyBytesMax) return 0;
  const hash = hashOf(start, end);
  let slot = load<i32>(load<i32>(headsAt) + ((<u32>hash >> load<i32>(hashShiftAt)) << 2));
  while (slot != 0) {
    if (
      load<i32>(word(slot, entryHashAt)) == hash &&
      load<i32>(word(slot, entryKeyBytesAt)) == bytes &&
      same(start, word(slot, entryWords), bytes)
    ) return slot;
    slot = load<i32>(word(slot, entryChainAt));
  }
  return 0;
}

/** It is this slot: what followed it is expected next, and it follows what was last. */
export function take(slot: i32): void {
  store<i32>(word(load<i32>(lastAt), entryNextAt), slot);
  store<i32>(lastAt, slot);
  store<i32>(lookupsAt, load<i32>(lookupsAt) + 1);
  store<i32>(missesAt, 0);
  const epoch = load<i32>(epochAt);
  if (load<i32>(word(slot, entryEpochAt)) == epoch) return;
  store<i32>(word(slot, entryEpochAt), epoch);
  store<i32>(usefulAt, load<i32>(usefulAt) + 1);
}

/** It is none: counts the lookup. */
export function miss(): void {
  store<i32>(lookupsAt, load<i32>(lookupsAt) + 1);
  store<i32>(missesAt, load<i32>(missesAt) + 1);
}

function hashOf(start: i32, end: i32): i32 {
  let a: i32 = 0x9e3779b9;
  let b: i32 = end - start;
  let at = start;
  for (; at + 8 <= end; at += 8) {
    a = (a ^ load<i32>(at)) * 0x85ebca6b;
    a ^= <u32>a >> 15;
    b = (b ^ load<i32>(at + 4)) * 0xc2b2ae35;
    b ^= <u32>b >> 13;
  }
  for (; at < end; at++) a = (a ^ <i32>load<u8>(at)) * 0x01000193;
  a = (a ^ (<u32>b >> 16) ^ (b << 11)) * 0x9e3779b1;
  return a ^ (<u32>a >> 15);
}
