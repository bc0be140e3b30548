import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import fc from "fast-check";
import { MalformedError } from "../../src/errors.ts";
import { snappyDecode, snappyDecodedLength } from "../../src/wire/snappy.ts";
import { snappyCompress } from "../support/snappy-compress.ts";
import { snappyReference } from "../support/snappy-reference.ts";
import { concat, type Part, utf8, varint } from "../support/write-request-bytes.ts";

const decode = (...parts: readonly Part[]): Uint8Array => {
  const block = concat(...parts);
  const output = new Uint8Array(snappyDecodedLength(block));
  return output.subarray(0, snappyDecode(block, output));
};
const malformed = (...parts: readonly Part[]) => assert.throws(() => decode(...parts), MalformedError);
const golden = new URL("../golden/rw1/", import.meta.url);

test("what snappyjs compresses decodes to the same bytes", () => {
  const repetitive = fc
    .array(fc.tuple(fc.uint8Array({ minLength: 1, maxLength: 40 }), fc.integer({ min: 1, max: 200 })), {
      maxLength: 30,
    })
    .map((runs) => concat(...runs.flatMap(([bytes, count]) => Array.from({ length: count }, () => bytes))));
  const any = fc.oneof(fc.uint8Array({ maxLength: 2_000 }), repetitive);
  fc.assert(
    fc.property(any, (bytes) => {
      const block = snappyCompress(bytes);
      assert.deepEqual(decode(block), bytes);
      assert.deepEqual(snappyReference(block), bytes);
    }),
  );
  const large = concat(
    new Uint8Array(200_000),
    utf8("abcdefg".repeat(30_000)),
    new Uint8Array(70_000).fill(3),
  );
  assert.deepEqual(decode(snappyCompress(large)), large);
});

test("any elements decode as the reference decoder decodes them, or are refused as it refuses them", () => {
  const literal = fc.uint8Array({ minLength: 1, maxLength: 70 }).map((bytes) => literalOf(bytes));
  const longLiteral = fc
    .tuple(fc.uint8Array({ minLength: 1, maxLength: 70 }), fc.integer({ min: 1, max: 4 }))
    .map(([bytes, lengthBytes]) => literalOf(bytes, lengthBytes));
  const copy = fc
    .tuple(
      fc.integer({ min: 1, max: 3 }),
      fc.integer({ min: 1, max: 64 }),
      fc.oneof(fc.nat(80), fc.nat(3_000)),
    )
    .map(([kind, length, distance]) => copyOf(kind, length, distance));
  const elements = fc.array(fc.oneof(literal, longLiteral, { weight: 2, arbitrary: copy }), {
    maxLength: 30,
  });
  fc.assert(
    fc.property(elements, fc.constantFrom(-1, 0, 0, 0, 1), ([...parts], error) => {
      const body = concat(...parts);
      const length = snappyReference(body, true)?.length ?? body.length;
      const block = concat(varint(Math.max(0, length + error)), body);
      const expected = snappyReference(block);
      if (expected === undefined) malformed(block);
      else assert.deepEqual(decode(block), expected);
    }),
    { numRuns: 3_000 },
  );
});

test("every length of literal and every kind of copy decodes", () => {
  for (const length of [1, 23, 24, 25, 59, 60, 61, 255, 256, 257, 65_535, 65_536, 65_537, 70_000]) {
    const bytes = Uint8Array.from({ length }, (_, i) => i * 7);
    for (let lengthBytes = 0; lengthBytes <= 4; lengthBytes++) {
      const fits = lengthBytes === 0 ? length <= 60 : length <= 256 ** lengthBytes;
      if (fits) assert.deepEqual(decode(varint(length), literalOf(bytes, lengthBytes)), bytes);
    }
  }
  for (const distance of [1, 2, 3, 23, 24, 25, 64, 100]) {
    for (let length = 1; length <= 64; length++) {
      const start = Uint8Array.from({ length: 100 }, (_, i) => i);
      const block = concat(varint(100 + length), literalOf(start, 1), copyOf(2, length, distance));
      assert.deepEqual(decode(block), snappyReference(block));
    }
  }
});

test("the two bodies on which snappyjs misbehaves are refused", () => {
  malformed([0x08, 0xfc, 0xfa, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00]);
  malformed([0x0a]);
});

