import assert from "node:assert/strict";
import { test } from "node:test";
import { crc32c } from "../../src/wire/crc32c.ts";
import { seededRandom } from "../support/seeded-random.ts";

const encoder = new TextEncoder();

/** The definition, bit by bit. */
function slowly(bytes: Uint8Array): number {
  let crc = 0xffff_ffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0x82f6_3b78 : 0);
  }
  return ~crc >>> 0;
}

test("the check value and the examples of RFC 3720 come out", () => {
  const ascending = Uint8Array.from({ length: 32 }, (_, at) => at);
  assert.equal(crc32c(encoder.encode("123456789")), 0xe306_9283);
  assert.equal(crc32c(new Uint8Array(32)), 0x8a91_36aa);
  assert.equal(crc32c(new Uint8Array(32).fill(0xff)), 0x62a8_ab43);
  assert.equal(crc32c(ascending), 0x46dd_794e);
  assert.equal(crc32c(ascending.toReversed()), 0x113f_db5c);
  assert.equal(crc32c(new Uint8Array(0)), 0);
});

test("every length and every alignment gives what the definition gives", () => {
  const random = seededRandom(1);
  const bytes = Uint8Array.from({ length: 300 }, () => random(256));
  for (let start = 0; start < 20; start++) {
    for (let length = 0; length < 100; length++) {
      const part = bytes.subarray(start, start + length);
      assert.equal(crc32c(part), slowly(part));
    }
  }
  const long = Uint8Array.from({ length: 1100 }, () => random(256));
  for (let start = 0; start < 8; start++) {
    for (let length = 1000; length < 1080; length++) {
      const part = long.subarray(start, start + length);
      assert.equal(crc32c(part), slowly(part));
    }
  }
});

test("a seed continues what came before, wherever it is cut", () => {
  const random = seededRandom(2);
  const bytes = Uint8Array.from({ length: 100 }, () => random(256));
  for (let cut = 0; cut <= bytes.length; cut++) {
    assert.equal(crc32c(bytes.subarray(cut), crc32c(bytes.subarray(0, cut))), crc32c(bytes));
  }
});
