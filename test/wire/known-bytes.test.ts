import assert from "node:assert/strict";
import { test } from "node:test";
import { KnownBytes, keyBytesMax } from "../../src/wire/known-bytes.ts";
import { seededRandom } from "../support/seeded-random.ts";

const text = new TextEncoder();
const viewOf = (bytes: Uint8Array) => new DataView(bytes.buffer, bytes.byteOffset, bytes.length);

/** Looks for a key as a walker does, adds it where it is not known, and says whether it was. */
function meet(known: KnownBytes, key: Uint8Array): boolean {
  const view = viewOf(key);
  const expected = known.expected(key, view, 0, key.length);
  if (expected !== 0 && known.keyBytes(expected) === key.length) {
    known.take(expected);
    return true;
  }
  if (known.find(key, view, 0, key.length) !== 0) return true;
  known.add(20);
  return false;
}

const keysOf = (count: number, prefix = "series") =>
  Array.from({ length: count }, (_, i) => text.encode(`${prefix} with a name of some length, number ${i}`));

/** One request with all keys: how many of them are known. */
function meetAll(known: KnownBytes, keys: readonly Uint8Array[]): number {
  known.begin();
  return keys.filter((key) => meet(known, key)).length;
}

test("what was added is known, in any order, and nothing else is", () => {
  const known = new KnownBytes(1 << 20, 150);
  const keys = keysOf(1_000);
  assert.equal(meetAll(known, keys), 0);
  assert.equal(meetAll(known, keys), 1_000);
  assert.equal(meetAll(known, keys.toReversed()), 1_000);
  const random = seededRandom(1);
  assert.equal(
    meetAll(
      known,
      keys.map(() => keys[random(1_000)]!),
    ),
    1_000,
  );
  const longer = keys.map((key) => Uint8Array.of(...key, 0x20));
  const shorter = keys.slice(0, 10).map((key) => key.subarray(1));
  assert.equal(meetAll(known, [...longer, ...shorter]), 0);
});

test("a payload stays with its key", () => {
  const known = new KnownBytes(1 << 20, 150);
  const keys = keysOf(200);
  const slots = keys.map((key) => {
    known.expected(key, viewOf(key), 0, key.length);
    assert.equal(known.find(key, viewOf(key), 0, key.length), 0);
    return known.add(3);
  });
  for (const [i, slot] of slots.entries()) known.words.fill(i, known.payload(slot), known.payload(slot) + 3);
  for (const [i, key] of keys.entries()) {
    const slot = known.find(key, viewOf(key), 0, key.length);
    const at = known.payload(slot);
    assert.deepEqual([...known.words.subarray(at, at + 3)], [i, i, i]);
  }
});

test("nothing is added but what was looked for last and not found, and no key that is too long", () => {
  const known = new KnownBytes(1 << 20, 150);
  const [a, b] = keysOf(2) as [Uint8Array, Uint8Array];
  known.find(a, viewOf(a), 0, a.length);
  known.expected(b, viewOf(b), 0, b.length);
  assert.equal(known.add(1), 0);
  known.find(a, viewOf(a), 0, a.length);
  known.begin();
  assert.equal(known.add(1), 0);
  for (const [length, isKnown] of [
    [keyBytesMax, true],
    [keyBytesMax + 1, false],
  ] as const) {
    const key = new Uint8Array(length).fill(7);
    meet(known, key);
    assert.equal(meet(known, key), isKnown);
  }
});

test("of more keys than there is room for, that come round and round, as many are known as have room", () => {
  const known = new KnownBytes(64 * 1024, 150);
  const keys = keysOf(2_000);
  meetAll(known, keys);
  const counts = Array.from({ length: 100 }, () => meetAll(known, keys));
  assert.ok(Math.min(...counts) > 200, counts.join());
  assert.equal(known.emptied, 0);
});

test("keys that are not used any more make room for those that are", () => {
  const known = new KnownBytes(64 * 1024, 150);
  meetAll(known, keysOf(2_000, "old"));
  const keys = keysOf(200, "new");
  const counts = Array.from({ length: 200 }, () => meetAll(known, keys));
  // One in some hundred has more neighbours in the table than are looked at.
  assert.ok((counts.at(-1) ?? 0) >= 196, counts.join());
  assert.equal(known.emptied, 1);
});

test("however long there is room, what is lent fits in 32 bits", () => {
  const known = new KnownBytes(64 * 1024, 150);
  const keys = keysOf(10);
  const lent = new Int32Array(9);
  for (let round = 0; round < 5; round++) {
    meetAll(known, keys);
    known.lend(lent, 0);
    lent[6] = 2 ** 31 - 1;
    known.takeBack(lent, 0);
  }
  known.begin();
  meet(known, keys[0]!);
  known.lend(lent, 0);
  assert.ok(lent[6]! > 2 ** 29, String(lent[6]));
});
