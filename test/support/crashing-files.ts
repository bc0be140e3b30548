/**
 * A file system in memory that can lose power: what was not fsynced is kept, lost or torn by chance, bytes and names
 * alike. The same seed gives the same losses.
 */
import type { FileStatus, Files, OpenFile } from "../../src/sink/file/system.ts";

const sectorBytes = 512;

interface Inode {
  readonly number: bigint;
  readonly isDirectory: boolean;
  bytes: Uint8Array;
  length: number;
  /** What the disk surely has. */
  durable: Uint8Array;
}

/** One thing asked of the file system. */
export interface FileCall {
  readonly operation:
    | "create"
    | "open"
    | "makeDirectory"
    | "list"
    | "rename"
    | "status"
    | "remove"
    | FileOperation;
  readonly path: string;
}
type FileOperation = "write" | "read" | "fsync" | "truncate" | "close";

/** Thrown by every call after the power is off. */
export class PowerOff extends Error {
  override readonly name = "PowerOff";
}

export class CrashingFiles implements Files {
  /** Looks at each call before it happens; what it throws is the call's answer. */
  before: (call: FileCall) => void = () => undefined;
  /** Numbers in [0, 1). */
  readonly #random: () => number;
  readonly #root: Inode;
  /** Names as the running system sees them. */
  #names = new Map<string, Inode>();
  /** Names as the disk has them. */
  #durableNames = new Map<string, Inode>();
  #nextInode = 1n;
  /** Files opened before the last crash are gone. */
  #life = 0;
  #isOff = false;

