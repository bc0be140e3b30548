import process from "node:process";
import type { ProcessUsage } from "../platform.ts";

/** What this process has used so far, as all three runtimes tell it. */
export function usageOfProcess(): ProcessUsage {
  const { user, system } = process.cpuUsage();
  return { cpuSeconds: (user + system) / 1e6, residentBytes: process.memoryUsage.rss() };
}
