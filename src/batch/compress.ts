/** The compression leaf: whole records become complete gzip members or zstd frames. */
import { promisify } from "node:util";
import { gzip, gzipSync, constants as zlibConstants, zstdCompress, zstdCompressSync } from "node:zlib";
import { type Compression, gzipLevel, zstdLevel } from "../compression.ts";

export type Compress = (bytes: Uint8Array) => Uint8Array | Promise<Uint8Array>;

const gzipAsync = promisify(gzip);
const zstdAsync = promisify(zstdCompress);
/** As large as the result, mostly: pieces are joined at the end. */
const chunkSize = 256 * 1024;
/**
 * Up to here the loop stands still for it, some 3 ms: a thread and the way to it cost 20 to 40 % more CPU time (whole
 * way of a sample on Bun 791 -> 702 ns, on Node 1212 -> 932).
 */
const atOnceBytesMax = 8 * 1024 * 1024;

/** How to compress one record; undefined: leave it as it is. */
export function compressorOf(compression: Compression): Compress | undefined {
  if (compression === "gzip") {
    const options = { level: gzipLevel, chunkSize };
    return (bytes) => (bytes.length <= atOnceBytesMax ? gzipSync(bytes, options) : gzipAsync(bytes, options));
  }
  if (compression === "zstd") {
    const options = { chunkSize, params: { [zlibConstants.ZSTD_c_compressionLevel]: zstdLevel } };
    return (bytes) =>
      bytes.length <= atOnceBytesMax ? zstdCompressSync(bytes, options) : zstdAsync(bytes, options);
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
