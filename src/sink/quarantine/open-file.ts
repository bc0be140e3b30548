/** The quarantine file that is written to: entries count once they are fsynced and it stands under its name. */
import { join } from "node:path";
import { type Random, randomHex } from "../../clock.ts";
import { ensureDirectories, syncDirectory } from "../file/directory.ts";
import { FileFault, isFault } from "../file/fault.ts";
import type { FileStatus, Files, OpenFile } from "../file/system.ts";
import { hourOf, quarantineName } from "./name.ts";

const createAttemptsMax = 8;

export class QuarantineFile {
  readonly path: string;
  /** `2026-11-23T08`, when it was begun. */
  readonly hour: string;
  #bytes = 0;
  readonly #files: Files;
  readonly #file: OpenFile;
  readonly #identity: FileStatus;

  constructor(files: Files, file: OpenFile, identity: FileStatus, path: string, hour: string) {
    this.#files = files;
    this.#file = file;
    this.#identity = identity;
    this.path = path;
    this.hour = hour;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /**
   * Appends and fsyncs. `moved`: the bytes are not under the file's name, because someone renamed or removed it.
   * Throws FileFault; after it, and when it was moved, the file takes nothing more.
   */
  async append(bytes: Uint8Array): Promise<"durable" | "moved"> {
    const start = this.#bytes;
    try {
      for (let done = 0; done < bytes.length; ) {
        const written = await this.#file.write(bytes.subarray(done), start + done);
        if (written === 0) throw new FileFault("EIO", `cannot write to ${this.path}: 0 bytes were taken`);
        done += written;
      }
    } catch (error) {
      // Half an entry at the end is what readers pass over anyhow; the fault of the write is the one to tell.
      await this.#file.truncate(start).catch(() => undefined);
      throw error;
    }
    await this.#file.datasync();
    if (!(await this.#isUnderItsName())) return "moved";
    this.#bytes = start + bytes.length;
    return "durable";
  }

  close(): Promise<void> {
    return this.#file.close();
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

/** Creates a new file, and the directory where it is missing, their names on the disk. Throws FileFault. */
export async function createQuarantineFile(
  files: Files,
  directory: string,
  timeMs: number,
  random: Random,
): Promise<QuarantineFile> {
  await ensureDirectories(files, directory);
  for (let attempt = 1; ; attempt++) {
    const path = join(directory, quarantineName(timeMs, randomHex(random)));
    let file: OpenFile;
    try {
      file = await files.create(path);
    } catch (error) {
      if (isFault(error, "EEXIST") && attempt < createAttemptsMax) continue;
      throw error;
    }
    try {
      await syncDirectory(files, directory);
      return new QuarantineFile(files, file, await file.status(), path, hourOf(timeMs));
    } catch (error) {
      await Promise.allSettled([file.close(), files.remove(path)]);
      throw error;
    }
  }
}
