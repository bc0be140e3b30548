/** What is in a quarantine, counted. */
import type { Files } from "../file/system.ts";
import type { QuarantineEntry } from "./entry.ts";
import type { QuarantineName } from "./name.ts";
import { listQuarantine, quarantinePath, readQuarantineFile } from "./read.ts";

/** Reasons are bounded where they are made; a file that people edited may hold any. */
const reasonsMax = 100;

export interface InspectedFile {
  readonly name: string;
  readonly state: QuarantineName["state"];
  readonly bytes: number;
  /** Lines that wait to be replayed. */
  readonly lines: number;
  readonly damaged: number;
  /** Whether it ends in the middle of a line, as a crash leaves it. */
  readonly torn: boolean;
}

export interface InspectedReason {
  readonly reason: string;
  readonly sink: string;
  lines: number;
  /** The last line that was kept for it. */
  last: QuarantineEntry;
}

export interface InspectedQuarantine {
  readonly files: readonly InspectedFile[];
  /** Most lines first. */
  readonly reasons: readonly InspectedReason[];
}

/** Reads the whole quarantine; of replayed files only the size. `files` give FileFaults, which it throws. */
export async function inspectQuarantine(files: Files, directory: string): Promise<InspectedQuarantine> {
  const reasons = new Map<string, InspectedReason>();
  const inspected: InspectedFile[] = [];
  for (const name of await listQuarantine(files, directory)) {
    inspected.push(await inspectFile(files, directory, name, reasons));
  }
  return { files: inspected, reasons: [...reasons.values()].sort((a, b) => b.lines - a.lines) };
}

async function inspectFile(
  files: Files,
  directory: string,
  { name, state, ...rest }: QuarantineName,
  reasons: Map<string, InspectedReason>,
): Promise<InspectedFile> {
  const path = quarantinePath(directory, { name, state, ...rest });
  const { bytes } = await files.status(path);
  const counts = { lines: 0, damaged: 0, torn: false };
  if (state === "replayed") return { name, state, bytes, ...counts };
  for await (const { entry, torn } of readQuarantineFile(files, path, rest.offsetBytes)) {
    if (torn) counts.torn = true;
    else if (entry === undefined) counts.damaged++;
    else {
      counts.lines++;
      note(entry, reasons);
    }
  }
  return { name, state, bytes, ...counts };
}

function note(entry: QuarantineEntry, reasons: Map<string, InspectedReason>): void {
  const reason = reasons.has(keyOf(entry)) || reasons.size < reasonsMax ? entry.reason : "others";
  const key = keyOf({ ...entry, reason });
  const known = reasons.get(key);
  if (known === undefined) reasons.set(key, { reason, sink: entry.sink, lines: 1, last: entry });
  else {
    known.lines++;
    known.last = entry;
  }
}

function keyOf({ reason, sink }: Pick<QuarantineEntry, "reason" | "sink">): string {
  return JSON.stringify([reason, sink]);
}
