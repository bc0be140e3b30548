/** The quarantine: lines that the sink refuses for good, fsynced in files of their own. Format: quarantine/entry.ts */
import { Buffer } from "node:buffer";
import { resolve as resolvePath } from "node:path";
import type { Clock, Random } from "../clock.ts";
import type { Log } from "../log.ts";
import { FileFault, faultMessage, fileFault, isFault, withFaults } from "./file/fault.ts";
import { type Files, systemFiles } from "./file/system.ts";
import { encodeEntry } from "./quarantine/entry.ts";
import { hourOf } from "./quarantine/name.ts";
import { createQuarantineFile, type QuarantineFile } from "./quarantine/open-file.ts";
import { listQuarantine, quarantinePath } from "./quarantine/read.ts";
import type { Quarantine, RefusedLine } from "./sink.ts";

/** Past this a new file is begun. */
const fileBytesMax = 64 * 1024 * 1024;
/** Lines that wait together share a write and an fsync up to about this many bytes. */
const groupBytesMax = 4 * 1024 * 1024;
/** How often lines are written again because somebody moved the file away under the writer. */
const attemptsMax = 3;

/** What a quarantine may grow to unless it is told otherwise. */
export const quarantineBytesMax = 1024 * 1024 * 1024;

export interface QuarantineOptions {
  /** Created with its parents when the first line comes. */
  readonly directory: string;
  /** The file system, for tests. */
  readonly files?: Files;
  readonly clock: Pick<Clock, "now">;
  readonly random: Random;
  readonly log: Log;
  /** Sum of all its files above which it takes nothing more. */
  readonly bytesMax?: number;
}

export interface FileQuarantine extends Quarantine {
  /** Waits for what is being kept and closes the open file. */
  close(): Promise<void>;
}

/**
 * A quarantine in `directory`; nothing is touched before the first line comes. `keep` rejects with a FileFault when
 * the disk does not take the lines, or `bytesMax` is reached (code `full`); the next one begins a new file.
 */
export function createQuarantine(options: QuarantineOptions): FileQuarantine {
  return new QuarantineWriter(options);
}

interface Waiting {
  readonly lines: readonly RefusedLine[];
  readonly sinkName: string;
  readonly resolve: (path: string) => void;
  readonly reject: (error: unknown) => void;
}

class QuarantineWriter implements FileQuarantine {
  readonly #options: QuarantineOptions;
  readonly #files: Files;
  readonly #directory: string;
  readonly #bytesMax: number;
  #open: QuarantineFile | undefined;
  /** Bytes of all files but the open one, as last counted; undefined: not counted yet. */
  #otherBytes: number | undefined;
  #waiting: Waiting[] = [];
  #running: Promise<void> | undefined;

  constructor(options: QuarantineOptions) {
    this.#options = options;
    this.#files = withFaults(options.files ?? systemFiles);
    this.#directory = resolvePath(options.directory);
    this.#bytesMax = options.bytesMax ?? quarantineBytesMax;
  }

  keep(lines: readonly RefusedLine[], sinkName: string): Promise<string> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ lines, sinkName, resolve, reject });
      this.#running ??= this.#runAll();
    });
  }

  async close(): Promise<void> {
    await this.#running;
    await this.#letGo();
  }

  async #runAll(): Promise<void> {
    // Those of the same turn belong to one group.
    await Promise.resolve();
    while (this.#waiting.length > 0) {
      const group = this.#takeGroup();
      try {
        const path = await this.#write(group);
        for (const { resolve } of group) resolve(path);
      } catch (error) {
        // After a failed write or fsync nobody knows what the file holds: never write to it again.
        await this.#letGo();
        const fault = error instanceof FileFault ? error : fileFault("quarantine in", this.#directory, error);
        for (const { reject } of group) reject(fault);
      }
    }
    this.#running = undefined;
  }

  #takeGroup(): readonly Waiting[] {
    let count = 0;
    for (let bytes = 0; count < this.#waiting.length; count++) {
      for (const { line } of this.#waiting[count]!.lines) bytes += line.length;
      if (count > 0 && bytes > groupBytesMax) break;
    }
    return this.#waiting.splice(0, count);
  }

  async #write(group: readonly Waiting[]): Promise<string> {
    const timeMs = this.#options.clock.now();
    const entries = group.flatMap(({ lines, sinkName }) =>
      lines.map((line) => encodeEntry({ ...line, timeMs, sink: sinkName })),
    );
    const bytes = Buffer.concat(entries);
    for (let attempt = 1; attempt <= attemptsMax; attempt++) {
      const file = await this.#fileFor(bytes.length, timeMs);
      if ((await file.append(bytes)) === "durable") return file.path;
      this.#options.log.warn("a quarantine file was moved or removed; its last lines are written again", {
        path: file.path,
      });
      await this.#letGo();
    }
    const message = `cannot quarantine in ${this.#directory}: each new file was moved or removed at once`;
    throw new FileFault("moved", message);
  }

  /** The open file, or a new one where there is none, or its hour is over, or it is long enough. */
  async #fileFor(moreBytes: number, timeMs: number): Promise<QuarantineFile> {
    const { random, log } = this.#options;
    const isDone = (file: QuarantineFile) => file.hour !== hourOf(timeMs) || file.bytes >= fileBytesMax;
    if (this.#open !== undefined && isDone(this.#open)) await this.#letGo();
    await this.#assertRoom(moreBytes);
    if (this.#open === undefined) {
      this.#open = await createQuarantineFile(this.#files, this.#directory, timeMs, random);
      log.warn("lines that the sink refuses go into quarantine", { path: this.#open.path });
    }
    return this.#open;
  }

  /** Counts again where there seems to be no room: somebody may have made some. */
  async #assertRoom(moreBytes: number): Promise<void> {
    const fits = () => (this.#otherBytes ?? 0) + (this.#open?.bytes ?? 0) + moreBytes <= this.#bytesMax;
    if (this.#otherBytes === undefined || !fits()) this.#otherBytes = await this.#countOthers();
    if (fits()) return;
    throw new FileFault(
      "full",
      `cannot quarantine in ${this.#directory}: it holds ${this.#otherBytes + (this.#open?.bytes ?? 0)} bytes, ` +
        `${this.#bytesMax} at most; see what \`quarantine inspect\` tells, and replay or remove files there`,
    );
  }

  async #countOthers(): Promise<number> {
    let bytes = 0;
    for (const name of await listQuarantine(this.#files, this.#directory)) {
      const path = quarantinePath(this.#directory, name);
      if (path === this.#open?.path) continue;
      try {
        bytes += (await this.#files.status(path)).bytes;
      } catch (error) {
        // Removed since it was listed.
        if (!isFault(error, "ENOENT")) throw error;
      }
    }
    return bytes;
  }

  async #letGo(): Promise<void> {
    const file = this.#open;
    this.#open = undefined;
    // Count anew: what the file became is known to the disk alone.
    this.#otherBytes = undefined;
    try {
      await file?.close();
    } catch (error) {
      this.#options.log.warn("cannot close a quarantine file", { error: faultMessage(error) });
    }
  }
}
