/** What /proc tells about a process. */
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

/** USER_HZ, which is 100 on every Linux. */
const tickNs = 1e7;

/** User and system time of all threads so far, in ns; known to a hundredth of a second. */
export function cpuNsOfProcess(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  // The second field, the name in parentheses, may hold anything.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) * tickNs;
}

/** Resident memory now and at its highest, in MiB. */
export function memoryMiBOf(pid: number): { readonly rss: number; readonly peak: number } {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  const of = (name: string) => Number(new RegExp(`${name}:\\s+(\\d+) kB`).exec(status)?.[1] ?? 0) / 1024;
  return { rss: of("VmRSS"), peak: of("VmHWM") };
}

/** Waits until the process does next to nothing: less than a fiftieth of a core for a second. */
export async function untilIdle(pid: number): Promise<void> {
  for (let before = cpuNsOfProcess(pid), tries = 0; tries < 60; tries++) {
    await sleep(1_000);
    const now = cpuNsOfProcess(pid);
    if (now - before <= 2 * tickNs) return;
    before = now;
  }
  throw new Error(`process ${pid} is still busy a minute after its last request`);
}
