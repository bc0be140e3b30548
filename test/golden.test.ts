/** Every body in test/golden gives its expected lines: adding a case is dropping two files there. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { testApp } from "./support/test-app.ts";

const folder = new URL("./golden/rw1/", import.meta.url);
const names = readdirSync(folder)
  .filter((name) => name.endsWith(".snappy"))
  .map((name) => name.slice(0, -".snappy".length));

for (const name of names) {
  test(`golden rw1/${name} gives its expected lines, in order`, async () => {
    const { post, sink } = testApp();
    const response = await post(readFileSync(new URL(`${name}.snappy`, folder)));
    assert.equal(response.status, 204, await response.text());
    const expected = readFileSync(new URL(`${name}.expected.ndjson`, folder), "utf8")
      .split("\n")
      .slice(0, -1);
    const lines = sink.lines();
    const samples = lines.filter((line) => !line.includes(',"metadata":'));
    assert.deepEqual(samples.map(parse), expected.map(parse));
    if (expected.length === 0) assert.ok(lines.length > 100, "a metadata request gives metadata lines");
  });
}

/** Parsed, with the keys in their order: that is part of the format. */
function parse(line: string): unknown {
  return Object.entries(JSON.parse(line) as Record<string, unknown>);
}
