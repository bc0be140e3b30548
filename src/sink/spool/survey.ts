/** Looks at a spool without touching it: also at one that is in use, since nothing is locked, moved or repaired. */
import { join } from "node:path";
import { describeError, MalformedError } from "../../errors.ts";
import { faultMessage, isFault } from "../file/fault.ts";
import type { Files } from "../file/system.ts";
import { readCursor, type SavedCursor } from "./cursor.ts";
import { damagedDirectory } from "./damage.ts";
import { type FrameHeader, frameEnd } from "./frame.ts";
import { decodeRecord } from "./record.ts";
import { type BadBytes, type FoundFrame, findFrame, wasDurable } from "./scan.ts";
import {
  decodeSegmentHeader,
  formatVersion,
  segmentHeaderBytes,
  segmentName,
  segmentNumber,
} from "./segment.ts";
import { openSegmentFile, peekBytes, type SegmentFile } from "./segment-file.ts";

export interface SurveyOptions {
  readonly files: Files;
  readonly directory: string;
  /** `data`: every byte is read and checked; `header`: only what stands before the frames. */
  readonly check: "data" | "header";
  /** Called now and then with what is done. */
  readonly onProgress?: (doneBytes: number, allBytes: number) => void;
}

export interface Survey {
  /** Undefined: the spool has none, or a damaged one. */
  readonly cursor: SavedCursor | undefined;
  readonly segments: readonly SegmentSurvey[];
  /** Files of damaged bytes that were put aside. */
  readonly putAside: readonly string[];
}

export interface SegmentSurvey {
  readonly segment: number;
  readonly path: string;
  readonly bytes: number;
  readonly frames: Totals;
  readonly unshipped: Totals;
  readonly firstMs: number | undefined;
  readonly lastMs: number | undefined;
  /** When the oldest of the unshipped frames was put. */
  readonly oldestMs: number | undefined;
  /** The mark of the end is there: nothing more is written to it. */
  readonly isEnded: boolean;
  /** Damaged places, and what cannot be read. */
  readonly damage: readonly BadBytes[];
  /** Bytes at the end of a write that never finished, or is under way now. */
  readonly unfinishedBytes: number;
}

export interface Totals {
  frames: number;
  lines: number;
  rawBytes: number;
}

/** Reads the whole directory. Throws FileFault when it cannot be listed. */
export async function surveySpool(options: SurveyOptions): Promise<Survey> {
  const { files, directory } = options;
  const names = await files.list(directory);
  const numbers = names.map(segmentNumber).filter((number) => number !== undefined);
  const cursor = await readCursor(files, directory);
  const sizes = new Map<number, number>();
  for (const number of numbers.toSorted((a, b) => a - b)) {
    const bytes = await lengthOf(files, join(directory, segmentName(number)));
    // One that was shipped meanwhile is gone.
    if (bytes !== undefined) sizes.set(number, bytes);
  }
  const allBytes = [...sizes.values()].reduce((sum, bytes) => sum + bytes, 0);
  const segments: SegmentSurvey[] = [];
  let doneBytes = 0;
  for (const [number, bytes] of sizes) {
    const tell = (inSegment: number) => options.onProgress?.(doneBytes + inSegment, allBytes);
    const survey = await surveySegment(options, number, bytes, cursor, tell);
    if (survey !== undefined) segments.push(survey);
    doneBytes += bytes;
  }
  const putAside = names.includes(damagedDirectory)
    ? await files.list(join(directory, damagedDirectory))
    : [];
  return { cursor, segments, putAside };
}

async function lengthOf(files: Files, path: string): Promise<number | undefined> {
  try {
    return (await files.status(path)).bytes;
  } catch (error) {
    if (isFault(error, "ENOENT")) return undefined;
    throw error;
  }
}

