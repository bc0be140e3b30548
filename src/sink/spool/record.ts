/** Lines on their way into a frame and out of it again: compressed in another thread, while the disk writes. */
import { promisify } from "node:util";
import { constants, zstdCompress, zstdDecompress } from "node:zlib";
import { zstdLevel } from "../../compression.ts";
import { MalformedError } from "../../errors.ts";
import { crc32c } from "../../wire/crc32c.ts";
import { codecs, type FrameHeader } from "./frame.ts";

const compress = promisify(zstdCompress);
const decompress = promisify(zstdDecompress);
const params = { [constants.ZSTD_c_compressionLevel]: zstdLevel };
const newline = 0x0a;
/** Smaller records gain too little to be worth a trip to another thread. */
const compressBytesMin = 512;

/** A record as a frame stores it; the frame's place is not known yet. */
export interface StoredRecord
  extends Pick<FrameHeader, "codec" | "rawBytes" | "lineCount" | "dataCrc" | "appendedMs"> {
  readonly data: Uint8Array;
}

/** Makes the data of a frame of whole lines. */
export async function encodeRecord(
  lines: Uint8Array,
  compression: "none" | "zstd",
  appendedMs: number,
): Promise<StoredRecord> {
  let data = lines;
  let codec: number = codecs.lines;
  if (compression === "zstd" && lines.length >= compressBytesMin) {
    const compressed = await compress(lines, { params });
    if (compressed.length < lines.length) {
      data = compressed;
      codec = codecs.zstd;
    }
  }
  const dataCrc = crc32c(data);
  return { data, codec, rawBytes: lines.length, lineCount: countLines(lines), dataCrc, appendedMs };
}

/** zlib works with no smaller pieces. */
const chunkBytesMin = 64;

/** The whole lines of a frame. Throws MalformedError when they are not what the header announces. */
export async function decodeRecord(header: FrameHeader, data: Uint8Array): Promise<Uint8Array> {
  const { codec, rawBytes } = header;
  let lines = data;
  if (codec === codecs.zstd) {
    try {
      // In one piece: pieces of 16 KiB put together cost three times as much.
      const chunkSize = Math.max(chunkBytesMin, rawBytes);
      lines = await decompress(data, { maxOutputLength: Math.max(1, rawBytes), chunkSize });
    } catch (error) {
      throw new MalformedError("the frame's zstd data cannot be decompressed", { cause: error });
    }
  } else if (codec !== codecs.lines) {
    throw new MalformedError(`the frame has codec ${codec}, which this program does not know`);
  }
  if (lines.length === rawBytes) return lines;
  throw new MalformedError(`the frame has ${lines.length} bytes of lines instead of ${rawBytes}`);
}

function countLines(lines: Uint8Array): number {
  let count = 0;
  for (let at = lines.indexOf(newline); at >= 0; at = lines.indexOf(newline, at + 1)) count++;
  return count;
}
