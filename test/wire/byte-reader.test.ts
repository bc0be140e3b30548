import assert from "node:assert/strict";
import { test } from "node:test";
import { BinaryReader, BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import fc from "fast-check";
import { MalformedError } from "../../src/errors.ts";
import { ByteReader, groupDepthMax } from "../../src/wire/byte-reader.ts";
import { concat, fixed64, type Part, tag, varint, zigzag } from "../support/write-request-bytes.ts";

const reader = (...parts: readonly Part[]) => new ByteReader(concat(...parts));
const malformed = (read: () => unknown) => assert.throws(read, MalformedError);

test("a uint64 is exact over its whole range, whatever its length", () => {
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), (value) => {
      assert.equal(BigInt(reader(varint(value)).uint64()), value);
    }),
  );
  for (const value of [
    0n,
    127n,
    128n,
    2n ** 32n - 1n,
    2n ** 32n,
    2n ** 53n - 1n,
    2n ** 53n,
    2n ** 64n - 1n,
  ]) {
    const read = reader(varint(value)).uint64();
    assert.equal(BigInt(read), value);
    assert.equal(typeof read, value < 2n ** 53n ? "number" : "bigint");
  }
});

test("int64 and sint64 are exact over their whole range", () => {
  const edges = [0n, -1n, 1n, 2n ** 53n - 1n, -(2n ** 53n) + 1n, 2n ** 53n, -(2n ** 53n), 2n ** 63n - 1n];
  const int64 = fc.oneof(
    fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
    fc.constantFrom(...edges, -(2n ** 63n)),
  );
  fc.assert(
    fc.property(int64, (value) => {
      const safe = value > -(2n ** 53n) && value < 2n ** 53n;
      for (const read of [reader(varint(value)).int64(), reader(zigzag(value)).sint64()]) {
        assert.equal(BigInt(read), value);
        assert.equal(typeof read, safe ? "number" : "bigint");
        assert.ok(!Object.is(read, -0));
      }
    }),
  );
});

test("varints read as the reference reads them, minimal or not", () => {
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), fc.nat(9), (value, extra) => {
      const short = varint(value);
      const bytes = concat(varint(value, Math.min(extra, 10 - short.length)), [1]);
      assert.equal(BigInt(reader(bytes).uint64()), BigInt(new BinaryReader(bytes).uint64()));
      assert.equal(BigInt(reader(bytes).int64()), BigInt(new BinaryReader(bytes).int64()));
      assert.equal(BigInt(reader(bytes).sint64()), BigInt(new BinaryReader(bytes).sint64()));
      assert.equal(reader(bytes).uint32(), new BinaryReader(bytes).uint32());
      assert.equal(reader(bytes).sint32(), new BinaryReader(bytes).sint32());
    }),
  );
});

test("a varint of ten bytes is read, one of eleven refused", () => {
  const ten = concat(new Uint8Array(9).fill(0x80), [1]);
  const eleven = concat(new Uint8Array(10).fill(0x80), [1]);
  assert.equal(reader(ten).uint64(), 2n ** 63n);
  assert.equal(reader(ten).uint32(), 0);
  malformed(() => reader(eleven).uint64());
  malformed(() => reader(eleven).uint32());
  malformed(() => reader(eleven).tag());
});

test("what ends inside a value is refused, at every byte", () => {
  const values: readonly (readonly [Uint8Array, (r: ByteReader) => unknown])[] = [
    [varint(2n ** 64n - 1n), (r) => r.uint64()],
    [varint(2n ** 32n - 1n), (r) => r.uint32()],
    [tag(2 ** 29 - 1, 2), (r) => r.tag()],
    [fixed64(1n), (r) => r.fixed64()],
    [concat([3], [1, 2, 3]), (r) => r.lengthEnd()],
    [concat([1, 2, 3, 4]), (r) => r.skip(tag(9, 5)[0]!)],
    [concat(fixed64(1n)), (r) => r.skip(tag(9, 1)[0]!)],
  ];
  for (const [bytes, read] of values) {
    read(new ByteReader(bytes));
    for (let length = 0; length < bytes.length; length++) {
      malformed(() => read(new ByteReader(bytes.subarray(0, length))));
    }
  }
});

test("nothing is read behind the end that was set, though bytes are there", () => {
  const bounded = reader([0x80, 0x01], fixed64(1n), fixed64(1n));
  bounded.end = 1;
  malformed(() => bounded.uint32());
  bounded.end = 9;
  bounded.offset = 2;
  malformed(() => bounded.fixed64());
  bounded.end = 2;
  malformed(() => bounded.tag());
});

