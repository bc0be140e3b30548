/**
 * Names of quarantine files, all in one directory:
 *
 *     quarantine-2026-11-23T08-3f9a0c1d.ndjson                  holds refused lines, maybe still written to
 *     quarantine-2026-11-23T08-3f9a0c1d.ndjson.8192.replaying   replayed up to byte 8192, the rest is not
 *     quarantine-2026-11-23T08-3f9a0c1d.ndjson.replayed         nothing in it is needed any more
 */

/** What is to be done with a file of the quarantine. */
export interface QuarantineName {
  readonly name: string;
  /** `quarantine-….ndjson` */
  readonly stem: string;
  readonly state: "kept" | "replaying" | "replayed";
  /** Up to where it is replayed, in bytes. */
  readonly offsetBytes: number;
}

/** The name of a new file; the hour in UTC, so that names sort by time. */
export function quarantineName(timeMs: number, hex: string): string {
  return `quarantine-${hourOf(timeMs)}-${hex}.ndjson`;
}

/** `2026-11-23T08` */
export function hourOf(timeMs: number): string {
  return new Date(timeMs).toISOString().slice(0, 13);
}

export function replayingName(stem: string, offsetBytes: number): string {
  return `${stem}.${offsetBytes}.replaying`;
}

export function replayedName(stem: string): string {
  return `${stem}.replayed`;
}

/** What a name in the directory says; undefined for files that are not the quarantine's. */
export function readQuarantineName(name: string): QuarantineName | undefined {
  const found =
    /^(quarantine-\d{4}-\d\d-\d\dT\d\d-[0-9a-f]{8}\.ndjson)(\.replayed|\.(\d{1,15})\.replaying)?$/.exec(name);
  if (found === null) return undefined;
  const [, stem = "", ending, offset] = found;
  const state = ending === undefined ? "kept" : offset === undefined ? "replayed" : "replaying";
  return { name, stem, state, offsetBytes: Number(offset ?? 0) };
}
