/** Reading quarantine files back, also those that a crash or a disk has damaged. */
import { Buffer } from "node:buffer";
import { join } from "node:path";
import { isFault } from "../file/fault.ts";
import type { Files } from "../file/system.ts";
import { decodeEntry, type QuarantineEntry } from "./entry.ts";
import { type QuarantineName, readQuarantineName } from "./name.ts";

const readBytes = 256 * 1024;
/** A line of 1 MiB with every byte escaped is shorter: what is longer is no entry. */
const entryBytesMax = 8 * 1024 * 1024;
const newline = 0x0a;

/** One line of a quarantine file. */
export interface FoundEntry {
  /** Undefined: damaged. A line that has no end is what a crash left of a write nobody was told of. */
  readonly entry: QuarantineEntry | undefined;
  readonly torn: boolean;
  /** Where the next line starts, in bytes from the start of the file. */
  readonly endBytes: number;
}

/** The quarantine's files by name, so by the hour; none where there is no directory. `files` give FileFaults. */
export async function listQuarantine(files: Files, directory: string): Promise<readonly QuarantineName[]> {
  let names: readonly string[];
  try {
    names = await files.list(directory);
  } catch (error) {
    if (isFault(error, "ENOENT")) return [];
    throw error;
  }
  return names
    .map(readQuarantineName)
    .filter((name) => name !== undefined)
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** Every line of a file from `offsetBytes` on, which is where a line starts. Throws FileFault. */
export async function* readQuarantineFile(
  files: Files,
  path: string,
  offsetBytes = 0,
): AsyncGenerator<FoundEntry> {
  const file = await files.open(path);
  try {
    /** The begin of a line whose end has not come yet; of one that is too long only its length is kept. */
    let begun: Uint8Array[] = [];
    let begunBytes = 0;
    let position = offsetBytes;
    for (;;) {
      const buffer = new Uint8Array(readBytes);
      const count = await file.read(buffer, position);
      if (count === 0) break;
      const chunk = buffer.subarray(0, count);
      let start = 0;
      for (let end = chunk.indexOf(newline); end >= 0; end = chunk.indexOf(newline, start)) {
        const last = chunk.subarray(start, end);
        const isWhole = begunBytes + last.length <= entryBytesMax;
        const entry = isWhole ? decodeEntry(Buffer.concat([...begun, last])) : undefined;
        start = end + 1;
        yield { entry, torn: false, endBytes: position + start };
        begun = [];
        begunBytes = 0;
      }
      const rest = chunk.subarray(start);
      begunBytes += rest.length;
      if (begunBytes <= entryBytesMax) begun.push(rest);
      else begun = [];
      position += count;
    }
    if (begunBytes > 0) yield { entry: undefined, torn: true, endBytes: position };
  } finally {
    await file.close();
  }
}

/** The path of a file of the quarantine. */
export function quarantinePath(directory: string, { name }: QuarantineName): string {
  return join(directory, name);
}