async function surveySegment(
  { files, directory, check }: SurveyOptions,
  number: number,
  bytes: number,
  cursor: SavedCursor | undefined,
  tell: (doneBytes: number) => void,
): Promise<SegmentSurvey | undefined> {
  const path = join(directory, segmentName(number));
  const shippedBytes = shippedIn(number, cursor);
  const tally = new Tally(shippedBytes);
  const found = { segment: number, path, bytes };
  try {
    const file = await openSegmentFile(files, path, number, check === "data" ? undefined : peekBytes);
    try {
      await tally.readHeader(file, bytes);
      await tally.readFrames(file, bytes, check, tell);
    } finally {
      await file.close();
    }
  } catch (error) {
    if (isFault(error, "ENOENT")) return undefined;
    tally.damage.push({ kind: "bad", start: tally.at, end: bytes, reason: faultMessage(error) });
  }
  return { ...found, ...tally.result() };
}

/** How far the cursor says that the segment is shipped. */
function shippedIn(number: number, cursor: SavedCursor | undefined): number {
  if (cursor === undefined || number > cursor.cursor.position.segment) return 0;
  const { segment, offsetBytes } = cursor.cursor.position;
  return number < segment ? Number.POSITIVE_INFINITY : offsetBytes;
}

class Tally {
  readonly damage: BadBytes[] = [];
  readonly #shippedBytes: number;
  readonly #frames: Totals = { frames: 0, lines: 0, rawBytes: 0 };
  readonly #unshipped: Totals = { frames: 0, lines: 0, rawBytes: 0 };
  #firstMs: number | undefined;
  #lastMs: number | undefined;
  #oldestMs: number | undefined;
  #unfinishedBytes = 0;
  #isEnded = false;
  at = segmentHeaderBytes;

  constructor(shippedBytes: number) {
    this.#shippedBytes = shippedBytes;
  }

  async readHeader(file: SegmentFile, bytes: number): Promise<void> {
    const header = decodeSegmentHeader(await file.bytes(0, segmentHeaderBytes, bytes));
    const bad = (reason: string) =>
      this.damage.push({ kind: "bad", start: 0, end: segmentHeaderBytes, reason });
    if (header === undefined) {
      if (bytes > segmentHeaderBytes) bad("the segment's header is damaged; its frames do not need it");
    } else if (header.version !== formatVersion) bad(`format ${header.version} is not known to this program`);
    else if (header.segment !== file.number) bad(`its header says it is segment ${header.segment}`);
  }

  async readFrames(
    file: SegmentFile,
    bytes: number,
    check: "data" | "header",
    tell: (doneBytes: number) => void,
  ): Promise<void> {
    for (this.at = segmentHeaderBytes; this.at < bytes; tell(this.at)) {
      const found = await findFrame(file, this.at, bytes, check);
      if (found.kind === "end") {
        this.#isEnded = true;
        return;
      }
      const bad = found.kind === "bad" ? found : check === "data" ? await badContent(found) : undefined;
      if (found.kind === "frame" && bad === undefined) this.#add(found.header);
      else if (bad !== undefined && (await wasDurable(file, bad, bytes))) this.damage.push(bad);
      else if (bad !== undefined) this.#unfinishedBytes += bad.end - bad.start;
      this.at = found.kind === "frame" ? frameEnd(found.header) : found.end;
    }
  }

  result() {
    return {
      frames: this.#frames,
      unshipped: this.#unshipped,
      firstMs: this.#firstMs,
      lastMs: this.#lastMs,
      oldestMs: this.#oldestMs,
      isEnded: this.#isEnded,
      damage: this.damage,
      unfinishedBytes: this.#unfinishedBytes,
    };
  }

  #add({ offsetBytes, lineCount, rawBytes, appendedMs }: FrameHeader): void {
    const isShipped = offsetBytes < this.#shippedBytes;
    for (const totals of isShipped ? [this.#frames] : [this.#frames, this.#unshipped]) {
      totals.frames++;
      totals.lines += lineCount;
      totals.rawBytes += rawBytes;
    }
    this.#firstMs ??= appendedMs;
    this.#lastMs = appendedMs;
    if (!isShipped) this.#oldestMs ??= appendedMs;
  }
}

/** Whether the lines come out of the frame as its header announces them. */
async function badContent({ header, data }: FoundFrame): Promise<BadBytes | undefined> {
  try {
    await decodeRecord(header, data);
    return undefined;
  } catch (error) {
    if (!(error instanceof MalformedError)) throw error;
    return { kind: "bad", start: header.offsetBytes, end: frameEnd(header), reason: describeError(error) };
  }
}