test("a declared length is taken up to what the elements can give, and refused one above, unallocated", () => {
  assert.equal(snappyDecodedLength(concat(varint(64), [0, 0, 0])), 64);
  assert.throws(() => snappyDecodedLength(concat(varint(65), [0, 0, 0])), MalformedError);
  assert.throws(() => snappyDecodedLength(concat(varint(2_500_000_000), new Uint8Array(35))), MalformedError);
  const densest = concat([0x04 * 0], [7], ...Array.from({ length: 100 }, () => copyOf(2, 64, 1)));
  assert.equal(decode(varint(6_401), densest).length, 6_401);
});

test("a declared length fits 32 bits, or is refused", () => {
  assert.equal(snappyDecodedLength(Uint8Array.of(0)), 0);
  assert.equal(snappyDecodedLength(Uint8Array.of(0x80, 0x80, 0x80, 0x80, 0x00)), 0);
  for (const block of [[], [0x80], [0x80, 0x80, 0x80, 0x80], [0x80, 0x80, 0x80, 0x80, 0x80, 0x00]])
    malformed(block);
  assert.throws(
    () => snappyDecodedLength(Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0x10)),
    /does not fit 32 bits/,
  );
  assert.throws(
    () => snappyDecodedLength(Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0x0f)),
    /cannot hold so many/,
  );
});

test("copies that reach before the start, or nowhere, are refused", () => {
  malformed(varint(8), literalOf(utf8("abcd")), copyOf(2, 4, 5));
  malformed(varint(8), literalOf(utf8("abcd")), copyOf(2, 4, 0));
  malformed(varint(8), literalOf(utf8("abcd")), copyOf(3, 4, 0xffff_ffff));
  malformed(varint(4), copyOf(1, 4, 1));
  assert.deepEqual(decode(varint(8), literalOf(utf8("abcd")), copyOf(2, 4, 4)), utf8("abcdabcd"));
});

test("output that is too small is the caller's mistake, output that is larger stays untouched behind", () => {
  const block = concat(varint(4), literalOf(utf8("abcd")));
  assert.throws(() => snappyDecode(block, new Uint8Array(3)), RangeError);
  const output = new Uint8Array(6).fill(9);
  assert.equal(snappyDecode(block, output), 4);
  assert.deepEqual(output, concat(utf8("abcd"), [9, 9]));
});

test("a real body cut off at any byte is refused, never shortened", () => {
  const [name] = readdirSync(golden).filter((file) => file.endsWith(".snappy"));
  const block = new Uint8Array(readFileSync(new URL(name!, golden)));
  for (let length = 0; length < block.length; length++) malformed(block.subarray(0, length));
  malformed(block, [0]);
});

test("any change of one byte ends in bytes of the declared length, as the reference gives them, or is refused", () => {
  const block = snappyCompress(
    utf8("prometheus_remote_kinesis prometheus_remote_write prometheus".repeat(2)),
  );
  for (let at = 0; at < block.length; at++) {
    for (let byte = 0; byte < 256; byte++) {
      const changed = block.slice();
      changed[at] = byte;
      const expected = snappyReference(changed);
      if (expected === undefined) malformed(changed);
      else assert.deepEqual(decode(changed), expected);
    }
  }
});

function literalOf(bytes: Uint8Array, lengthBytes = bytes.length <= 60 ? 0 : 4): Uint8Array {
  const length = bytes.length - 1;
  if (lengthBytes === 0) return concat([length << 2], bytes);
  const little = Array.from({ length: lengthBytes }, (_, i) => Math.floor(length / 256 ** i) % 256);
  return concat([(59 + lengthBytes) << 2], little, bytes);
}

/** Kind 1 only holds lengths 4 to 11 and distances up to 2047: others are brought into that range. */
function copyOf(kind: number, length: number, distance: number): Uint8Array {
  if (kind === 1) {
    const near = distance % 2_048;
    return Uint8Array.of(1 | ((length % 8) << 2) | ((near >> 8) << 5), near & 0xff);
  }
  const little = Array.from({ length: kind === 2 ? 2 : 4 }, (_, i) => Math.floor(distance / 256 ** i) % 256);
  return concat([kind | ((length - 1) << 2)], little);
}

test("the framing format is named as what it is", () => {
  const framed = concat(
    [0xff, 0x06, 0x00, 0x00],
    utf8("sNaPpY"),
    [0x01, 0x05, 0x00, 0x00],
    varint(0),
    [0x61],
  );
  assert.throws(() => decode(framed), /it is in the framing format; send the block format/);
});
