import assert from "node:assert/strict";
import { test } from "node:test";
import { oneLine, tableOf } from "../../scripts/bench-table.ts";
import type { Figure } from "../bench/measure.ts";

function figure(cpuNsPerSample: number, part = "gzip", more: Record<string, number> = {}): Figure {
  return { figure: "ingest", part, input: "rw1-10k", runtime: "bun", values: { cpuNsPerSample, ...more } };
}

test("runs of one figure become a row with their median and from where to where they spread", () => {
  const table = tableOf([
    figure(620, "gzip", { toFloor: 1.5 }),
    figure(560),
    figure(1_900),
    figure(4.25, "x"),
  ]);
  const [title, , head, , gzip, other] = table.split("\n").map((line) => line.replace(/ +/g, " ").trim());
  assert.equal(title, "## ingest");
  assert.equal(head, "| input | part | runtime | ns/sample | × floor | spread |");
  assert.equal(gzip, "| rw1-10k | gzip | bun | 620 | 1.5 | 560–1,900 |");
  assert.equal(other, "| rw1-10k | x | bun | 4.3 | | |");
});

test("each kind of figure has its own table, and single looks of a soak have none", () => {
  const looks: Figure = { figure: "soak", part: "series", input: "rw1-100k", values: { rssMiB: 150 } };
  const whole: Figure = { ...looks, part: "whole", values: { rssPeakMiB: 151 } };
  const table = tableOf([figure(1), looks, whole]);
  assert.deepEqual(table.match(/^## .*/gm), ["## ingest", "## soak"]);
  assert.ok(!table.includes("rssMiB"));
});

test("one figure is told in a line", () => {
  assert.equal(
    oneLine(figure(1_234, "gzip", { p50Ms: 0 })),
    "ingest, gzip, rw1-10k, bun: ns/sample 1,234, p50 ms 0",
  );
});
