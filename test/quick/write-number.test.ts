/** Doubles as text: the reference is JavaScript itself. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { createQuickMemory } from "../../src/quick/quick-memory.ts";
import { seededRandom } from "../support/seeded-random.ts";

const memory = createQuickMemory(1024, 1000);
const view = new DataView(new ArrayBuffer(8));

function textOf(value: number): string {
  assert.ok(memory !== undefined);
  const { lines } = memory;
  view.setFloat64(0, value);
  const end = memory.writeNumber(lines.byteOffset, view.getBigUint64(0));
  return new TextDecoder().decode(lines.subarray(0, end - lines.byteOffset));
}

function assertSame(value: number): void {
  const expected = Object.is(value, -0) ? "-0" : String(value);
  if (textOf(value) !== expected) assert.equal(textOf(value), expected);
}

test("numbers at every edge have the text that JavaScript gives them", () => {
  for (const value of [0, -0, 5e-324, 1.7976931348623157e308, 2.2250738585072014e-308, 0.1, 0.3, 1 / 3]) {
    for (const sign of [1, -1]) assertSame(sign * value);
  }
  for (let exponent = -30; exponent <= 30; exponent++) {
    for (const digits of [
      1, 1.5, 9.99, 9.99999999999999, 9.999999999999998, 1.00000000000001, 1.0000000000000002,
    ]) {
      for (const value of [digits * 10 ** exponent, Number(`${digits}e${exponent}`)]) {
        assertSame(value);
        assertSame(-value);
      }
    }
  }
  for (let bits = 0; bits < 64; bits++) {
    for (const near of [-1, 0, 1]) {
      assertSame(2 ** bits + near);
      assertSame(-(2 ** bits) + near);
      assertSame(2 ** -bits);
    }
  }
});

test("numbers with any count of digits have the text that JavaScript gives them", () => {
  const random = seededRandom(20);
  for (let i = 0; i < 300_000; i++) {
    const decimals = random(21);
    assertSame(Number(`${random(10 ** (1 + random(9)))}${random(10 ** random(9))}e-${decimals}`));
  }
});

test("doubles with any bits have the text that JavaScript gives them", () => {
  const random = seededRandom(21);
  for (let i = 0; i < 100_000; i++) {
    view.setUint32(0, random(2 ** 32));
    view.setUint32(4, random(2 ** 32));
    const value = view.getFloat64(0);
    if (Number.isFinite(value)) assertSame(value);
  }
});
