import assert from "node:assert/strict";
import { test } from "node:test";
import { MalformedError } from "../../src/errors.ts";
import { snappyDecode, snappyDecodedLength } from "../../src/wire/snappy.ts";
import { fuzz } from "../support/fuzz.ts";
import { generatedV1, generatedV2, goldenBodies } from "../support/fuzz-write.ts";
import { snappyCompress } from "../support/snappy-compress.ts";
import { snappyReference } from "../support/snappy-reference.ts";

/** The reference decoder is plain and slow. */
const comparedBytesMax = 2_000;

test("no bytes make snappy hang, fail otherwise than MalformedError, or differ from the reference decoder", () => {
  const small = [...generatedV1(), ...generatedV2()].map(snappyCompress);
  fuzz({ target: "snappy", corpus: [...small, ...goldenBodies().slice(0, 3)], check });
});

function check(block: Uint8Array): void {
  const expected = block.length > comparedBytesMax ? "unknown" : snappyReference(block);
  let output: Uint8Array | undefined;
  try {
    output = new Uint8Array(snappyDecodedLength(block));
    assert.equal(snappyDecode(block, output), output.length);
  } catch (error) {
    assert.ok(error instanceof MalformedError, String(error));
    output = undefined;
  }
  if (expected !== "unknown") assert.deepEqual(output, expected);
}
