/** The compression leaf: whole records become complete gzip members or zstd frames, off the main thread. */
import { promisify } from "node:util";
import { gzip, constants as zlibConstants, zstdCompress } from "node:zlib";
import { type Compression, gzipLevel, zstdLevel } from "../compression.ts";

export type Compress = (bytes: Uint8Array) => Promise<Uint8Array>;

const gzipAsync = promisify(gzip);
const zstdAsync = promisify(zstdCompress);

/** How to compress one record; undefined: leave it as it is. */
export function compressorOf(compression: Compression): Compress | undefined {
  if (compression === "gzip") return (bytes) => gzipAsync(bytes, { level: gzipLevel });
  if (compression === "zstd") {
    const params = { [zlibConstants.ZSTD_c_compressionLevel]: zstdLevel };
    return (bytes) => zstdAsync(bytes, { params });
  }
  return undefined;
}

/**
 * How many raw bytes always fit in `compressedBytes`, whatever they are: incompressible data grows by 5 bytes per
 * 16 KiB and 18 in gzip, by 3 bytes per 128 KiB and 18 in zstd; a 64th and 64 bytes are more than either.
 */
export function rawBytesThatFit(compressedBytes: number, compression: Compression): number {
  return compression === "none" ? compressedBytes : compressedBytes - Math.ceil(compressedBytes / 64) - 64;
}
