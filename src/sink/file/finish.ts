/** From a part to a finished file. The part goes only when the finished file is on the disk under its final name. */
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { constants, createGzip, createZstdCompress } from "node:zlib";
import { type Random, randomHex } from "../../clock.ts";
import { type Compression, gzipLevel, zstdLevel } from "../../compression.ts";
import { syncDirectory } from "./directory.ts";
import { FileFault, isFault } from "./fault.ts";
import { finalName, temporaryName } from "./name.ts";
import type { Files, OpenFile } from "./system.ts";

const readBytes = 256 * 1024;
/** Fewer turns of the event loop than with the 16 KiB that zlib hands out by default. */
const chunkSize = 128 * 1024;

export interface FinishOptions {
  readonly files: Files;
  readonly random: Random;
  readonly compression: Compression;
  /** The directory of the source and of the finished file. */
  readonly directory: string;
  readonly stem: string;
  /** The part, or the part that recovery has taken over. */
  readonly source: string;
  /** Only so many bytes of the source count. */
  readonly lengthBytes: number;
  /** Whether nobody else can have the source open for writing. */
  readonly isOurs: boolean;
  /** Goes over the bytes on their way; as they are without it. */
  readonly filter?: (chunks: AsyncIterable<Uint8Array>) => AsyncIterable<Uint8Array>;
}

/**
 * Makes `<stem>.ndjson[.gz|.zst]` of the source and removes the source; a source worth nothing is just removed.
 * `gone`: the source is no longer there. Throws a `FileFault`, with the source untouched and no half file left
 * behind where that can be helped. Doing it again after any crash gives the same file.
 */
export async function finishFile(options: FinishOptions): Promise<"finished" | "empty" | "gone"> {
  const { files, source, lengthBytes } = options;
  let input: OpenFile;
  try {
    input = await files.open(source);
  } catch (error) {
    if (isFault(error, "ENOENT", "ENOTDIR")) return "gone";
    throw error;
  }
  try {
    if (lengthBytes > 0 && (await onlyRename(options, input))) return "finished";
    if (lengthBytes > 0) await writeFinished(options, input);
  } finally {
    await input.close();
  }
  await removeIfThere(files, source);
  return lengthBytes > 0 ? "finished" : "empty";
}

/** Without compression a part that is ours and whole is already the finished file but for its name. */
async function onlyRename(options: FinishOptions, input: OpenFile): Promise<boolean> {
  const { files, directory, stem, source, lengthBytes, compression, isOurs } = options;
  if (compression !== "none" || !isOurs) return false;
  if ((await input.status()).bytes !== lengthBytes) return false;
  await files.rename(source, join(directory, finalName(stem, "none")));
  await syncDirectory(files, directory);
  return true;
}

async function writeFinished(options: FinishOptions, input: OpenFile): Promise<void> {
  const { files, random, directory, stem, compression, filter } = options;
  const temporary = join(directory, temporaryName(stem, compression, randomHex(random)));
  const output = await files.create(temporary);
  try {
    try {
      const chunks = readChunks(input, options.source, options.lengthBytes);
      await compress(compression, filter?.(chunks) ?? chunks, output);
      await output.sync();
    } finally {
      await output.close();
    }
    await files.rename(temporary, join(directory, finalName(stem, compression)));
  } catch (error) {
    // The first fault is the one to tell; a temporary that stays is removed by the next start.
    await Promise.allSettled([files.remove(temporary)]);
    throw error;
  }
  await syncDirectory(files, directory);
}

async function* readChunks(input: OpenFile, path: string, lengthBytes: number): AsyncGenerator<Uint8Array> {
  for (let position = 0; position < lengthBytes; ) {
    // A new one each time: the compressor reads it in another thread while we go on.
    const chunk = new Uint8Array(Math.min(readBytes, lengthBytes - position));
    const count = await input.read(chunk, position);
    if (count === 0) {
      throw new FileFault("EIO", `cannot finish ${path}: it ends at byte ${position} of ${lengthBytes}`);
    }
    yield chunk.subarray(0, count);
    position += count;
  }
}

async function compress(
  compression: Compression,
  chunks: AsyncIterable<Uint8Array>,
  output: OpenFile,
): Promise<void> {
  const write = async (compressed: AsyncIterable<Uint8Array>): Promise<void> => {
    let position = 0;
    for await (const chunk of compressed) {
      for (let done = 0; done < chunk.length; ) {
        const written = await output.write(chunk.subarray(done), position);
        if (written === 0) throw new FileFault("EIO", "cannot write the finished file: 0 bytes were taken");
        done += written;
        position += written;
      }
    }
  };
  if (compression === "none") return write(chunks);
  const compressor =
    compression === "gzip"
      ? createGzip({ level: gzipLevel, chunkSize })
      : createZstdCompress({ chunkSize, params: { [constants.ZSTD_c_compressionLevel]: zstdLevel } });
  await pipeline(chunks, compressor, write);
}

/** Removes a file; one that is gone already is as good. */
export async function removeIfThere(files: Files, path: string): Promise<void> {
  try {
    await files.remove(path);
  } catch (error) {
    if (!isFault(error, "ENOENT", "ENOTDIR")) throw error;
  }
}