test("a length is taken up to the end and refused one above, however large", () => {
  assert.equal(reader([2, 7, 7]).lengthEnd(), 3);
  assert.equal(reader([3, 7, 7, 7, 7]).lengthEnd(), 4);
  malformed(() => reader([3, 7, 7]).lengthEnd());
  malformed(() => reader(varint(2 ** 32 - 1), [7]).lengthEnd());
});

test("field number 0 and any above the largest one are refused", () => {
  malformed(() => reader(varint(2n ** 32n + 8n)).tag());
  malformed(() => reader(varint(2n ** 64n - 1n)).tag());
  malformed(() => reader(varint(2n ** 32n - 6n, 1)).tag());
  assert.equal(reader(varint(10, 4)).tag(), 10);
  malformed(() => reader(varint(10, 5)).tag());
  for (let wireType = 0; wireType < 8; wireType++) malformed(() => reader([wireType]).tag());
  assert.equal(reader(tag(2 ** 29 - 1, 2)).tag() >>> 3, 2 ** 29 - 1);
});

test("unknown fields of every wire type are passed over as a whole", () => {
  const inner = concat(
    tag(1, 0),
    varint(300),
    tag(2, 1),
    fixed64(1n),
    tag(3, 2),
    [2, 0, 0],
    tag(4, 5),
    [0, 0, 0, 0],
  );
  const group = concat(inner, tag(6, 3), inner, tag(6, 4), tag(5, 4));
  const values: readonly (readonly [number, Uint8Array])[] = [
    [0, varint(2n ** 64n - 1n)],
    [1, fixed64(1n)],
    [2, concat([3, 1, 2, 3])],
    [3, group],
    [5, Uint8Array.of(1, 2, 3, 4)],
  ];
  for (const [wireType, bytes] of values) {
    const cursor = reader(tag(5, wireType), bytes, [0x55]);
    cursor.skip(cursor.tag());
    assert.equal(cursor.offset, 1 + bytes.length);
  }
});

test("a group that ends as another one, never, or before it starts is refused, as the reference refuses it", () => {
  for (const bytes of [
    concat(tag(5, 3), tag(6, 4)),
    concat(tag(5, 3), tag(6, 3), tag(5, 4), tag(6, 4)),
    concat(tag(5, 3), tag(6, 0), [1]),
    concat(tag(5, 4)),
    concat(tag(5, 6), [0]),
    concat(tag(5, 7), [0]),
  ]) {
    const cursor = new ByteReader(bytes);
    malformed(() => cursor.skip(cursor.tag()));
    const reference = new BinaryReader(bytes);
    assert.throws(() => {
      const [field, wireType] = reference.tag();
      reference.skip(wireType, field);
    });
  }
});

test("groups are followed down to the depth limit and refused one below it", () => {
  const nested = (depth: number) =>
    concat(
      ...Array.from({ length: depth }, () => tag(1, 3)),
      ...Array.from({ length: depth }, () => tag(1, 4)),
    );
  for (const depth of [groupDepthMax - 1, groupDepthMax]) {
    const cursor = reader(nested(depth));
    cursor.skip(cursor.tag());
    assert.equal(cursor.offset, cursor.end);
  }
  const deeper = reader(nested(groupDepthMax + 1));
  malformed(() => deeper.skip(deeper.tag()));
});

test("the two halves of a fixed64 keep every bit", () => {
  for (const bits of [0n, 1n, 0x7ff0_0000_0000_0002n, 0xfff8_dead_beef_cafen, 2n ** 64n - 1n]) {
    const cursor = reader(fixed64(bits));
    cursor.fixed64();
    assert.equal((BigInt(cursor.hi) << 32n) | BigInt(cursor.lo), bits);
  }
});

test("any bytes end in a value or in MalformedError, with the offset inside", () => {
  const reads = [
    "tag",
    "uint32",
    "varint64",
    "int64",
    "uint64",
    "sint64",
    "sint32",
    "fixed64",
    "lengthEnd",
  ] as const;
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 24 }), fc.constantFrom(...reads), (bytes, name) => {
      const cursor = new ByteReader(bytes);
      try {
        cursor[name]();
      } catch (error) {
        assert.ok(error instanceof MalformedError);
      }
      assert.ok(cursor.offset >= 0 && cursor.offset <= bytes.length);
    }),
    { numRuns: 2_000 },
  );
});

test("what the reference writes is read back", () => {
  const bytes = new BinaryWriter()
    .tag(3, WireType.Varint)
    .int64(-5n)
    .tag(4, WireType.LengthDelimited)
    .string("é")
    .finish();
  const cursor = new ByteReader(bytes);
  assert.equal(cursor.tag(), 3 * 8);
  assert.equal(cursor.int64(), -5);
  assert.equal(cursor.tag(), 4 * 8 + 2);
  assert.equal(cursor.lengthEnd(), bytes.length);
});
