/** Puts go one after the other into the open file; those that wait together share one write and one fsync. */
import type { Clock, Random } from "../../clock.ts";
import type { Compression } from "../../compression.ts";
import { describeError } from "../../errors.ts";
import type { Log } from "../../log.ts";
import { durable, type Outcome, type Retryable } from "../sink.ts";
import { FileFault, isFault } from "./fault.ts";
import { finishFile } from "./finish.ts";
import type { FileFinisher } from "./finisher.ts";
import { createPart, type FilePart, isSameHour } from "./part.ts";
import type { Files } from "./system.ts";

/** Puts share an fsync up to this many bytes. */
const groupBytesMax = 64 * 1024 * 1024;
/** How often records are written again because somebody moved the file away under the writer. */
const attemptsMax = 3;
const hourMs = 3_600_000;

/** Where lines go, and when a file is full. */
export interface FileArchiveOptions {
  /** Created with its parents when it is missing. */
  readonly directory: string;
  /** What becomes of a file when it is finished; the open one is always plain. */
  readonly compression: Compression;
  /** A file that has reached this length is finished. */
  readonly rotateBytes: number;
  /** A file of this age is finished, also when nothing more comes. */
  readonly rotateAgeMs: number;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

export interface FileWriterOptions extends FileArchiveOptions {
  readonly files: Files;
  readonly finisher: FileFinisher;
  readonly nextStem: () => string;
}

interface Waiting {
  readonly records: readonly Uint8Array[];
  readonly bytes: number;
  readonly signal: AbortSignal;
  readonly resolve: (outcome: Outcome) => void;
}

export class FileWriter {
  readonly #options: FileWriterOptions;
  #part: FilePart | undefined;
  #cancelTimer: () => void = () => undefined;
  #waiting: Waiting[] = [];
  #isRotationDue = false;
  #isClosed = false;
  #running: Promise<void> | undefined;

  constructor(options: FileWriterOptions) {
    this.#options = options;
  }

  /** Appends whole lines; one outcome for all of them. Never rejects. */
  append(records: readonly Uint8Array[], signal: AbortSignal): Promise<Outcome> {
    if (this.#isClosed) return Promise.resolve(retryable("closed", "cannot append: the file sink is closed"));
    const bytes = records.reduce((sum, record) => sum + record.length, 0);
    return new Promise((resolve) => {
      this.#waiting.push({ records, bytes, signal, resolve });
      this.#run();
    });
  }

  /** Waits for the appends under way and hands the open file to the finisher. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#running;
    await this.#rotate();
  }

  #run(): void {
    this.#running ??= this.#runAll();
  }

  async #runAll(): Promise<void> {
    // Puts of the same turn belong to one group.
    await Promise.resolve();
    while (this.#waiting.length > 0 || this.#isRotationDue) {
      const group = this.#takeGroup();
      if (group.length > 0) {
        const outcome = await this.#write(group.flatMap(({ records }) => records));
        for (const { resolve } of group) resolve(outcome);
      }
      const isFull = (this.#part?.ackedBytes ?? 0) >= this.#options.rotateBytes;
      if (isFull || this.#isRotationDue || this.#part?.usable === false) await this.#rotate();
    }
    this.#running = undefined;
  }

  #takeGroup(): readonly Waiting[] {
    const group: Waiting[] = [];
    let groupBytes = 0;
    for (let next = this.#waiting[0]; next !== undefined; next = this.#waiting[0]) {
      if (group.length > 0 && groupBytes + next.bytes > groupBytesMax) break;
      this.#waiting.shift();
      if (next.signal.aborted) {
        next.resolve(retryable("aborted", "cannot append: the put was given up before its turn came"));
        continue;
      }
      group.push(next);
      groupBytes += next.bytes;
    }
    return group;
  }

  async #write(records: readonly Uint8Array[]): Promise<Outcome> {
    try {
      for (let attempt = 1; attempt <= attemptsMax; attempt++) {
        const part = await this.#usablePart();
        if ((await part.append(records)) === "durable") return durable;
        this.#options.log.warn("the open file was moved or removed; its last records are written again", {
          path: part.path,
        });
        await this.#letGo(part);
      }
      const { directory } = this.#options;
      const message = `cannot append in ${directory}: each new file was moved or removed at once; stop what does it`;
      return retryable("moved", message);
    } catch (error) {
      const unconfirmed = this.#part?.mayHoldMore === true;
      if (error instanceof FileFault) return { ...retryable(error.code, error.message), unconfirmed };
      const message = `cannot append in ${this.#options.directory}: ${describeError(error)}`;
      return { ...retryable("unknown", message), unconfirmed };
    }
  }

  /** The open file of this hour; a new one when there is none, or it is of another hour. */
  async #usablePart(): Promise<FilePart> {
    const { files, directory, clock, nextStem, rotateAgeMs } = this.#options;
    const timeMs = clock.now();
    if (this.#part !== undefined && !isSameHour(this.#part, timeMs)) await this.#rotate();
    if (this.#part !== undefined) return this.#part;
    this.#part = await createPart({ files, directory, timeMs, nextStem });
    const untilNextHourMs = hourMs - (timeMs % hourMs);
    this.#cancelTimer = clock.after(Math.max(1, Math.min(rotateAgeMs, untilNextHourMs)), () => {
      this.#isRotationDue = true;
      this.#run();
    });
    return this.#part;
  }

  /** Closes the open file and has it finished, up to what was acked. */
  async #rotate(): Promise<void> {
    this.#isRotationDue = false;
    const part = this.#part;
    if (part === undefined) return;
    if (!part.usable) {
      const fields = { path: part.path, bytes: part.ackedBytes };
      this.#options.log.warn(
        "the open file is given up after a fault; what was acknowledged is kept",
        fields,
      );
    }
    await this.#letGo(part);
    const { finisher, files, random, compression, log } = this.#options;
    finisher.retryFailed();
    finisher.add({
      path: part.path,
      run: async () => {
        const { directory, stem, path: source, ackedBytes: lengthBytes } = part;
        const options = { files, random, compression, directory, stem, source, lengthBytes, isOurs: true };
        const result = await finishFile(options);
        const fields = { path: source, bytes: lengthBytes };
        if (result === "gone") log.warn("a file was moved or removed before it was finished", fields);
        else log.debug("a file is finished", { ...fields, result });
      },
    });
  }

  async #letGo(part: FilePart): Promise<void> {
    this.#cancelTimer();
    this.#part = undefined;
    try {
      await part.close();
    } catch (error) {
      // Everything acked was fsynced before: closing has nothing left to write.
      if (!isFault(error, "EBADF")) this.#options.log.warn("cannot close a file", { path: part.path });
    }
  }
}

function retryable(reason: string, message: string): Retryable {
  return { kind: "retryable", throttled: false, reason, message };
}
