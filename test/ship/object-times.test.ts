import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Line } from "../../src/model/line.ts";
import { ObjectTimes } from "../../src/ship/object-times.ts";
import { arbitraryLine } from "../support/arbitrary-line.ts";
import { encodeLines } from "../support/encode-line.ts";

function timesOf(...texts: readonly (string | Uint8Array)[]) {
  const times = new ObjectTimes();
  for (const text of texts) times.add(typeof text === "string" ? new TextEncoder().encode(text) : text);
  return times.range;
}

test("the range is that of the times of all lines, whatever else is in them", () => {
  fc.assert(
    fc.property(
      fc.array(fc.array(arbitraryLine, { minLength: 1, maxLength: 8 }), { maxLength: 3 }),
      (frames) => {
        const all: readonly Line[] = frames.flat();
        const times = all.flatMap((line) => (line.kind === "metadata" ? [] : [BigInt(line.time)]));
        const least = times.reduce((a, b) => (b < a ? b : a), times[0] ?? 0n);
        const greatest = times.reduce((a, b) => (b > a ? b : a), times[0] ?? 0n);
        const expected = times.length === 0 ? undefined : { minMs: least, maxMs: greatest };
        assert.deepEqual(timesOf(...frames.map((lines) => encodeLines(lines)!)), expected);
      },
    ),
    { numRuns: 1_000 },
  );
});

test("what looks like a time in a name or a label is none", () => {
  const traps = [
    '{"name":"a\\",\\"time\\":9","time":1,"value":0,"labels":{"a":"b","time":"7","z":"\\",\\"time\\":8"}}\n',
    '{"name":"m","metadata":{"type":"gauge","help":"\\",\\"time\\":3","unit":""}}\n',
    '{"name":"m","metadata":{"type":"gauge","help":"","unit":""},"labels":{"a":"","time":"-4"}}\n',
  ];
  traps.unshift("{}\n", '{"time":5,"name":"x","time":6}\n', '"\n', "\n");
  assert.deepEqual(timesOf(...traps, traps.join("")), { minMs: 1n, maxMs: 1n });
  assert.equal(timesOf(traps.at(-1)!, traps.at(-2)!), undefined);
  assert.equal(timesOf(), undefined);
});

test("times on both sides of what a number holds exactly are exact", () => {
  const texts = ["999999999999999", "1000000000000000", "-999999999999999", "-1000000000000001", "0"];
  for (const one of texts) {
    for (const other of texts) {
      const lines = [one, other]
        .map((time) => `{"name":"x","time":${time},"value":0,"labels":{}}\n`)
        .join("");
      const [a, b] = [BigInt(one), BigInt(other)];
      assert.deepEqual(timesOf(lines), a < b ? { minMs: a, maxMs: b } : { minMs: b, maxMs: a });
    }
  }
});
