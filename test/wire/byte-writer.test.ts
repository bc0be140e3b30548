import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { ByteWriter, WriterFullError } from "../../src/wire/byte-writer.ts";

const textOf = (writer: ByteWriter) => new TextDecoder().decode(writer.written());

test("every whole number within ±(2^53 − 1) is written with its digits", () => {
  const powers = Array.from({ length: 16 }, (_, i) => 10 ** i);
  const edges = [...powers, ...powers.map((power) => power - 1), 2 ** 31, 2 ** 32, 2 ** 53 - 1, 999_999_999];
  const numbers = fc.oneof(fc.maxSafeInteger(), fc.integer(), fc.constantFrom(...edges));
  const writer = new ByteWriter(1_000);
  fc.assert(
    fc.property(numbers, (value) => {
      for (const signed of [value, -value]) {
        writer.clear(1_000);
        writer.integer(signed);
        assert.equal(textOf(writer), String(signed));
      }
    }),
    { numRuns: 2_000 },
  );
});

test("what is written stays as it grows, up to its limit and not one byte more", () => {
  const bytesMax = 200_001;
  const writer = new ByteWriter(bytesMax);
  const unit = "0123456789";
  for (let i = 0; i < 20_000; i++) writer.ascii(unit);
  writer.ascii("x");
  assert.equal(writer.length, bytesMax);
  assert.equal(textOf(writer), `${unit.repeat(20_000)}x`);
  assert.ok(writer.bytes.length <= bytesMax);
  assert.throws(() => writer.ascii("y"), WriterFullError);
  assert.throws(() => writer.reserve(1), WriterFullError);
  assert.equal(writer.length, bytesMax);
});

test("repeat writes earlier bytes once more, also where it has to grow", () => {
  const writer = new ByteWriter(1 << 20);
  writer.ascii("abc".repeat(20_000));
  for (let i = 0; i < 4; i++) writer.repeat(1, 60_000);
  assert.equal(textOf(writer), "abc".repeat(20_000) + "abc".repeat(20_000).slice(1).repeat(4));
});

test("repeat is refused above the limit, and what was written stays", () => {
  const writer = new ByteWriter(10);
  writer.ascii("123456");
  assert.throws(() => writer.repeat(0, 5), WriterFullError);
  writer.repeat(0, 4);
  assert.equal(textOf(writer), "1234561234");
});

test("clear starts over and gives memory back only above what it may keep", () => {
  const writer = new ByteWriter(1 << 22);
  writer.ascii("x".repeat(1 << 20));
  const grown = writer.bytes.length;
  writer.clear(grown);
  assert.equal(writer.length, 0);
  assert.equal(writer.bytes.length, grown);
  writer.ascii("y");
  writer.clear(grown - 1);
  assert.ok(writer.bytes.length < grown);
  writer.ascii("z");
  assert.equal(textOf(writer), "z");
});
