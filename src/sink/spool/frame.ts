/**
 * A frame: one record of whole lines in a segment. 48 bytes of header and the data; all numbers are little-endian.
 *
 *      0  4  magic, ff 46 52 4d: ff is in no UTF-8 text, so no line holds it
 *      4  4  number of the segment
 *      8  4  where in the segment this frame starts
 *     12  4  everything in the segment before this was fsynced before this frame was written
 *     16  4  length of the data
 *     20  4  length of the lines
 *     24  4  how many lines
 *     28  1  codec: 0 the data is the lines, 1 it is one zstd frame of them, 255 the end of the segment, without data
 *     29  3  zero
 *     32  8  when the lines were put, in ms since the epoch
 *     40  4  CRC-32C of the data
 *     44  4  CRC-32C of the 44 bytes before
 *
 * Segment and place tie a header to where it is: bytes that a file system brings back from an earlier file, or that
 * stand inside the data of another frame, are never taken for one. With two checksums a flipped bit costs one frame:
 * in the data the header still tells where the next one starts, and behind a bad header the next good one is looked
 * for. What is bad before the 12th byte's "fsynced" of any later frame was acknowledged: it is damage. What is bad
 * behind that was never finished.
 */
import { crc32c } from "../../wire/crc32c.ts";

export const frameHeaderBytes = 48;
/** More data than any frame has: a length above it is not one. */
export const frameDataBytesMax = 64 * 1024 * 1024;
export const magicByte = 0xff;
const magic = 0x4d52_46ff;
const twoTo32 = 2 ** 32;

export const codecs = { lines: 0, zstd: 1, end: 255 } as const;

export interface FrameHeader {
  readonly segment: number;
  readonly offsetBytes: number;
  /** Everything before this was fsynced before this frame was written. */
  readonly durableBytes: number;
  readonly dataBytes: number;
  readonly rawBytes: number;
  readonly lineCount: number;
  readonly codec: number;
  readonly appendedMs: number;
  readonly dataCrc: number;
}

/** The 48 bytes of a header. */
export function encodeFrameHeader(header: FrameHeader): Uint8Array {
  const bytes = new Uint8Array(frameHeaderBytes);
  const view = new DataView(bytes.buffer);
  const { segment, offsetBytes, durableBytes, dataBytes, rawBytes, lineCount } = header;
  const words = [magic, segment, offsetBytes, durableBytes, dataBytes, rawBytes, lineCount, header.codec];
  for (const [at, word] of words.entries()) view.setUint32(at * 4, word, true);
  view.setUint32(32, header.appendedMs % twoTo32, true);
  view.setUint32(36, Math.floor(header.appendedMs / twoTo32), true);
  view.setUint32(40, header.dataCrc, true);
  view.setUint32(44, crc32c(bytes.subarray(0, 44)), true);
  return bytes;
}

/** The header at `at` in `bytes`, or undefined: there is none that belongs in this place of this segment. */
export function decodeFrameHeader(
  bytes: Uint8Array,
  at: number,
  place: { readonly segment: number; readonly offsetBytes: number },
): FrameHeader | undefined {
  if (at + frameHeaderBytes > bytes.length || bytes[at] !== magicByte) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset + at, frameHeaderBytes);
  const word = (offset: number) => view.getUint32(offset, true);
  if (word(0) !== magic || word(4) !== place.segment || word(8) !== place.offsetBytes) return undefined;
  if (word(44) !== crc32c(bytes.subarray(at, at + 44))) return undefined;
  const [dataBytes, rawBytes] = [word(16), word(20)];
  if (dataBytes > frameDataBytesMax || rawBytes > frameDataBytesMax) return undefined;
  return {
    ...place,
    durableBytes: word(12),
    dataBytes,
    rawBytes,
    lineCount: word(24),
    codec: word(28),
    appendedMs: word(36) * twoTo32 + word(32),
    dataCrc: word(40),
  };
}

/** The header at `at` of a frame of this segment, wherever in it that was written; `offsetBytes` tells where. */
export function decodeMovedHeader(bytes: Uint8Array, at: number, segment: number): FrameHeader | undefined {
  if (at + frameHeaderBytes > bytes.length) return undefined;
  const offsetBytes = new DataView(bytes.buffer, bytes.byteOffset + at).getUint32(8, true);
  return decodeFrameHeader(bytes, at, { segment, offsetBytes });
}

/** Where the frame ends and the next one starts. */
export function frameEnd({ offsetBytes, dataBytes }: FrameHeader): number {
  return offsetBytes + frameHeaderBytes + dataBytes;
}
