/** Argument: how to crash. Reports what reached `onCrash` and ends with exit code 7. */
import type { Platform } from "../../src/platform.ts";

const platforms: Readonly<Record<string, () => Promise<{ readonly platform: Platform }>>> = {
  node: () => import("../../src/runtime/node.ts"),
  bun: () => import("../../src/runtime/bun.ts"),
  deno: () => import("../../src/runtime/deno.ts"),
};
const name = "Bun" in globalThis ? "bun" : "Deno" in globalThis ? "deno" : "node";
const { platform } = await platforms[name]!();
platform.onCrash((error) => {
  platform.writeOut(`caught ${error}\n`);
  platform.exit(7);
});
const [how] = platform.args;
setTimeout(() => {
  if (how === "throw") throw new Error("thrown");
  void Promise.reject(how === "reject" ? new Error("rejected") : undefined);
}, 10);
setTimeout(() => platform.exit(0), 5_000);
