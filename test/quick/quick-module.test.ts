import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { quickModuleFile } from "../../scripts/build-wasm.ts";

test("the module is the one that the AssemblyScript becomes", async () => {
  const kept = readFileSync(new URL("../../src/quick/quick-module.ts", import.meta.url), "utf8");
  assert.ok((await quickModuleFile()) === kept, "run bun scripts/build-wasm.ts");
});
