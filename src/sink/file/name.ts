/**
 * Where a file of the archive stands and what it is called: `YYYY/MM/DD/HH/<stem>.ndjson.gz` in UTC. A stem is
 * `<time>-<8 hex of chance>-<sequence>`: names sort by time and no two processes make the same.
 *
 *     <stem>.ndjson.part             being written: plain lines, may end in the middle of one
 *     <stem>.ndjson.<8 hex>.recover  a part of an earlier run that a start has taken over
 *     <stem>.ndjson.gz.<8 hex>.tmp   being compressed; worth nothing
 *     <stem>.ndjson[.gz|.zst]        finished: never changes again
 */
import { join } from "node:path";
import type { Compression } from "../../compression.ts";

const endings: Readonly<Record<Compression, string>> = {
  none: ".ndjson",
  gzip: ".ndjson.gz",
  zstd: ".ndjson.zst",
};

/** The names of the directories from year to hour: `["2026", "11", "23", "06"]`. */
export function hourDirectories(timeMs: number): readonly [string, string, string, string] {
  const iso = new Date(timeMs).toISOString();
  return [iso.slice(0, 4), iso.slice(5, 7), iso.slice(8, 10), iso.slice(11, 13)];
}

/** Whether `name` can be a directory of the archive at `depth` (0: year … 3: hour). */
export function isArchiveDirectory(name: string, depth: number): boolean {
  return (depth === 0 ? /^\d{4}$/ : /^\d\d$/).test(name);
}

/** `20261123T061600123Z-3f9a0c1d-000001` */
export function fileStem(timeMs: number, processHex: string, sequence: number): string {
  const time = new Date(timeMs).toISOString().replaceAll(/[-:.]/g, "");
  return `${time}-${processHex}-${String(sequence).padStart(6, "0")}`;
}

/** The name of the file that is being written. */
export function partName(stem: string): string {
  return `${stem}.ndjson.part`;
}

/** The name of a part that recovery has taken over; `hex` is new for each take-over. */
export function recoverName(stem: string, hex: string): string {
  return `${stem}.ndjson.${hex}.recover`;
}

/** The name under which readers find the file. */
export function finalName(stem: string, compression: Compression): string {
  return stem + endings[compression];
}

/** The name of the unfinished form of `finalName`. */
export function temporaryName(stem: string, compression: Compression, hex: string): string {
  return `${finalName(stem, compression)}.${hex}.tmp`;
}

/** The name of the file that tests at the start whether the archive can be written. */
export function probeName(hex: string): string {
  return `probe-${hex}.tmp`;
}

export function isProbeName(name: string): boolean {
  return /^probe-[0-9a-f]{8}\.tmp$/.test(name);
}

export interface Leftover {
  /** `part`: holds lines that may exist nowhere else. `temporary`: its lines are in a part as well. */
  readonly kind: "part" | "temporary";
  readonly stem: string;
}

/** What an earlier run left under this name; undefined for finished and foreign files. */
export function leftoverOf(name: string): Leftover | undefined {
  const part = /^(.+?)\.ndjson\.(?:part|[0-9a-f]{8}\.recover)$/.exec(name)?.[1];
  if (part !== undefined) return { kind: "part", stem: part };
  const temporary = /^(.+?)\.ndjson(?:\.gz|\.zst)?\.[0-9a-f]{8}\.tmp$/.exec(name)?.[1];
  return temporary === undefined ? undefined : { kind: "temporary", stem: temporary };
}

/** The path of a directory of the archive and of all above it, from the archive's own directory downwards. */
export function directoryChain(directory: string, names: readonly string[]): readonly string[] {
  const chain = [directory];
  for (const name of names) chain.push(join(chain.at(-1)!, name));
  return chain;
}
