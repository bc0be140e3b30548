/** What an earlier run left in the directory. */
import type { Clock } from "../../clock.ts";
import type { Log } from "../../log.ts";
import { FileFault, faultMessage, isFault } from "../file/fault.ts";
import type { Files } from "../file/system.ts";
import { frameAround } from "./scan.ts";
import {
  decodeSegmentHeader,
  formatVersion,
  type SegmentHeader,
  segmentHeaderBytes,
  segmentNumber,
} from "./segment.ts";
import { openSegmentFile, peekBytes } from "./segment-file.ts";
import { Segment, Segments } from "./segments.ts";
import type { SpoolCursor } from "./spool.ts";

export interface LeftoverOptions {
  readonly files: Files;
  readonly directory: string;
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * All segments in the directory, oldest first; files of other names are not looked at. Throws FileFault when one cannot
 * be opened or was written by a later version.
 */
export async function findSegments({ files, directory, clock, log }: LeftoverOptions): Promise<Segments> {
  const numbers = (await files.list(directory)).map(segmentNumber).filter((number) => number !== undefined);
  const segments = new Segments();
  for (const number of numbers.toSorted((a, b) => a - b)) {
    const { path } = new Segment(directory, number, { isOwn: false, createdMs: 0, bytes: 0 });
    const { bytes, isDirectory } = await files.status(path);
    if (isDirectory) continue;
    const createdMs = (await readHeader(files, path, log))?.createdMs ?? clock.now();
    segments.add(new Segment(directory, number, { isOwn: false, createdMs, bytes }));
  }
  return segments;
}

async function readHeader(files: Files, path: string, log: Log): Promise<SegmentHeader | undefined> {
  const file = await files.open(path);
  try {
    const bytes = new Uint8Array(segmentHeaderBytes);
    await file.read(bytes, 0);
    const header = decodeSegmentHeader(bytes);
    if (header === undefined || header.version === formatVersion) return header;
    const known = `format ${header.version}, this program knows ${formatVersion}`;
    throw new FileFault(
      "EINVAL",
      `${path} has ${known}; use the program that wrote it, or another --spool-dir`,
    );
  } catch (error) {
    // The frames may be readable all the same, and new lines have a place in any case.
    if (!isFault(error, "EIO")) throw error;
    log.error("cannot read the begin of a segment", { error: faultMessage(error) });
    return undefined;
  } finally {
    await file.close();
  }
}

/** A cursor that points into the middle of a frame is none of ours: the frame is shipped once more. */
export async function atFrame(
  files: Files,
  segments: Segments,
  cursor: SpoolCursor,
  log: Log,
): Promise<SpoolCursor> {
  const { segment: number, offsetBytes } = cursor.position;
  const segment = segments.get(number);
  if (segment === undefined || offsetBytes <= segmentHeaderBytes) return cursor;
  const file = await openSegmentFile(files, segment.path, number, peekBytes);
  try {
    const start = await frameAround(file, offsetBytes, segment.readableBytes);
    if (start === undefined) return cursor;
    log.warn("the spool's cursor points into a frame: the frame is shipped once more", {
      path: segment.path,
      offset: offsetBytes,
    });
    return { position: { segment: number, offsetBytes: start }, object: undefined };
  } finally {
    await file.close();
  }
}
