/** The open file: records count once they are fsynced and the file still stands under its name. */
import { join } from "node:path";
import { ensureDirectory, syncDirectory } from "./directory.ts";
import { FileFault, isFault } from "./fault.ts";
import { gather } from "./gather.ts";
import { directoryChain, hourDirectories, partName } from "./name.ts";
import type { FileStatus, Files, OpenFile } from "./system.ts";

/** Records are gathered into writes of about this size: few system calls, and a bound on the bytes copied. */
export const writeBytesTarget = 1024 * 1024;

export interface PartOptions {
  readonly files: Files;
  /** The archive's directory. It must exist: were it a mount that is gone, creating it would fill another disk. */
  readonly directory: string;
  readonly timeMs: number;
  /** Called until it gives a stem that no file of that hour has. */
  readonly nextStem: () => string;
}

/** `durable`: the bytes are on the disk under the part's name. `moved`: they are not under that name any more. */
export type AppendResult = "durable" | "moved";

export class FilePart {
  readonly stem: string;
  readonly directory: string;
  readonly path: string;
  /** `2026/11/23/06` */
  readonly hour: string;
  /** False after a fault that leaves the file's end unknown: it takes no more records. */
  usable = true;
  /** After a fault: records that were not acked may still stand at its end, and a later start may find them. */
  mayHoldMore = false;
  #ackedBytes = 0;
  readonly #files: Files;
  readonly #file: OpenFile;
  readonly #identity: FileStatus;

  constructor(files: Files, file: OpenFile, identity: FileStatus, place: readonly string[], stem: string) {
    this.#files = files;
    this.#file = file;
    this.#identity = identity;
    this.stem = stem;
    this.directory = place.at(-1)!;
    this.path = join(this.directory, partName(stem));
    this.hour = hourKey(place);
  }

  /** Bytes from the start that are durable: what the file is worth. */
  get ackedBytes(): number {
    return this.#ackedBytes;
  }

  /**
   * Appends the records and fsyncs them. Throws a `FileFault` when that fails; the file then ends where it ended
   * before, or is no longer `usable`.
   */
  async append(records: readonly Uint8Array[]): Promise<AppendResult> {
    let end = this.#ackedBytes;
    try {
      for (const bytes of gather(records, writeBytesTarget)) end = await this.#writeFully(bytes, end);
    } catch (error) {
      await this.#truncateBack();
      throw error;
    }
    // After a failed fsync the kernel may drop the pages and call the next fsync good: never trust the file again.
    this.usable = false;
    try {
      await this.#file.datasync();
    } catch (error) {
      await this.#truncateBack();
      throw error;
    }
    const there = await this.#isUnderItsName();
    if (!there) return "moved";
    this.usable = true;
    this.#ackedBytes = end;
    return "durable";
  }

  close(): Promise<void> {
    return this.#file.close();
  }

  async #writeFully(bytes: Uint8Array, position: number): Promise<number> {
    for (let done = 0; done < bytes.length; ) {
      const written = await this.#file.write(bytes.subarray(done), position + done);
      if (written === 0) throw new FileFault("EIO", `cannot write to ${this.path}: 0 bytes were taken`);
      done += written;
    }
    return position + bytes.length;
  }

  async #truncateBack(): Promise<void> {
    try {
      await this.#file.truncate(this.#ackedBytes);
    } catch {
      // The write's own fault is the one to tell; the file is given up with its whole lines intact.
      this.usable = false;
      this.mayHoldMore = true;
    }
  }

  async #isUnderItsName(): Promise<boolean> {
    try {
      const { device, inode } = await this.#files.status(this.path);
      return device === this.#identity.device && inode === this.#identity.inode;
    } catch (error) {
      if (isFault(error, "ENOENT", "ENOTDIR")) return false;
      throw error;
    }
  }
}

/** Whether a file begun at `timeMs` belongs to the same hour as the part. */
export function isSameHour(part: FilePart, timeMs: number): boolean {
  return part.hour === hourKey(hourDirectories(timeMs));
}

function hourKey(place: readonly string[]): string {
  return place
    .slice(-4)
    .map((path) => path.slice(path.lastIndexOf("/") + 1))
    .join("/");
}

/** Creates the part of the hour of `timeMs`, its name and the names of its directories on the disk. */
export async function createPart({ files, directory, timeMs, nextStem }: PartOptions): Promise<FilePart> {
  const chain = directoryChain(directory, hourDirectories(timeMs));
  for (const path of chain.slice(1)) await ensureDirectory(files, path);
  const hourDirectory = chain.at(-1)!;
  const taken = await files.list(hourDirectory);
  let stem = nextStem();
  while (taken.some((name) => name.startsWith(stem))) stem = nextStem();
  const path = join(hourDirectory, partName(stem));
  const file = await files.create(path);
  try {
    // All of them each time: whoever created one of them may have died before its fsync.
    for (const parent of chain.toReversed()) await syncDirectory(files, parent);
    return new FilePart(files, file, await file.status(), chain, stem);
  } catch (error) {
    await Promise.allSettled([file.close(), files.remove(path)]);
    throw error;
  }
}
