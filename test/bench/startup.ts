/** From starting a program to its first answer, and what it takes while it has nothing to do. */
import { setTimeout as sleep } from "node:timers/promises";
import type { ProgramKind } from "../support/program.ts";
import type { Figure } from "./measure.ts";
import { memoryMiBOf } from "./process-figures.ts";
import { withReceiver } from "./receiver.ts";

const idleMs = 3_000;

/** Into files, so that nothing else has to be reached first. */
export async function measureStartup(kind: ProgramKind): Promise<Figure> {
  // The executable is built when it is first asked for.
  await withReceiver({ kind, args: [], nullUrl: "http://127.0.0.1:1/" }, () => Promise.resolve());
  const startedMs = performance.now();
  return await withReceiver({ kind, args: [], nullUrl: "http://127.0.0.1:1/" }, async ({ url, pid }) => {
    const ready = await fetch(new URL("/-/ready", url));
    const readyMs = performance.now() - startedMs;
    if (!ready.ok) throw new Error(`/-/ready answered ${ready.status}`);
    await sleep(idleMs);
    const { rss } = memoryMiBOf(pid);
    return {
      figure: "startup",
      part: "idle",
      input: "",
      runtime: kind,
      values: { readyMs, idleRssMiB: rss },
    };
  });
}