  constructor(random: () => number) {
    this.#random = random;
    this.#root = this.#inode(true);
    for (const names of [this.#names, this.#durableNames]) names.set("/", this.#root);
  }

  /** From now on every call rejects with PowerOff. */
  powerOff(): void {
    this.#isOff = true;
  }

  /** The machine comes up again with what the disk has, and what chance left of the rest. */
  restart(): void {
    this.#isOff = false;
    this.#life++;
    const names = new Map(this.#durableNames);
    for (const [path, inode] of this.#names) {
      // A name that was made or moved since the last fsync of its directory may have come to the disk or not.
      if (names.get(path) !== inode && this.#random() < 0.5) names.set(path, inode);
    }
    const running = new Set(this.#names.values());
    for (const [path, inode] of [...names]) {
      if (this.#names.has(path)) continue;
      // A rename is one step for the disk as well: the file has the old name or the new one.
      const isMoved = running.has(inode);
      const hasOther = [...names].some(([other, each]) => each === inode && other !== path);
      if (isMoved ? hasOther : this.#random() < 0.5) names.delete(path);
    }
    for (const path of [...names.keys()]) if (!hasParents(path, names)) names.delete(path);
    for (const inode of new Set(names.values())) this.#settle(inode);
    this.#names = names;
    this.#durableNames = new Map(names);
  }

  /** The bytes of a file, for looking at and changing; undefined: there is none. */
  contents(path: string): Uint8Array | undefined {
    const inode = this.#names.get(path);
    return inode?.bytes.subarray(0, inode.length);
  }

  paths(): readonly string[] {
    return [...this.#names].filter(([, { isDirectory }]) => !isDirectory).map(([path]) => path);
  }

  async create(path: string): Promise<OpenFile> {
    await this.#call("create", path);
    if (this.#names.has(path)) throw fault("EEXIST");
    this.#assertParent(path);
    const inode = this.#inode(false);
    this.#names.set(path, inode);
    return this.#handle(path, inode);
  }

  async open(path: string): Promise<OpenFile> {
    await this.#call("open", path);
    return this.#handle(path, this.#get(path));
  }

  openToWrite(path: string): Promise<OpenFile> {
    return this.open(path);
  }

  async makeDirectory(path: string): Promise<void> {
    await this.#call("makeDirectory", path);
    if (this.#names.has(path)) throw fault("EEXIST");
    this.#assertParent(path);
    this.#names.set(path, this.#inode(true));
  }

  async list(path: string): Promise<readonly string[]> {
    await this.#call("list", path);
    if (!this.#get(path).isDirectory) throw fault("ENOTDIR");
    return [...this.#names.keys()].filter((name) => name !== "/" && parentOf(name) === path).map(baseOf);
  }

  async rename(from: string, to: string): Promise<void> {
    await this.#call("rename", to);
    const inode = this.#get(from);
    this.#assertParent(to);
    this.#names.delete(from);
    this.#names.set(to, inode);
  }

  async status(path: string): Promise<FileStatus> {
    await this.#call("status", path);
    return statusOf(this.#get(path));
  }

  async remove(path: string): Promise<void> {
    await this.#call("remove", path);
    this.#get(path);
    this.#names.delete(path);
  }

  #handle(path: string, inode: Inode): OpenFile {
    const life = this.#life;
    const call = async (operation: FileOperation) => {
      await this.#call(operation, path);
      if (life !== this.#life) throw new PowerOff(`${path} was opened before the crash`);
    };
    const sync = async () => {
      await call("fsync");
      this.#sync(path, inode);
    };
    return {
      write: async (bytes, position) => {
        await call("write");
        write(inode, bytes, position);
        return bytes.length;
      },
      read: async (bytes, position) => {
        await call("read");
        const part = inode.bytes.subarray(position, Math.min(inode.length, position + bytes.length));
        bytes.set(part);
        return part.length;
      },
      datasync: sync,
      sync,
      truncate: async (lengthBytes) => {
        await call("truncate");
        if (lengthBytes < inode.length) inode.bytes.fill(0, lengthBytes, inode.length);
        inode.length = lengthBytes;
      },
      status: async () => {
        await call("read");
        return statusOf(inode);
      },
      close: () => call("close"),
    };
  }

  #sync(path: string, inode: Inode): void {
    inode.durable = inode.bytes.slice(0, inode.length);
    if (!inode.isDirectory) return;
    const inside = (name: string) => name !== "/" && parentOf(name) === path;
    for (const name of [...this.#durableNames.keys()]) {
      if (inside(name) && !this.#names.has(name)) this.#durableNames.delete(name);
    }
    for (const [name, child] of this.#names) if (inside(name)) this.#durableNames.set(name, child);
  }

  /** Each sector that was not fsynced is the new one, the old one, or zeros; the length is the old or the new one. */
  #settle(inode: Inode): void {
    const { durable, bytes, length } = inode;
    const keeps = this.#random();
    const end = this.#random() < 0.5 ? length : Math.max(durable.length, Math.floor(this.#random() * length));
    const settled = new Uint8Array(Math.min(Math.max(durable.length, end), Math.max(length, durable.length)));
    settled.set(durable);
    for (let start = 0; start < settled.length; start += sectorBytes) {
      const stop = Math.min(start + sectorBytes, length, settled.length);
      if (this.#random() < keeps && stop > start) settled.set(bytes.subarray(start, stop), start);
    }
    inode.bytes = settled;
    inode.length = settled.length;
    inode.durable = settled.slice();
  }

  async #call(operation: FileCall["operation"], path: string): Promise<void> {
    if (this.#isOff) throw new PowerOff("the power is off");
    // As on a real disk, nothing happens within the caller's turn.
    await Promise.resolve();
    this.before({ operation, path });
    if (this.#isOff) throw new PowerOff("the power is off");
  }

  #get(path: string): Inode {
    const inode = this.#names.get(path);
    if (inode === undefined) throw fault("ENOENT");
    return inode;
  }

  #assertParent(path: string): void {
    if (!this.#get(parentOf(path)).isDirectory) throw fault("ENOTDIR");
  }

  #inode(isDirectory: boolean): Inode {
    const none = new Uint8Array(0);
    return { number: this.#nextInode++, isDirectory, bytes: none, length: 0, durable: none };
  }
}

/** An error as the system gives it. */
export function fault(code: string): Error {
  return Object.assign(new Error(`${code}: injected`), { code });
}

function write(inode: Inode, bytes: Uint8Array, position: number): void {
  const end = position + bytes.length;
  if (end > inode.bytes.length) {
    const grown = new Uint8Array(Math.max(end, inode.bytes.length * 2));
    grown.set(inode.bytes);
    inode.bytes = grown;
  }
  inode.bytes.set(bytes, position);
  inode.length = Math.max(inode.length, end);
}

function statusOf({ number, length, isDirectory }: Inode): FileStatus {
  return { device: 1n, inode: number, bytes: length, isDirectory };
}

function parentOf(path: string): string {
  return path.slice(0, path.lastIndexOf("/")) || "/";
}

function baseOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

function hasParents(path: string, names: ReadonlyMap<string, Inode>): boolean {
  for (let parent = parentOf(path); parent !== "/"; parent = parentOf(parent))
    if (!names.has(parent)) return false;
  return true;
}
