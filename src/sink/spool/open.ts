/** Opens a spool: a directory of segments, a cursor, and nothing that a kill -9 could leave in the way. */
import { resolve } from "node:path";
import type { Clock, Random } from "../../clock.ts";
import { ConfigError } from "../../errors.ts";
import type { Log } from "../../log.ts";
import type { SpoolMetrics } from "../../metrics.ts";
import { ensureDirectories } from "../file/directory.ts";
import { FileFault, faultMessage, withFaults } from "../file/fault.ts";
import { type Files, systemFiles } from "../file/system.ts";
import { durable, type Outcome, type Sink, type SinkLimits } from "../sink.ts";
import { SpoolContents } from "./contents.ts";
import { openCursor } from "./cursor.ts";
import { type Hold, holdDirectory } from "./hold.ts";
import { atFrame, findSegments } from "./leftovers.ts";
import { SpoolReader } from "./reader.ts";
import { encodeRecord } from "./record.ts";
import { type FullPolicy, SpoolRoom } from "./room.ts";
import { segmentHeaderBytes } from "./segment.ts";
import type { Spool, SpoolCursor } from "./spool.ts";
import { SpoolWriter } from "./writer.ts";

const segmentBytesDefault = 64 * 1024 * 1024;
const newline = 0x0a;

export interface OpenSpoolOptions {
  /** Created with its parents when it is missing. */
  readonly directory: string;
  /** Ceiling on the bytes of all segments. */
  readonly bytesMax: number;
  /** The spool is full once its oldest unshipped lines are older; 0: any age. */
  readonly ageMaxMs: number;
  readonly whenFull: FullPolicy;
  /** Of the frames. The spool compresses by itself: what is put are plain lines. */
  readonly compression: "none" | "zstd";
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly metrics: SpoolMetrics;
  /** A segment that has reached this length is followed by the next; undefined: 64 MiB, less in a small spool. */
  readonly segmentBytes?: number;
  /** The file system, for tests. */
  readonly files?: Files;
  /** Keeps other processes out; undefined: `holdDirectory`. */
  readonly hold?: (directory: string) => Promise<Hold>;
}

/**
 * Opens the spool in a directory and finds what an earlier run left there. Throws ConfigError (exit code 1) when the
 * directory cannot be had or written, was written by a later version, or is held by another process.
 */
export async function openSpool(options: OpenSpoolOptions): Promise<Spool> {
  const files = withFaults(options.files ?? systemFiles);
  const directory = resolve(options.directory);
  const { clock, random } = options;
  const hold = options.hold ?? (() => holdDirectory({ directory, clock, random }));
  try {
    await ensureDirectories(files, directory);
    if (!(await files.status(directory)).isDirectory) {
      throw new FileFault("ENOTDIR", `${directory} is a file; name a directory`);
    }
    const held = await hold(directory);
    try {
      return assemble(options, await openContents(options, files, directory), held);
    } catch (error) {
      await held.release();
      throw error;
    }
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    const message = `cannot use the spool in ${options.directory}: ${faultMessage(error)}`;
    throw new ConfigError(1, message, { cause: error });
  }
}

async function openContents(
  { clock, log, metrics }: OpenSpoolOptions,
  files: Files,
  directory: string,
): Promise<SpoolContents> {
  const segments = await findSegments({ files, directory, clock, log });
  const { file: cursorFile, saved, isNew } = await openCursor(files, directory);
  if (saved === undefined && !isNew && segments.count > 0) {
    log.warn("the spool's cursor is damaged: what was shipped and not removed yet is shipped once more", {
      directory,
    });
  }
  const numbers = [...segments].map(({ number }) => number);
  const lastSegment = Math.max(saved?.lastSegment ?? 0, saved?.cursor.position.segment ?? 0, ...numbers);
  const start: SpoolCursor = {
    position: { segment: segments.oldest?.number ?? lastSegment + 1, offsetBytes: segmentHeaderBytes },
    object: undefined,
  };
  const cursor = saved === undefined ? start : await atFrame(files, segments, saved.cursor, log);
  // So that a cursor without anything in it is a damaged one, not one that never moved.
  if (isNew) await cursorFile.save({ cursor, lastSegment });
  const contents = new SpoolContents(
    { files, directory, clock, log, metrics },
    { segments, cursorFile, cursor, lastSegment },
  );
  await contents.settle();
  return contents;
}

function assemble(options: OpenSpoolOptions, contents: SpoolContents, held: Hold): Spool {
  const { directory } = contents.options;
  const { bytesMax, ageMaxMs, whenFull } = options;
  const { segmentBytes = Math.min(segmentBytesDefault, Math.ceil(bytesMax / 8)) } = options;
  const room = new SpoolRoom({ contents, bytesMax, ageMaxMs, whenFull });
  const reader = new SpoolReader(contents);
  const writer = new SpoolWriter({
    contents,
    room,
    segmentBytes,
    segmentAgeMs: ageMaxMs / 8,
    onDurable: () => reader.arrived(),
  });
  const closing = new AbortController();
  const recordBytesMax = Math.min(4 * 1024 * 1024, Math.ceil(bytesMax / 4));
  const limits = {
    recordBytesMax,
    putRecordsMax: 256,
    putBytesMax: Math.max(recordBytesMax, Math.min(16 * 1024 * 1024, Math.ceil(bytesMax / 4))),
  };
  const sink: Sink = {
    name: `spool:${options.directory}`,
    limits,
    put: (records, signal) => put({ ...options, writer, limits }, records, signal),
    close: () => writer.close(),
  };
  return {
    sink,
    directory,
    get cursor() {
      return contents.cursor;
    },
    read: (from, signal) => reader.read(from, AbortSignal.any([signal, closing.signal])),
    moveCursor: (cursor) => contents.moveCursor(cursor),
    status() {
      contents.retryRemovals();
      contents.measure();
      const { segments, oldestMs } = contents;
      const full = room.full ?? writer.fault;
      return { bytes: contents.bytes, segments: segments.count, oldestMs, full };
    },
    async close() {
      await writer.close();
      closing.abort();
      await reader.close();
      await contents.close();
      await held.release();
    },
  };
}

interface PutOptions extends Pick<OpenSpoolOptions, "clock" | "compression"> {
  readonly writer: SpoolWriter;
  readonly limits: SinkLimits;
}

async function put(
  { writer, limits, clock, compression }: PutOptions,
  records: readonly Uint8Array[],
  signal: AbortSignal,
): Promise<readonly Outcome[]> {
  const refused = records.map((record): Outcome | undefined => {
    if (record.length === 0) return durable;
    if (record.length > limits.recordBytesMax) return tooLarge(record.length, limits.recordBytesMax);
    return record.at(-1) === newline ? undefined : notLines;
  });
  const appendedMs = clock.now();
  const stored = await Promise.all(
    records
      .filter((_, at) => refused[at] === undefined)
      .map((record) => encodeRecord(record, compression, appendedMs)),
  );
  if (stored.length === 0) return refused.map((outcome) => outcome ?? durable);
  const written = await writer.append(stored, signal);
  return refused.map((outcome) => outcome ?? written);
}

const notLines: Outcome = {
  kind: "refused",
  scope: "record",
  reason: "not_lines",
  message: "cannot append a record to the spool: it does not end with a newline",
};

function tooLarge(bytes: number, bytesMax: number): Outcome {
  const message = `cannot append a record to the spool: it has ${bytes} bytes, ${bytesMax} at most`;
  return { kind: "refused", scope: "record", reason: "too_large", message };
}
