/** The processes of the bench: one for each measurement, under the runtime it is about. */
import { cpus } from "node:os";
import { join } from "node:path";
import type { Figure } from "../test/bench/measure.ts";
import { runCommand } from "./test-process.ts";
import { findRuntime, type RuntimeName, runtimeNames } from "./test-runtimes.ts";

const root = join(import.meta.dirname, "..");
const timeoutMs = 600_000;
/** So that garbage of one contender is not collected at the cost of the next. */
const collecting: Readonly<Record<RuntimeName, readonly string[]>> = {
  node: ["--expose-gc"],
  bun: ["--expose-gc"],
  deno: ["run", "-A", "--no-check", "--v8-flags=--expose-gc"],
};

/** Runs `test/bench/child.ts` under a runtime; answers with the figures it prints. */
export async function runChild(runtime: RuntimeName, figure: string, input: string): Promise<Figure[]> {
  const command = [
    join(root, "node_modules/.bin", runtime),
    ...collecting[runtime],
    join(root, "test/bench/child.ts"),
    ...[figure, input],
  ];
  const { exitCode, output } = await runCommand(command, { cwd: root, timeoutMs, env: process.env });
  if (exitCode !== 0) throw new Error(`ended with ${exitCode}: ${output.slice(-2_000)}`);
  return output
    .split("\n")
    .filter((line) => line.startsWith('{"figure"'))
    .map((line) => ({ ...(JSON.parse(line) as Figure), runtime }));
}

/** The ratio gate as CI runs it; answers with the exit code. */
export async function runShort(): Promise<number> {
  const command = [join(root, "node_modules/.bin/node"), "--test", "test/bench/gate.test.ts"];
  const { exitCode, output } = await runCommand(command, { cwd: root, timeoutMs, env: process.env });
  console.log(output);
  return exitCode === 0 ? 0 : 1;
}

/** The machine and the runtimes, in one line. */
export function versionsLine(): string {
  const runtimes = runtimeNames.map((name) => {
    const found = findRuntime(name, root);
    return typeof found === "string" ? found : `${name} ${found.version}`;
  });
  const [cpu] = cpus();
  return `${cpus().length} × ${cpu?.model ?? "unknown CPU"}; ${runtimes.join(", ")}`;
}
