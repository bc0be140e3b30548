/**
 * What an earlier run left behind becomes finished files. There are no locks: a part is first renamed and only then
 * read. A process that still writes to it notices before its next ack that its file is not under its name any more,
 * and writes those records again elsewhere; so whatever was acked in this file was in it when it was renamed.
 */
import { join } from "node:path";
import { type Random, randomHex } from "../../clock.ts";
import { type Compression, compressions } from "../../compression.ts";
import type { Log } from "../../log.ts";
import { syncDirectory } from "./directory.ts";
import { faultMessage, isFault } from "./fault.ts";
import { finishFile, removeIfThere } from "./finish.ts";
import type { FileFinisher } from "./finisher.ts";
import { finalName, isArchiveDirectory, isProbeName, leftoverOf, recoverName } from "./name.ts";
import type { Files, OpenFile } from "./system.ts";
import { dropLinesWithNul } from "./whole-lines.ts";

const scanBytes = 64 * 1024;
const newline = 0x0a;
const hourDepth = 4;

export interface RecoverOptions {
  readonly files: Files;
  readonly random: Random;
  readonly log: Log;
  readonly directory: string;
  readonly compression: Compression;
  readonly finisher: FileFinisher;
  /** Whether this very process made the file: it needs no recovery. */
  readonly isOwn: (stem: string) => boolean;
  /** Ends the walk early; what it did not come to stays for the next start. */
  readonly signal: AbortSignal;
}

/**
 * Looks through the archive, newest hours first since that is where leftovers are, and hands every part it finds to
 * the finisher. Reads the names in each directory and nothing else, so that years of hours pass quickly.
 * What cannot be read is logged and left; never rejects for it.
 */
export async function recoverArchive(options: RecoverOptions): Promise<void> {
  await walk(options, options.directory, 0);
}

async function walk(options: RecoverOptions, directory: string, depth: number): Promise<void> {
  if (options.signal.aborted) return;
  let names: readonly string[];
  try {
    names = await options.files.list(directory);
  } catch (error) {
    if (!isFault(error, "ENOENT", "ENOTDIR")) logLeft(options, directory, error);
    return;
  }
  if (depth === 0)
    for (const name of names.filter(isProbeName)) await removeLeftover(options, directory, name);
  if (depth === hourDepth) return await recoverHour(options, directory, names);
  const newestFirst = names
    .filter((name) => isArchiveDirectory(name, depth))
    .sort()
    .reverse();
  for (const name of newestFirst) await walk(options, join(directory, name), depth + 1);
}

async function recoverHour(
  options: RecoverOptions,
  directory: string,
  names: readonly string[],
): Promise<void> {
  for (const name of names) {
    const leftover = leftoverOf(name);
    if (leftover === undefined || options.isOwn(leftover.stem)) continue;
    if (leftover.kind === "part") options.finisher.add(recovery(options, directory, name, leftover.stem));
    else await removeLeftover(options, directory, name);
  }
}

async function removeLeftover(options: RecoverOptions, directory: string, name: string): Promise<void> {
  const path = join(directory, name);
  try {
    await removeIfThere(options.files, path);
  } catch (error) {
    logLeft(options, path, error);
  }
}

function logLeft({ log }: RecoverOptions, path: string, error: unknown): void {
  log.error("cannot look after what an earlier run left; it stays as it is until the next start", {
    path,
    error: faultMessage(error),
  });
}

function recovery(options: RecoverOptions, directory: string, name: string, stem: string) {
  let path = join(directory, name);
  let isTaken = false;
  return {
    path,
    run: async (): Promise<void> => {
      if (!isTaken) {
        const taken = join(directory, recoverName(stem, randomHex(options.random)));
        if ((await takeOver(options.files, path, taken)) === "gone") return;
        path = taken;
        isTaken = true;
      }
      await recoverPart(options, directory, path, stem);
    },
  };
}

async function takeOver(files: Files, path: string, taken: string): Promise<"taken" | "gone"> {
  try {
    await files.rename(path, taken);
    return "taken";
  } catch (error) {
    if (isFault(error, "ENOENT")) return "gone";
    throw error;
  }
}

async function recoverPart(
  options: RecoverOptions,
  directory: string,
  path: string,
  stem: string,
): Promise<void> {
  const { files, random, log } = options;
  const measured = await measure(files, path);
  if (measured === "gone") return;
  const { lengthBytes, tornBytes } = measured;
  const dropped = { bytes: 0 };
  // A finished file of this stem was whole before it got its name. The earlier run died, or failed, between that and
  // the removal of the part: the same lines must not be there twice, under the ending of another compression.
  const compression = (await finishedAs(files, directory, stem)) ?? options.compression;
  const filter = (chunks: AsyncIterable<Uint8Array>) => dropLinesWithNul(chunks, dropped);
  const finish = {
    files,
    random,
    compression,
    directory,
    stem,
    source: path,
    lengthBytes,
    isOurs: false,
    filter,
  };
  const result = await finishFile(finish);
  if (result === "gone") return;
  await syncDirectory(files, directory);
  const fields = {
    path: result === "empty" ? path : join(directory, finalName(stem, compression)),
    bytes: lengthBytes - dropped.bytes,
    torn_bytes_cut: tornBytes + dropped.bytes,
  };
  log.info(
    "recovered a file that an earlier run left open; bytes cut from it were never acknowledged",
    fields,
  );
}

async function finishedAs(files: Files, directory: string, stem: string): Promise<Compression | undefined> {
  for (const compression of compressions) {
    try {
      await files.status(join(directory, finalName(stem, compression)));
      return compression;
    } catch (error) {
      if (!isFault(error, "ENOENT")) throw error;
    }
  }
  return undefined;
}

/**
 * The length of the whole lines in the file, and how many bytes of a torn one stand behind them. `gone`: another
 * start has taken the file over in turn.
 */
async function measure(files: Files, path: string) {
  let file: OpenFile;
  try {
    file = await files.open(path);
  } catch (error) {
    if (isFault(error, "ENOENT")) return "gone";
    throw error;
  }
  try {
    const { bytes } = await file.status();
    const lengthBytes = await endOfLastLine(file, bytes);
    return { lengthBytes, tornBytes: bytes - lengthBytes };
  } finally {
    await file.close();
  }
}

async function endOfLastLine(file: OpenFile, fileBytes: number): Promise<number> {
  const chunk = new Uint8Array(scanBytes);
  for (let end = fileBytes; end > 0; ) {
    const start = Math.max(0, end - scanBytes);
    let filled = 0;
    while (filled < end - start) {
      const count = await file.read(chunk.subarray(filled, end - start), start + filled);
      // Somebody cut the file meanwhile: a writer that takes back a failed write. What is left is looked at.
      if (count === 0) break;
      filled += count;
    }
    const at = chunk.subarray(0, filled).lastIndexOf(newline);
    if (at >= 0) return start + at + 1;
    end = start;
  }
  return 0;
}
