/**
 * Word to systemd, as `Type=notify` and `WatchdogSec=` want it. No runtime sends datagrams to a Unix socket, so
 * systemd's own systemd-notify does it: the unit needs NotifyAccess=all for that.
 * https://www.freedesktop.org/software/systemd/man/latest/sd_notify.html
 */
import { execFile } from "node:child_process";
import type { Supervisor } from "../platform.ts";

const program = "systemd-notify";
/** It waits until systemd has read it, for 5 s at most. */
const tellMs = 10_000;

export type Run = (program: string, args: readonly string[]) => Promise<void>;

/** The service manager that started this process, by its environment; undefined when it waits for no word. */
export function supervisorOf(
  env: Readonly<Record<string, string | undefined>>,
  pid: number,
  run: Run = runProgram,
): Supervisor | undefined {
  if (!env["NOTIFY_SOCKET"]) return undefined;
  return { watchdogMs: watchdogMs(env, pid), tell: (states) => run(program, states) };
}

/** WATCHDOG_USEC is inherited, so WATCHDOG_PID says who is meant. */
function watchdogMs(env: Readonly<Record<string, string | undefined>>, pid: number): number | undefined {
  const { WATCHDOG_USEC: microseconds = "", WATCHDOG_PID: forPid = String(pid) } = env;
  if (!/^[1-9]\d*$/.test(microseconds) || forPid !== String(pid)) return undefined;
  return Number(microseconds) / 1000;
}

function runProgram(name: string, args: readonly string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    execFile(name, [...args], { timeout: tellMs }, (error, _, stderr) => {
      if (error === null) resolve();
      else
        reject(new Error(`${name} ${args.join(" ")}: ${stderr.trim() || error.message}`, { cause: error }));
    });
  });
}
