/** Lines that go to a sink at once: the ack law and its kin over many seeds (over-seeds.ts). */
import assert from "node:assert/strict";
import { test } from "node:test";
import { testSeeds } from "./over-seeds.ts";
import { topologies } from "./settings.ts";
import { simulate } from "./simulate.ts";

testSeeds("direct");
testSeeds("file");
testSeeds("kinesis");

test("the same seed gives the same run", async () => {
  for (const topology of topologies) {
    assert.deepEqual(await simulate(7, topology), await simulate(7, topology), topology);
  }
});
