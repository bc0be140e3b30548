/** Faults of the file system in words that say what failed, where, and what to do. */
import { describeError } from "../../errors.ts";
import type { Files, OpenFile } from "./system.ts";

/** A file operation that failed. The message names the path and the errno and says what to do. */
export class FileFault extends Error {
  override readonly name = "FileFault";
  /** The errno's name, `ENOSPC`; `unknown` where the runtime gives none. */
  readonly code: string;

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

const meanings: Readonly<Record<string, readonly [meaning: string, advice: string]>> = {
  ENOSPC: ["no space left on the device", "free some space there, or move finished files away"],
  EDQUOT: ["the disk quota is used up", "raise the quota, or move finished files away"],
  EFBIG: ["the file is larger than allowed", "raise the limit on file sizes (ulimit -f)"],
  EMFILE: ["this process has too many files open", "raise the limit (ulimit -n, LimitNOFILE=)"],
  ENFILE: ["the machine has too many files open", "raise fs.file-max"],
  EACCES: ["permission denied", "let the user that runs this program read and write there"],
  EPERM: ["operation not permitted", "let the user that runs this program read and write there"],
  EROFS: ["the file system is read-only", "mount it writable, or choose another directory"],
  ENOENT: ["no such file or directory", "create the directory again, or mount it"],
  ENOTDIR: ["a part of the path is not a directory", "move that file away, or choose another directory"],
  EIO: ["input/output error", "check the disk (dmesg, smartctl)"],
  ESTALE: ["the network file system lost the file", "mount it again"],
};

/** Whether `error` is a fault with one of these errno names. */
export function isFault(error: unknown, ...codes: readonly string[]): boolean {
  return error instanceof FileFault && codes.includes(error.code);
}

/** The text of anything thrown here. A fault's message tells its origin already, so its cause is left out. */
export function faultMessage(error: unknown): string {
  return error instanceof FileFault ? error.message : describeError(error);
}

/** Makes a fault of whatever an attempt to `action` (`write to`, `rename`) at `path` threw. */
export function fileFault(action: string, path: string, cause: unknown): FileFault {
  const code = errnoOf(cause);
  const [meaning, advice] = meanings[code] ?? [describeError(cause), undefined];
  const what = code === "unknown" ? meaning : `${code}: ${meaning}`;
  const message = `cannot ${action} ${path}: ${what}${advice === undefined ? "" : `; ${advice}`}`;
  return new FileFault(code, message, { cause });
}

function errnoOf(error: unknown): string {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  return typeof code === "string" && /^E[A-Z0-9]{1,15}$/.test(code) ? code : "unknown";
}

/** The same files, with every failure a `FileFault`. */
export function withFaults(files: Files): Files {
  return {
    create: async (path) => fileWithFaults(path, await explained("create", path, () => files.create(path))),
    open: async (path) => fileWithFaults(path, await explained("open", path, () => files.open(path))),
    openToWrite: async (path) =>
      fileWithFaults(path, await explained("open", path, () => files.openToWrite(path))),
    makeDirectory: (path) => explained("create the directory", path, () => files.makeDirectory(path)),
    list: (path) => explained("list", path, () => files.list(path)),
    rename: (from, to) => explained(`rename ${from} to`, to, () => files.rename(from, to)),
    status: (path) => explained("look up", path, () => files.status(path)),
    remove: (path) => explained("remove", path, () => files.remove(path)),
  };
}

function fileWithFaults(path: string, file: OpenFile): OpenFile {
  return {
    write: (bytes, position) => explained("write to", path, () => file.write(bytes, position)),
    read: (bytes, position) => explained("read", path, () => file.read(bytes, position)),
    datasync: () => explained("fsync", path, () => file.datasync()),
    sync: () => explained("fsync", path, () => file.sync()),
    truncate: (lengthBytes) => explained("truncate", path, () => file.truncate(lengthBytes)),
    status: () => explained("look up", path, () => file.status()),
    close: () => explained("close", path, () => file.close()),
  };
}

async function explained<T>(action: string, path: string, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    throw fileFault(action, path, error);
  }
}
