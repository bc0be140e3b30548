import assert from "node:assert/strict";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import { decodeLine } from "../../src/line/decode.ts";
import { LineSource } from "../../src/plan/series.ts";
import { encodeLines } from "../support/encode-line.ts";
import { seededRandom } from "../support/virtual-clock.ts";

test("made-up lines are lines: they read back, and are written the same", () => {
  const text = new LineSource({ series: 500, samplesPerSecond: 100 }, seededRandom(1)).next(1_200);
  const lines = text
    .split("\n")
    .slice(0, -1)
    .map((line) => decodeLine(new TextEncoder().encode(line)));
  assert.equal(lines.length, 1_200);
  assert.equal(new TextDecoder().decode(encodeLines(lines)), text);
});

test("series come in turns, each with 8 to 12 labels and times that go on", () => {
  const source = new LineSource({ series: 300, samplesPerSecond: 100 }, seededRandom(1));
  const rounds = [source.next(300), source.next(300)].map((text) => text.split("\n").slice(0, -1));
  const seriesOf = (line: string) => line.slice(line.indexOf('"labels"'));
  const [first, second] = rounds.map((lines) => lines.map(seriesOf));
  assert.deepEqual(first, second);
  assert.equal(new Set(first).size, 300);
  for (const line of rounds[0]!) {
    const { labels } = JSON.parse(line);
    const count = Object.keys(labels).length;
    assert.ok(count >= 8 && count <= 12, line);
  }
  const times = rounds.flat().map((line) => JSON.parse(line).time);
  assert.ok(times.at(-1) - times[0] > 3_000 && times.at(-1) - times[0] < 9_000);
});

test("they compress as those of real servers do: 12 to 24 times", () => {
  const text = new LineSource({ series: 100_000, samplesPerSecond: 1_000 }, seededRandom(1)).next(3_000);
  const ratio = text.length / gzipSync(text).length;
  assert.ok(ratio > 12 && ratio < 24, `${ratio}`);
});
