import type { RefusedLine } from "../sink/sink.ts";

const newline = 0x0a;

export interface SplitLines {
  /** Whole lines that the sink can take. */
  readonly fit: Uint8Array;
  readonly unfit: readonly RefusedLine[];
}

/** Sorts out lines longer than `lineBytesMax` bytes, `\n` included, and a rest that does not end with `\n`. */
export function splitUnfit(lines: Uint8Array, lineBytesMax: number): SplitLines {
  if (allFit(lines, lineBytesMax)) return { fit: lines, unfit: [] };
  const fit: Uint8Array[] = [];
  const unfit: RefusedLine[] = [];
  for (let start = 0; start < lines.length; ) {
    const found = lines.indexOf(newline, start);
    const end = found < 0 ? lines.length : found + 1;
    const line = lines.subarray(start, end);
    if (found < 0) {
      unfit.push({ line: withEnd(line), reason: "not_lines", message: "a line without an end" });
    } else if (line.length > lineBytesMax) {
      const message = `a line of ${line.length} bytes, where the sink takes ${lineBytesMax}`;
      unfit.push({ line, reason: "line_too_long", message });
    } else fit.push(line);
    start = end;
  }
  return { fit: joined(fit), unfit };
}

/** Whether these are whole lines of at most `lineBytesMax` bytes; looks at few bytes only. */
function allFit(lines: Uint8Array, lineBytesMax: number): boolean {
  if (lines.length > 0 && lines.at(-1) !== newline) return false;
  for (let start = 0; lines.length - start > lineBytesMax; ) {
    const cut = lines.lastIndexOf(newline, start + lineBytesMax - 1) + 1;
    if (cut <= start) return false;
    start = cut;
  }
  return true;
}

function withEnd(line: Uint8Array): Uint8Array {
  const whole = new Uint8Array(line.length + 1);
  whole.set(line);
  whole[line.length] = newline;
  return whole;
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
