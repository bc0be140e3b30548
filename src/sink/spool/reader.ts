/** Frames in order, as soon as they are durable. What is no frame is reported once and passed over. */
import { join } from "node:path";
import { sleep } from "../../clock.ts";
import { describeError, MalformedError } from "../../errors.ts";
import { FileFault, faultMessage, isFault } from "../file/fault.ts";
import type { SpoolContents } from "./contents.ts";
import { cursorName } from "./cursor.ts";
import { saveDamage } from "./damage.ts";
import { frameEnd, frameHeaderBytes } from "./frame.ts";
import { decodeRecord } from "./record.ts";
import { type BadBytes, type FoundFrame, findFrame, wasDurable } from "./scan.ts";
import { segmentHeaderBytes } from "./segment.ts";
import { openSegmentFile, type SegmentFile } from "./segment-file.ts";
import type { Segment } from "./segments.ts";
import type { SpoolFrame, SpoolPosition } from "./spool.ts";

/** After a fault of the disk the same bytes are tried again. */
const retryMs = 1_000;
/** What could not be read so often is given up, if other parts of the file can be read. */
const readAttemptsMax = 5;

export class SpoolReader {
  readonly #contents: SpoolContents;
  #file: { readonly segment: Segment; readonly file: SegmentFile } | undefined;
  #faults = 0;
  #turn: Promise<unknown> = Promise.resolve();
  #arrival = Promise.withResolvers<void>();

  constructor(contents: SpoolContents) {
    this.#contents = contents;
  }

  /** Wakes those who wait: there is more to read, or nothing more will come. */
  arrived(): void {
    this.#arrival.resolve();
    this.#arrival = Promise.withResolvers();
  }

  async read(from: SpoolPosition, signal: AbortSignal): Promise<SpoolFrame | undefined> {
    while (!signal.aborted) {
      // Taken before the look, so that nothing arrives unseen between the look and the wait.
      const arrival = this.#arrival.promise;
      const look = this.#turn.then(() => this.#next(from, signal));
      this.#turn = look.catch(() => undefined);
      const frame = await look;
      if (frame !== undefined) return frame;
      if (!signal.aborted) await untilAborted(arrival, signal);
    }
    return undefined;
  }

  async close(): Promise<void> {
    await this.#turn;
    await this.#letGo();
  }

  async #next(from: SpoolPosition, signal: AbortSignal): Promise<SpoolFrame | undefined> {
    const { segments } = this.#contents;
    let { segment: number, offsetBytes } = from;
    while (!signal.aborted) {
      const segment = segments.get(number) ?? segments.after(number);
      // A removed segment gives its space back only once nobody has it open: a full disk waits for that.
      if (this.#file?.segment !== segment) await this.#letGo();
      if (segment === undefined) return undefined;
      if (segment.number !== number) offsetBytes = segmentHeaderBytes;
      try {
        const frame = await this.#inSegment(segment, Math.max(offsetBytes, segmentHeaderBytes));
        if (frame !== undefined) return frame;
        if (segment.isActive) return undefined;
        number = segment.number + 1;
        offsetBytes = segmentHeaderBytes;
      } catch (error) {
        if (!(error instanceof FileFault)) throw error;
        await this.#onFault(segment, error, signal);
      }
    }
    return undefined;
  }

