/** The compression of whole objects, as a stream: one gzip member or zstd frame, never all of it in memory. */
import { pipeline } from "node:stream/promises";
import { constants, createGzip, createZstdCompress } from "node:zlib";
import { type Compression, gzipLevel, zstdLevel } from "../compression.ts";

/** Fewer turns of the event loop than with the 16 KiB that zlib hands out by default. */
const chunkSize = 128 * 1024;

/**
 * Hands the compressed bytes of `chunks` to `use` and answers with what that gives; `use` may end before the bytes do.
 * Reads on no faster than `use` takes the bytes.
 */
export async function withCompressed<T>(
  compression: Compression,
  chunks: AsyncIterable<Uint8Array>,
  use: (compressed: AsyncIterable<Uint8Array>) => Promise<T>,
): Promise<T> {
  if (compression === "none") return use(chunks);
  const compressor =
    compression === "gzip"
      ? createGzip({ level: gzipLevel, chunkSize })
      : createZstdCompress({ chunkSize, params: { [constants.ZSTD_c_compressionLevel]: zstdLevel } });
  let result: { readonly value: T } | undefined;
  try {
    await pipeline(chunks, compressor, async (compressed: AsyncIterable<Uint8Array>) => {
      result = { value: await use(compressed) };
    });
  } catch (error) {
    // A stream that was left before its end is no fault of ours.
    if (result === undefined) throw error;
  }
  if (result === undefined) throw new RangeError("A stream that ended without its reader");
  return result.value;
}
