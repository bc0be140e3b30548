import assert from "node:assert/strict";
import { test } from "node:test";
import { figureNames, plan } from "../../scripts/bench-plan.ts";
import { reasonToSkip } from "../bench/receiver.ts";
import { programKinds } from "../support/program.ts";

const linux = reasonToSkip("bun");

function namesOf(
  figures: readonly string[],
  runtimes: readonly string[] = [],
  inputs: readonly string[] = [],
) {
  const said: string[] = [];
  const names = plan({ figures, runtimes, inputs, say: (text) => said.push(text) }).map(({ name }) => name);
  return { names, said };
}

test("there is something to measure of every figure under every runtime", { skip: linux ?? false }, () => {
  for (const figure of figureNames) {
    for (const runtime of programKinds) {
      // The executable runs no code of the bench.
      if (runtime === "binary" && ["stages", "ingest", "network", "put", "growth"].includes(figure)) continue;
      assert.ok(namesOf([figure], [runtime]).names.length > 0, `${figure} under ${runtime}`);
    }
  }
});

test("the program is measured with each sink and compression, beside vmagent", {
  skip: linux ?? false,
}, () => {
  const { names, said } = namesOf(["program"], [], ["rw1-100k"]);
  for (const sink of ["kinesis", "firehose", "file"])
    for (const compression of ["none", "gzip", "zstd"])
      assert.ok(names.includes(`program bun ${sink} ${compression} rw1-100k`), names.join("\n"));
  const relay = names.includes("program vmagent relay rw1-100k");
  // What is left out is told, with what to install.
  if (!relay) assert.match(said.join("\n"), /vmagent: not measured: .*apt-get install victoria-metrics/);
});
