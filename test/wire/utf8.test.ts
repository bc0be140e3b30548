import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { isUtf8 } from "../../src/wire/utf8.ts";

const decoder = new TextDecoder("utf-8", { fatal: true });

test("every sequence of two bytes, and of three with a third at an edge, is judged as TextDecoder judges it", () => {
  for (let lead = 0x7f; lead < 256; lead++) {
    for (let second = 0; second < 256; second++) {
      agree(Uint8Array.of(lead, second));
      for (const third of [0x41, 0x80, 0xbf, 0xc0]) agree(Uint8Array.of(lead, second, third));
    }
  }
});

test("four-byte sequences at every edge are judged as TextDecoder judges them", () => {
  const edges = [0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0];
  for (let lead = 0xe0; lead < 256; lead++) {
    for (const second of edges) {
      for (const third of edges) {
        for (const fourth of edges) agree(Uint8Array.of(lead, second, third, fourth));
      }
    }
  }
});

test("any bytes are judged as TextDecoder judges them", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 40 }), agree), { numRuns: 2_000 });
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 40 }), fc.nat(160), fc.nat(255), (text, at, byte) => {
      const bytes = new TextEncoder().encode(text);
      agree(bytes);
      if (bytes.length > 0) bytes[at % bytes.length] = byte;
      agree(bytes);
    }),
    { numRuns: 2_000 },
  );
});

test("only the bytes between start and end count, and a character may not end behind them", () => {
  const bytes = Uint8Array.of(0xff, 0xe2, 0x82, 0xac, 0xff);
  assert.equal(isUtf8(bytes, 1, 4), true);
  assert.equal(isUtf8(bytes, 1, 3), false);
  assert.equal(isUtf8(bytes, 2, 4), false);
  assert.equal(isUtf8(bytes, 2, 2), true);
});

function agree(bytes: Uint8Array): void {
  let expected = true;
  try {
    decoder.decode(bytes);
  } catch {
    expected = false;
  }
  assert.equal(isUtf8(bytes, 0, bytes.length), expected, `[${bytes}]`);
}
