/**
 * A segment: one file of a spool, `000000000001.segment`, numbered from 1 without reuse. 32 bytes of header, then
 * frames (frame.ts) without a gap; the last one marks the end, unless the program was killed.
 *
 *      0  8  magic, ff 50 52 4b 53 50 4f 4c
 *      8  4  version of the format, 1
 *     12  4  number of the segment
 *     16  8  when it was created, in ms since the epoch
 *     24  4  zero
 *     28  4  CRC-32C of the 28 bytes before
 *
 * Nothing here is needed to read the frames: when these bytes are damaged only the version is taken on trust.
 */
import { crc32c } from "../../wire/crc32c.ts";

export const segmentHeaderBytes = 32;
export const formatVersion = 1;
const magic = [0xff, 0x50, 0x52, 0x4b, 0x53, 0x50, 0x4f, 0x4c] as const;
const twoTo32 = 2 ** 32;

export interface SegmentHeader {
  readonly version: number;
  readonly segment: number;
  readonly createdMs: number;
}

/** The name of a segment's file. */
export function segmentName(segment: number): string {
  return `${String(segment).padStart(12, "0")}.segment`;
}

/** The number of the segment that a file of this name is; undefined for any other file. */
export function segmentNumber(name: string): number | undefined {
  const digits = /^(\d{12})\.segment$/.exec(name)?.[1];
  const number = Number(digits ?? 0);
  return number > 0 && number < twoTo32 ? number : undefined;
}

/** The 32 bytes at the start of a segment. */
export function encodeSegmentHeader({ segment, createdMs }: Omit<SegmentHeader, "version">): Uint8Array {
  const bytes = new Uint8Array(segmentHeaderBytes);
  bytes.set(magic);
  const view = new DataView(bytes.buffer);
  view.setUint32(8, formatVersion, true);
  view.setUint32(12, segment, true);
  view.setUint32(16, createdMs % twoTo32, true);
  view.setUint32(20, Math.floor(createdMs / twoTo32), true);
  view.setUint32(28, crc32c(bytes.subarray(0, 28)), true);
  return bytes;
}

/** What the header says, or undefined: it is missing or damaged. */
export function decodeSegmentHeader(bytes: Uint8Array): SegmentHeader | undefined {
  if (bytes.length < segmentHeaderBytes || magic.some((byte, at) => bytes[at] !== byte)) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, segmentHeaderBytes);
  if (view.getUint32(28, true) !== crc32c(bytes.subarray(0, 28))) return undefined;
  return {
    version: view.getUint32(8, true),
    segment: view.getUint32(12, true),
    createdMs: view.getUint32(20, true) * twoTo32 + view.getUint32(16, true),
  };
}
