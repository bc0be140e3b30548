/**
 * One refused line in a quarantine file, as one line of JSON:
 * `{"time":1763884800000,"sink":"kinesis:name","reason":"…","message":"…","line":"{\"name\":…}\n"}`
 * `time` is when it was kept, in ms since the epoch; `line` is the whole line as text, its `\n` included.
 */
import type { RefusedLine } from "../sink.ts";

export interface QuarantineEntry extends RefusedLine {
  /** When it was kept, in ms since the epoch. */
  readonly timeMs: number;
  /** The sink that refused it: `kinesis:name`. */
  readonly sink: string;
}

/** A service may explain itself at any length. */
const messageCharsMax = 2_000;

const encoder = new TextEncoder();
// `ignoreBOM` keeps a byte order mark that would otherwise be taken off.
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** The entry as a line, `\n` included. Throws TypeError where the refused line is not UTF-8: ours all are. */
export function encodeEntry({ timeMs, sink, reason, message, line }: QuarantineEntry): Uint8Array {
  const told = message.slice(0, messageCharsMax).toWellFormed();
  const entry = { time: timeMs, sink, reason, message: told, line: decoder.decode(line) };
  return encoder.encode(`${JSON.stringify(entry)}\n`);
}

/** Reads what `encodeEntry` wrote, with or without its `\n`; undefined where it is something else. */
export function decodeEntry(bytes: Uint8Array): QuarantineEntry | undefined {
  let value: unknown;
  try {
    value = JSON.parse(decoder.decode(bytes));
  } catch {
    // Damage, or a file that people edited: the reader counts it.
    return undefined;
  }
  if (typeof value !== "object" || value === null) return undefined;
  const { time, sink, reason, message, line } = value as Partial<Record<string, unknown>>;
  if (typeof time !== "number" || typeof sink !== "string" || typeof reason !== "string") return undefined;
  if (typeof message !== "string" || typeof line !== "string" || !line.isWellFormed()) return undefined;
  if (line.indexOf("\n") !== line.length - 1) return undefined;
  return { timeMs: time, sink, reason, message, line: encoder.encode(line) };
}
