/** What senders were answered for each line, what the archive has in the end, and the verdict over both. */

/** `sent`: it may be in the archive; `acked`: it must be; `refused`: there or in the quarantine. */
type State = "sent" | "acked" | "refused";

export interface Verdict {
  readonly sent: number;
  readonly acked: number;
  /** Acked lines that are there. */
  readonly delivered: number;
  /** Acked lines that are not, and refused ones that are in no quarantine either. */
  readonly lost: readonly string[];
  /** Lines that nobody sent: altered or invented. */
  readonly unknown: readonly string[];
  /** Further copies of lines that are there. */
  readonly duplicated: number;
  /** Lines that have further copies. */
  readonly repeated: number;
  readonly quarantined: number;
}

/** Every line exactly once, whole, without its `\n`. */
export class Ledger {
  private readonly states = new Map<string, State>();

  /** Before the first attempt. Lines are told apart by their text, so no two items may share it. */
  sent(lines: readonly string[]): void {
    for (const line of lines) {
      if (this.states.has(line)) throw new Error(`sent as two items: ${line}`);
      this.states.set(line, "sent");
    }
  }

  /** After a 2xx, or a 400 that was deserved by others in the same request. */
  acked(lines: readonly string[]): void {
    for (const line of lines) this.states.set(line, "acked");
  }

  /** After a 400 that these lines did not deserve by themselves: the sink refuses some of them. */
  refused(lines: readonly string[]): void {
    for (const line of lines) this.states.set(line, "refused");
  }

  get ackedCount(): number {
    let count = 0;
    for (const state of this.states.values()) if (state === "acked") count++;
    return count;
  }

  /**
   * Compares with every line of the archive and of the quarantine, byte for byte. `ackedFirst`: behind a spool lines
   * are refused after their ack, so that an acked line may be in the quarantine instead.
   */
  judge(archived: Iterable<string>, quarantined: Iterable<string> = [], ackedFirst = false): Verdict {
    const found = new Set<string>();
    const repeated = new Set<string>();
    const kept = new Set(quarantined);
    const unknown = [...kept].filter((line) => !this.states.has(line));
    let duplicated = 0;
    for (const line of archived) {
      if (!this.states.has(line)) unknown.push(line);
      else if (!found.has(line)) found.add(line);
      else {
        duplicated++;
        repeated.add(line);
      }
    }
    const lost: string[] = [];
    let acked = 0;
    let delivered = 0;
    for (const [line, state] of this.states) {
      if (state === "acked") acked++;
      const isExcused = kept.has(line) && (state === "refused" || ackedFirst);
      if (found.has(line)) delivered += state === "acked" ? 1 : 0;
      else if (state !== "sent" && !isExcused) lost.push(line);
    }
    const counts = { sent: this.states.size, acked, delivered, duplicated, quarantined: kept.size };
    return { ...counts, repeated: repeated.size, lost, unknown };
  }
}

/** Why the verdict is bad, with a few of the lines; empty when it is good. */
export function describeFaults({ lost, unknown }: Verdict): string {
  const show = (what: string, lines: readonly string[]) =>
    lines.length === 0 ? [] : [`${lines.length} ${what}, for example:\n${lines.slice(0, 3).join("\n")}`];
  return [...show("acked lines lost", lost), ...show("unknown lines", unknown)].join("\n");
}
