/** The few things the sinks ask of a file system, narrow enough to put faults between. */
import * as fs from "node:fs/promises";

export interface FileStatus {
  readonly device: bigint;
  readonly inode: bigint;
  readonly bytes: number;
  readonly isDirectory: boolean;
}

export interface OpenFile {
  /** Writes from `position`; may write less than asked. Returns the bytes written. */
  write(bytes: Uint8Array, position: number): Promise<number>;
  /** Reads from `position`; may read less than asked. Returns the bytes read, 0 at the end. */
  read(bytes: Uint8Array, position: number): Promise<number>;
  /** fdatasync: the bytes and the length are on the disk. */
  datasync(): Promise<void>;
  sync(): Promise<void>;
  truncate(lengthBytes: number): Promise<void>;
  status(): Promise<FileStatus>;
  close(): Promise<void>;
}

export interface Files {
  /** Opens a new file for writing and reading; EEXIST if the name is taken. */
  create(path: string): Promise<OpenFile>;
  /** Opens a file or a directory for reading and syncing. */
  open(path: string): Promise<OpenFile>;
  /** Opens a file that is there for reading and for writing over what is in it. */
  openToWrite(path: string): Promise<OpenFile>;
  /** One level; EEXIST if the name is taken. */
  makeDirectory(path: string): Promise<void>;
  list(path: string): Promise<readonly string[]>;
  rename(from: string, to: string): Promise<void>;
  status(path: string): Promise<FileStatus>;
  remove(path: string): Promise<void>;
}

/** The file system of the machine. */
export const systemFiles: Files = {
  create: async (path) => openFile(await fs.open(path, "wx+")),
  open: async (path) => openFile(await fs.open(path, "r")),
  openToWrite: async (path) => openFile(await fs.open(path, "r+")),
  // Not `recursive`: Node never returns from that where mkdir answers ENOENT under an existing parent (/proc).
  makeDirectory: (path) => fs.mkdir(path),
  list: (path) => fs.readdir(path),
  rename: (from, to) => fs.rename(from, to),
  status: async (path) => fileStatus(await fs.stat(path, { bigint: true })),
  remove: (path) => fs.unlink(path),
};

function openFile(handle: fs.FileHandle): OpenFile {
  return {
    write: async (bytes, position) => (await handle.write(bytes, 0, bytes.length, position)).bytesWritten,
    read: async (bytes, position) => (await handle.read(bytes, 0, bytes.length, position)).bytesRead,
    datasync: () => handle.datasync(),
    sync: () => handle.sync(),
    truncate: (lengthBytes) => handle.truncate(lengthBytes),
    status: async () => fileStatus(await handle.stat({ bigint: true })),
    close: () => handle.close(),
  };
}

function fileStatus(stats: {
  readonly dev: bigint;
  readonly ino: bigint;
  readonly size: bigint;
  isDirectory(): boolean;
}): FileStatus {
  const { dev, ino, size } = stats;
  return { device: dev, inode: ino, bytes: Number(size), isDirectory: stats.isDirectory() };
}
