/** Structured logs: one line an event, logfmt like Prometheus' own or JSON. No globals: each logger is a value. */
import type { Clock } from "./clock.ts";

export const logLevels = ["debug", "info", "warn", "error"] as const;
export type LogLevel = (typeof logLevels)[number];
export type LogFormat = "text" | "json";
export type LogFields = Readonly<Record<string, string | number | boolean | undefined>>;

export interface Log {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
}

export interface LogOptions {
  readonly level: LogLevel;
  readonly format: LogFormat;
  readonly clock: Pick<Clock, "now">;
  /** Receives one whole line, `\n` included. */
  readonly write: (line: string) => void;
}

/** A logger that writes events of `level` and above. Undefined fields are left out. */
export function createLog({ level, format, clock, write }: LogOptions): Log {
  const threshold = logLevels.indexOf(level);
  const at =
    (eventLevel: LogLevel) =>
    (msg: string, fields: LogFields = {}) => {
      if (logLevels.indexOf(eventLevel) < threshold) return;
      const event = { time: new Date(clock.now()).toISOString(), level: eventLevel, msg, ...fields };
      write(format === "json" ? `${JSON.stringify(event)}\n` : `${logfmt(event)}\n`);
    };
  return { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
}

function logfmt(fields: LogFields): string {
  return Object.entries(fields)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => `${key}=${quoteWhereNeeded(String(value))}`)
    .join(" ");
}

function quoteWhereNeeded(text: string): string {
  return /^[^\s"=\p{Cc}]+$/u.test(text) ? text : JSON.stringify(text);
}
