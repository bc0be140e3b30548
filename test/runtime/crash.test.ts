import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { test } from "node:test";
import { reasonToSkip } from "../support/program.ts";

const root = join(import.meta.dirname, "../..");
const program = join(root, "test/support/crashing-program.ts");

for (const runtime of ["node", "bun", "deno"] as const) {
  const skip = await reasonToSkip(runtime);
  test(
    `${runtime}: what nobody caught is reported before the end`,
    skip === undefined ? {} : { skip },
    () => {
      const command = [...(runtime === "deno" ? ["run", "-A"] : []), program];
      const outputs = ["throw", "reject", "reject-nothing"].map((how) => {
        const bin = join(root, "node_modules/.bin", runtime);
        const { status, stdout } = spawnSync(bin, [...command, how], { encoding: "utf8", timeout: 30_000 });
        return `${status} ${stdout}`;
      });
      assert.deepEqual(outputs, [
        "7 caught Error: thrown\n",
        "7 caught Error: rejected\n",
        "7 caught undefined\n",
      ]);
    },
  );
}