  async #inSegment(segment: Segment, from: number): Promise<SpoolFrame | undefined> {
    for (let at = from; at < segment.readableBytes; ) {
      const known = segment.damage.get(at);
      if (known !== undefined) {
        at = known;
        continue;
      }
      const file = await this.#open(segment);
      const found = await findFrame(file, at, segment.readableBytes);
      if (found.kind === "end") {
        segment.readableBytes = at;
        return undefined;
      }
      if (found.kind === "frame") {
        const frame = await decodeFrame(found);
        if (!(frame instanceof MalformedError)) {
          this.#faults = 0;
          return frame;
        }
        await this.#passOver(segment, file, badFrame(found, frame));
        at = frameEnd(found.header);
        continue;
      }
      await this.#passOver(segment, file, found);
      at = found.end;
    }
    return undefined;
  }

  async #passOver(segment: Segment, file: SegmentFile, bad: BadBytes): Promise<void> {
    const { files, directory, log, metrics } = this.#contents.options;
    const fields = { path: segment.path, offset: bad.start, bytes: bad.end - bad.start, reason: bad.reason };
    if (!segment.isOwn && !(await wasDurable(file, bad, segment.readableBytes))) {
      log.warn("the spool's segment ends in a write that never finished; it was not acknowledged", fields);
      return this.#markPassed(segment, bad);
    }
    let saved: string | undefined;
    try {
      saved = await saveDamage(files, directory, file, bad);
    } catch (error) {
      segment.mustBeKept = true;
      log.warn("cannot save damaged bytes of the spool; the whole segment is kept instead", {
        path: segment.path,
        error: faultMessage(error),
      });
    }
    await this.#markPassed(segment, bad);
    metrics.damagedFrames.inc();
    log.error(
      "a frame of the spool is damaged and its lines are lost; the frames around it are not. Check the disk; " +
        "spool fsck tells more",
      { ...fields, saved },
    );
  }

  /** Where the oldest lines are may have changed: there are none in what is passed over. */
  async #markPassed(segment: Segment, { start, end }: BadBytes): Promise<void> {
    segment.damage.set(start, end);
    await this.#contents.settle();
  }

  async #onFault(segment: Segment, error: FileFault, signal: AbortSignal): Promise<void> {
    const { log, clock, metrics } = this.#contents.options;
    await this.#letGo();
    if (isFault(error, "ENOENT") && (await this.#isDirectoryThere())) {
      this.#contents.segments.delete(segment);
      metrics.damagedFrames.inc();
      log.error("a segment of the spool was removed by someone; what was not shipped of it is lost", {
        path: segment.path,
      });
      await this.#contents.settle();
      return;
    }
    this.#faults++;
    log.error("cannot read the spool; another try follows", { error: faultMessage(error) });
    await sleep(clock, retryMs, signal).catch(() => undefined);
  }

  /** A volume that is not mounted for a while has not lost its segments. */
  async #isDirectoryThere(): Promise<boolean> {
    const { files, directory } = this.#contents.options;
    try {
      await files.status(join(directory, cursorName));
      return true;
    } catch {
      return false;
    }
  }

  async #open(segment: Segment): Promise<SegmentFile> {
    if (this.#file !== undefined) return this.#file.file;
    const file = await openSegmentFile(this.#contents.options.files, segment.path, segment.number);
    this.#file = { segment, file };
    if (this.#faults >= readAttemptsMax && !segment.isActive) {
      await file.readAroundFaults();
      segment.mustBeKept = true;
    }
    return file;
  }

  async #letGo(): Promise<void> {
    const open = this.#file;
    this.#file = undefined;
    if (open === undefined) return;
    try {
      await open.file.close();
    } catch (error) {
      const { log } = this.#contents.options;
      log.warn("cannot close a segment", { path: open.segment.path, error: describeError(error) });
    }
  }
}

async function decodeFrame({ header, data }: FoundFrame): Promise<SpoolFrame | MalformedError> {
  const { segment, offsetBytes, appendedMs } = header;
  try {
    const lines = await decodeRecord(header, data);
    const end = { segment, offsetBytes: frameEnd(header) };
    return { lines, appendedMs, start: { segment, offsetBytes }, end };
  } catch (error) {
    if (error instanceof MalformedError) return error;
    throw error;
  }
}

function badFrame({ header }: FoundFrame, error: MalformedError): BadBytes {
  const { offsetBytes: start, dataBytes } = header;
  return { kind: "bad", start, end: start + frameHeaderBytes + dataBytes, reason: describeError(error) };
}

/** Resolves with `work`, or when the signal is aborted. */
function untilAborted(work: Promise<void>, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      signal.removeEventListener("abort", end);
      resolve();
    };
    signal.addEventListener("abort", end, { once: true });
    void work.then(end);
  });
}
