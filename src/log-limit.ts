/** An outage repeats itself: say it, then say how often, so that the log stays readable and the disk free. */
import type { Clock } from "./clock.ts";
import type { Log, LogFields, LogLevel } from "./log.ts";

export interface LogLimit {
  /** Of each message, this many are written in an interval. */
  readonly burst: number;
  readonly intervalMs: number;
}

interface Told {
  sinceMs: number;
  count: number;
}

/**
 * A log that writes each message (told apart by its text, not its fields) at most `burst` times an interval; the first
 * one of the next interval says in `suppressed` how many were left out.
 */
export function limitLog(log: Log, clock: Pick<Clock, "monotonicMs">, { burst, intervalMs }: LogLimit): Log {
  const told = new Map<string, Told>();
  const at =
    (level: LogLevel) =>
    (message: string, fields: LogFields = {}) => {
      const nowMs = clock.monotonicMs();
      let seen = told.get(message);
      let suppressed: number | undefined;
      if (seen === undefined || nowMs - seen.sinceMs >= intervalMs) {
        if (seen !== undefined && seen.count > burst) suppressed = seen.count - burst;
        seen = { sinceMs: nowMs, count: 0 };
        told.set(message, seen);
      }
      seen.count++;
      if (seen.count <= burst) log[level](message, { ...fields, suppressed });
    };
  return { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
}
