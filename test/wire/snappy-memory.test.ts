import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import fc from "fast-check";
import { snappyModuleFile } from "../../scripts/build-wat.ts";
import { MalformedError } from "../../src/errors.ts";
import { snappyDecode, snappyDecodedLength } from "../../src/wire/snappy.ts";
import {
  createSnappyRoom,
  messageBytesMax,
  snappyMessage,
  snappyRoomBytes,
} from "../../src/wire/snappy-memory.ts";
import { createWasmMemory } from "../../src/wire/wasm.ts";
import { goldenBodies, uncompressedBlock } from "../support/fuzz-write.ts";
import { snappyCompress } from "../support/snappy-compress.ts";
import { concat, varint } from "../support/write-request-bytes.ts";

const wire = new URL("../../src/wire/", import.meta.url);

function byReference(block: Uint8Array): Uint8Array {
  const output = new Uint8Array(snappyDecodedLength(block));
  snappyDecode(block, output);
  return output;
}

/** The bytes, or why there are none. */
function outcome(decode: (block: Uint8Array) => Uint8Array, block: Uint8Array): string {
  try {
    return `bytes ${decode(block).join()}`;
  } catch (error) {
    assert.ok(error instanceof MalformedError, String(error));
    return error.message;
  }
}

const memory = createWasmMemory(snappyRoomBytes);
const room = createSnappyRoom(memory, 0);
const decode = (block: Uint8Array) => snappyMessage(block, room);

function assertSame(block: Uint8Array): void {
  assert.ok(outcome(decode, block) === outcome(byReference, block), `block ${block.join()}`);
}

test("the module is the one that snappy.wat becomes", async () => {
  const wat = readFileSync(new URL("snappy.wat", wire), "utf8");
  assert.equal(await snappyModuleFile(wat), readFileSync(new URL("snappy-module.ts", wire), "utf8"));
});

test("bodies of real senders decode as by the reference, whole, cut anywhere, and with any byte changed", () => {
  for (const body of goldenBodies()) assertSame(body);
  const [body] = goldenBodies();
  assert.ok(body !== undefined);
  const places = fc.integer({ min: 0, max: body.length });
  fc.assert(
    fc.property(places, fc.integer({ min: 0, max: 255 }), (place, byte) => {
      assertSame(body.subarray(0, place));
      assertSame(concat(body.subarray(0, place), [byte], body.subarray(place + 1)));
    }),
    { numRuns: 300 },
  );
});

test("any elements decode as by the reference", () => {
  const number = (bytes: number) => fc.uint8Array({ minLength: bytes, maxLength: bytes });
  const small = fc.integer({ min: 1, max: 70 });
  const literal = fc
    .oneof(small, fc.integer({ min: 1, max: 300 }))
    .chain((length) =>
      fc.uint8Array({ minLength: length, maxLength: length }).map((bytes) => uncompressedBlock(bytes)),
    );
  const element = fc.oneof(
    // Without its preamble, which is the length as a varint.
    literal.map((block) => block.subarray(block.findIndex((byte) => byte < 0x80) + 1)),
    fc.tuple(fc.integer({ min: 0, max: 63 }), small).map(([length, to]) => [(length << 2) | 2, to, 0]),
    fc.tuple(fc.integer({ min: 0, max: 63 }), small).map(([length, to]) => [(length << 2) | 3, to, 0, 0, 0]),
    fc.tuple(fc.integer({ min: 0, max: 7 }), small).map(([length, to]) => [(length << 2) | 1, to]),
    fc.integer({ min: 1, max: 4 }).chain((bytes) => number(bytes).map((of) => [(59 + bytes) << 2, ...of])),
    number(3),
  );
  fc.assert(
    fc.property(fc.array(element, { maxLength: 12 }), fc.integer({ min: -2, max: 2 }), (elements, by) => {
      // Nearly always as long as the elements are, so that they are not refused for that alone.
      const length = elements.reduce((sum, [tag = 0, ...rest]) => {
        const isLong = (tag & 3) === 0 && tag >>> 2 > 59;
        return sum + ((tag & 3) === 1 ? ((tag >>> 2) & 7) + 4 : isLong ? rest.length - 4 : (tag >>> 2) + 1);
      }, 0);
      assertSame(concat(varint(Math.max(0, length + (by % 2))), ...elements));
    }),
    { numRuns: 2_000 },
  );
});

test("messages are decoded in one room up to its size, and in one of their own above", () => {
  const largest = new Uint8Array(messageBytesMax).map((_, i) => i % 251);
  const decoded = decode(snappyCompress(largest));
  assert.ok(Buffer.compare(decoded, largest) === 0);
  const stored = decode(uncompressedBlock(largest));
  assert.ok(Buffer.compare(stored, largest) === 0);
  assert.equal(decode(snappyCompress(new Uint8Array(messageBytesMax + 1))).length, messageBytesMax + 1);
  assert.equal(stored.buffer, decoded.buffer);
  assert.notEqual(decode(snappyCompress(new Uint8Array(messageBytesMax + 1))).buffer, decoded.buffer);
  assert.equal(decode(Uint8Array.of(0)).length, 0);
});
