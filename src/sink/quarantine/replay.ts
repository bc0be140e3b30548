/**
 * Puts quarantined lines once more. A file is first renamed and only then read: a program that still writes to it sees
 * that before it counts on the bytes, and writes them again elsewhere. How far a file has come stands in its name, so
 * a replay that was killed goes on behind the lines that it had decided.
 */
import { Buffer } from "node:buffer";
import { join } from "node:path";
import { syncDirectory } from "../file/directory.ts";
import type { Files } from "../file/system.ts";
import type { Quarantine, RefusedLine } from "../sink.ts";
import { type QuarantineName, replayedName, replayingName } from "./name.ts";
import { type FoundEntry, listQuarantine, readQuarantineFile } from "./read.ts";

/** What is put before the place is noted: so much, at most, is put twice after a kill. */
const chunkBytesMax = 1024 * 1024;

export interface ReplayOptions {
  /** Their failures are FileFaults. */
  readonly files: Files;
  readonly directory: string;
  /** Resolves when every line is durable, but for those it answers: the sink refuses them still. */
  readonly put: (lines: Uint8Array) => Promise<readonly RefusedLine[]>;
  /** Where lines go that are refused again. */
  readonly quarantine: Quarantine;
  readonly sinkName: string;
  /** Called for each file that is done with. */
  readonly onFile: (file: ReplayedFile) => void;
}

export interface ReplayedFile {
  /** Its name now. */
  readonly name: string;
  /** Lines that are durable now. */
  readonly durable: number;
  /** Lines that are refused still, and in quarantine as before. */
  readonly refused: number;
  /** Damaged lines: they cannot be replayed and are in the file still. */
  readonly damaged: number;
}

/**
 * Replays every file that is in the directory now, oldest first. Rejects as `put` and the files do; what was decided
 * until then stays decided.
 */
export async function replayQuarantine(options: ReplayOptions): Promise<void> {
  const names = await listQuarantine(options.files, options.directory);
  for (const name of names) {
    if (name.state !== "replayed") options.onFile(await replayFile(options, name));
  }
}

async function replayFile(options: ReplayOptions, found: QuarantineName): Promise<ReplayedFile> {
  const { files, directory, quarantine, sinkName } = options;
  let { name } = found;
  const moveTo = async (next: string) => {
    if (next === name) return;
    await files.rename(join(directory, name), join(directory, next));
    name = next;
    await syncDirectory(files, directory);
  };
  await moveTo(replayingName(found.stem, found.offsetBytes));
  const count = { durable: 0, refused: 0, damaged: 0 };
  const path = join(directory, name);
  for await (const chunk of chunksOf(readQuarantineFile(files, path, found.offsetBytes))) {
    const refused = chunk.lines.length === 0 ? [] : await options.put(Buffer.concat(chunk.lines));
    if (refused.length > 0) await quarantine.keep(refused, sinkName);
    count.durable += chunk.lines.length - refused.length;
    count.refused += refused.length;
    count.damaged += chunk.damaged;
    await moveTo(replayingName(found.stem, chunk.endBytes));
  }
  await moveTo(replayedName(found.stem));
  return { name, ...count };
}

interface Chunk {
  readonly lines: Uint8Array[];
  damaged: number;
  /** Where the next chunk starts. */
  endBytes: number;
}

async function* chunksOf(entries: AsyncIterable<FoundEntry>): AsyncGenerator<Chunk> {
  let chunk: Chunk = { lines: [], damaged: 0, endBytes: 0 };
  let bytes = 0;
  for await (const { entry, torn, endBytes } of entries) {
    chunk.endBytes = endBytes;
    if (entry !== undefined) chunk.lines.push(entry.line);
    else if (!torn) chunk.damaged++;
    bytes += entry?.line.length ?? 0;
    if (bytes < chunkBytesMax) continue;
    yield chunk;
    chunk = { lines: [], damaged: 0, endBytes };
    bytes = 0;
  }
  if (chunk.lines.length > 0 || chunk.damaged > 0) yield chunk;
}
