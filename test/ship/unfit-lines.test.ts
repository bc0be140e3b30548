import assert from "node:assert/strict";
import { test } from "node:test";
import { splitUnfit } from "../../src/ship/unfit-lines.ts";
import { lineOf } from "../batch/held-sink.ts";

function split(text: string, lineBytesMax: number) {
  const { fit, unfit } = splitUnfit(new TextEncoder().encode(text), lineBytesMax);
  const decoder = new TextDecoder();
  const refused = unfit.map(({ line, reason }) => `${reason} ${decoder.decode(line)}`);
  return { fit: decoder.decode(fit), refused };
}

test("lines below and at the limit stay together, one above is sorted out", () => {
  const text = lineOf(9, "a") + lineOf(10, "b") + lineOf(11, "c") + lineOf(1);
  assert.deepEqual(split(text, 10), {
    fit: lineOf(9, "a") + lineOf(10, "b") + lineOf(1),
    refused: [`line_too_long ${lineOf(11, "c")}`],
  });
});

test("lines that all fit are given back as they are, not copied", () => {
  const lines = new TextEncoder().encode(lineOf(10).repeat(100));
  assert.equal(splitUnfit(lines, 10).fit, lines);
  assert.equal(splitUnfit(lines, 1_000).fit, lines);
  const none = new Uint8Array();
  assert.equal(splitUnfit(none, 10).fit, none);
});

test("a rest without an end gets one and is sorted out, also when nothing else is there", () => {
  assert.deepEqual(split("ab\ncd", 10), { fit: "ab\n", refused: ["not_lines cd\n"] });
  assert.deepEqual(split("cd", 1), { fit: "", refused: ["not_lines cd\n"] });
});

test("where every line is too long nothing is left", () => {
  const { fit, refused } = split(lineOf(11).repeat(3), 10);
  assert.equal(fit, "");
  assert.equal(refused.length, 3);
});
