/** From frame to frame through a segment, and over what is none. */
import { crc32c } from "../../wire/crc32c.ts";
import {
  codecs,
  decodeFrameHeader,
  decodeMovedHeader,
  type FrameHeader,
  frameEnd,
  frameHeaderBytes,
  magicByte,
} from "./frame.ts";
import { segmentHeaderBytes } from "./segment.ts";
import type { SegmentFile } from "./segment-file.ts";

const scanBytes = 256 * 1024;
const noData = new Uint8Array(0);

export type Found = FoundFrame | BadBytes | { readonly kind: "end" };

export interface FoundFrame {
  readonly kind: "frame";
  readonly header: FrameHeader;
  /** As they stand in the segment. */
  readonly data: Uint8Array;
}

/** Bytes that are no frame, up to the next one or the end. */
export interface BadBytes {
  readonly kind: "bad";
  readonly start: number;
  readonly end: number;
  readonly reason: string;
}

/** What starts at `offset`; `readableBytes` of the segment count. `header`: the data is neither read nor checked. */
export async function findFrame(
  file: SegmentFile,
  offset: number,
  readableBytes: number,
  check: "data" | "header" = "data",
): Promise<Found> {
  if (offset >= readableBytes) return { kind: "end" };
  const header = await file.header(offset, readableBytes);
  if (header === undefined) return badUntilNext(file, offset, readableBytes, "there is no frame header");
  if (header.codec === codecs.end) return { kind: "end" };
  const end = frameEnd(header);
  if (end > readableBytes)
    return badUntilNext(file, offset, readableBytes, "the segment ends inside the frame");
  if (check === "header") return { kind: "frame", header, data: noData };
  const data = await file.bytes(offset + frameHeaderBytes, end, readableBytes);
  if (data.length < header.dataBytes) {
    return badUntilNext(file, offset, readableBytes, "the file ends inside the frame");
  }
  if (crc32c(data) === header.dataCrc) return { kind: "frame", header, data };
  return { kind: "bad", start: offset, end, reason: "the frame's data does not match its checksum" };
}

/**
 * Whether bad bytes had been acknowledged once: a frame behind them says that all before it was fsynced when it was
 * written. What is bad behind the last fsync was never finished when the program or the machine stopped. Frames that
 * are not where they were written say the same: somebody took bytes out of the file before them, or put some in.
 */
export async function wasDurable(file: SegmentFile, bad: BadBytes, readableBytes: number): Promise<boolean> {
  for (let at = bad.end; at < readableBytes; ) {
    const header = await file.header(at, readableBytes);
    if (header === undefined) {
      const next = await nextHeader(file, at + 1, readableBytes);
      if (next === undefined) break;
      at = next;
      continue;
    }
    if (header.durableBytes > bad.start) return true;
    at = frameEnd(header);
  }
  const moved = await find(file, bad.start, readableBytes, (bytes, at) => {
    const header = decodeMovedHeader(bytes, at, file.number);
    return header !== undefined && header.durableBytes > bad.start;
  });
  return moved !== undefined;
}

/** Where the frame starts that `offset` lies in the middle of; undefined: it lies between frames, or in damage. */
export async function frameAround(
  file: SegmentFile,
  offset: number,
  readableBytes: number,
): Promise<number | undefined> {
  if (offset >= readableBytes || (await file.header(offset, readableBytes)) !== undefined) return undefined;
  for (let at = segmentHeaderBytes; at < offset; ) {
    const header = await file.header(at, readableBytes);
    const end = header === undefined ? await nextHeader(file, at + 1, readableBytes) : frameEnd(header);
    if (end === undefined) return undefined;
    if (header !== undefined && end > offset) return at;
    at = end;
  }
  return undefined;
}

async function badUntilNext(
  file: SegmentFile,
  start: number,
  readableBytes: number,
  reason: string,
): Promise<BadBytes> {
  const end = (await nextHeader(file, start + 1, readableBytes)) ?? readableBytes;
  return { kind: "bad", start, end, reason };
}

/** Where the first valid header at or behind `from` is. */
function nextHeader(file: SegmentFile, from: number, readableBytes: number): Promise<number | undefined> {
  return find(file, from, readableBytes, (bytes, at, offsetBytes) => {
    return decodeFrameHeader(bytes, at, { segment: file.number, offsetBytes }) !== undefined;
  });
}

/** Where the first header at or behind `from` is of which `isIt` says so; `offset` in the file is `at` in `bytes`. */
async function find(
  file: SegmentFile,
  from: number,
  readableBytes: number,
  isIt: (bytes: Uint8Array, at: number, offset: number) => boolean,
): Promise<number | undefined> {
  for (let start = from; start + frameHeaderBytes <= readableBytes; ) {
    const bytes = await file.bytes(start, Math.min(start + scanBytes, readableBytes), readableBytes);
    if (bytes.length < frameHeaderBytes) return undefined;
    for (let at = bytes.indexOf(magicByte); at >= 0; at = bytes.indexOf(magicByte, at + 1)) {
      if (isIt(bytes, at, start + at)) return start + at;
    }
    // A header may begin in these bytes and end behind them.
    start += bytes.length - frameHeaderBytes + 1;
  }
  return undefined;
}
