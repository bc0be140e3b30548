import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { decodeLine } from "../../src/line/decode.ts";
import { histogramFault } from "../../src/model/histogram.ts";
import { encodeLines } from "../support/encode-line.ts";

const format = readFileSync(new URL("../../src/line/FORMAT.md", import.meta.url), "utf8");
const examples = [...format.matchAll(/```json\n(.*?)```/gs)].flatMap(([, block = ""]) =>
  block.trim().split("\n"),
);

test("FORMAT.md has an example of every kind of line", () => {
  const kinds = new Set(examples.map((example) => decodeLine(Buffer.from(example)).kind));
  assert.deepEqual(
    [...kinds].sort((a, b) => a.localeCompare(b)),
    ["exemplar", "histogram", "metadata", "sample"],
  );
  assert.ok(examples.length >= 20);
});

for (const example of examples) {
  test(`FORMAT.md: ${example.slice(0, 100)} is read and written again as it stands`, () => {
    const line = decodeLine(Buffer.from(example));
    assert.equal(Buffer.from(encodeLines([line]) ?? []).toString(), `${example}\n`);
    if (line.kind === "histogram") assert.equal(histogramFault(line.histogram), undefined);
  });
}
