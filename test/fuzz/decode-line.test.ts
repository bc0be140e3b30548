import assert from "node:assert/strict";
import { test } from "node:test";
import { MalformedError } from "../../src/errors.ts";
import { decodeLine } from "../../src/line/decode.ts";
import type { Line } from "../../src/model/line.ts";
import { encodeLines } from "../support/encode-line.ts";
import { fuzz } from "../support/fuzz.ts";
import { generatedV1, generatedV2, goldenMessages, messageTaker } from "../support/fuzz-write.ts";

test("no bytes make line decode hang or fail oddly, and what it reads can be written again", () => {
  fuzz({ target: "decode-line", corpus: lines(), check });
});

function check(bytes: Uint8Array): void {
  const line = decoded(bytes);
  if (line === undefined || !isWritable(line)) return;
  const again = encodeLines([line]);
  assert.ok(again !== undefined);
  assert.deepEqual(decodeLine(again), line);
}

/** Lines that another tool rewrote are read as well; the encoder takes what comes from valid label sets. */
function isWritable({ name, labels }: Line): boolean {
  if (name === "" || labels === undefined) return name !== "";
  const names = labels.map((label) => label.name);
  const isSorted = names.every((each, i) => i === 0 || compare(names[i - 1]!, each) < 0);
  return isSorted && labels.some((label) => label.name === "__name__" && label.value === name);
}

function compare(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

function decoded(bytes: Uint8Array): Line | undefined {
  try {
    return decodeLine(bytes);
  } catch (error) {
    assert.ok(error instanceof MalformedError, String(error));
    return undefined;
  }
}

function lines(): Uint8Array[] {
  const v1 = messageTaker(1);
  const v2 = messageTaker(2);
  const corpus: Uint8Array[] = [];
  // What stands in the lines of one message is overwritten by the next.
  for (const message of [...generatedV1(), ...goldenMessages().slice(0, 1)]) {
    corpus.push(...split(v1(message)?.lines));
  }
  for (const message of generatedV2()) corpus.push(...split(v2(message)?.lines));
  return corpus;
}

function split(lines: Uint8Array = new Uint8Array(0)): Uint8Array[] {
  const parts: Uint8Array[] = [];
  for (let start = 0; start < lines.length; ) {
    const end = lines.indexOf(0x0a, start) + 1;
    parts.push(lines.slice(start, end));
    start = end;
  }
  return parts;
}
