import type { Quarantine, RefusedLine } from "../../src/sink/sink.ts";

/** A quarantine that keeps lines as text; `fails` makes it reject. */
export class MemoryQuarantine implements Quarantine {
  readonly lines: string[] = [];
  readonly reasons: string[] = [];
  /** How many lines each call brought. */
  readonly calls: number[] = [];
  fails = false;

  async keep(lines: readonly RefusedLine[], sinkName: string): Promise<string> {
    this.calls.push(lines.length);
    if (this.fails) throw new Error("the quarantine's disk is full");
    for (const { line, reason } of lines) {
      this.lines.push(new TextDecoder("utf-8", { fatal: true }).decode(line));
      this.reasons.push(reason);
    }
    return `quarantine/${sinkName.replace(/\W/g, "")}.ndjson`;
  }
}
