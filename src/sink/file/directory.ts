/** Directories whose names survive a power cut: a new name is on the disk once its parent directory is fsynced. */
import { dirname } from "node:path";
import { isFault } from "./fault.ts";
import type { Files } from "./system.ts";

/** Fsyncs a directory, so that the names in it are on the disk. */
export async function syncDirectory(files: Files, path: string): Promise<void> {
  const directory = await files.open(path);
  try {
    await directory.sync();
  } catch (error) {
    // Some file systems (FUSE, CIFS) cannot fsync a directory and say so with these; they have no more to give.
    if (!isFault(error, "EINVAL", "ENOTSUP", "EOPNOTSUPP")) throw error;
  } finally {
    await directory.close();
  }
}

/** Creates one directory unless the name is there already. */
export async function ensureDirectory(files: Files, path: string): Promise<void> {
  try {
    await files.makeDirectory(path);
  } catch (error) {
    if (!isFault(error, "EEXIST")) throw error;
  }
}

/**
 * Creates `path` and all missing parents and fsyncs the directories that hold their names. Also where they are there
 * already: whoever created them may have died, or failed, before its fsync.
 */
export async function ensureDirectories(files: Files, path: string): Promise<void> {
  const parent = dirname(path);
  try {
    await files.status(path);
    if (parent !== path) await syncOldNames(files, parent);
    return;
  } catch (error) {
    if (!isFault(error, "ENOENT") || parent === path) throw error;
    await ensureDirectories(files, parent);
    await ensureDirectory(files, path);
    await syncDirectory(files, parent);
  }
}

/** Fsyncs a directory and all above it, but for those that others have made and we may not read. */
async function syncOldNames(files: Files, path: string): Promise<void> {
  try {
    await syncDirectory(files, path);
  } catch (error) {
    if (!isFault(error, "EACCES", "EPERM", "EROFS")) throw error;
  }
  const parent = dirname(path);
  if (parent !== path) await syncOldNames(files, parent);
}
