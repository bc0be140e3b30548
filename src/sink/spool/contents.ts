/** What is in the spool: its segments, how far it is shipped, and since when the oldest lines wait. */
import type { Clock } from "../../clock.ts";
import type { Log } from "../../log.ts";
import type { SpoolMetrics } from "../../metrics.ts";
import { faultMessage, isFault } from "../file/fault.ts";
import { removeIfThere } from "../file/finish.ts";
import type { Files } from "../file/system.ts";
import type { CursorFile } from "./cursor.ts";
import { keepSegment } from "./damage.ts";
import { codecs, frameEnd } from "./frame.ts";
import { segmentHeaderBytes } from "./segment.ts";
import { openSegmentFile, peekBytes } from "./segment-file.ts";
import { Segment, type Segments } from "./segments.ts";
import type { SpoolCursor } from "./spool.ts";

/** Between two tries to remove what the disk did not remove. */
const retryMs = 1_000;

export interface ContentsOptions {
  readonly files: Files;
  readonly directory: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: SpoolMetrics;
}

export class SpoolContents {
  readonly options: ContentsOptions;
  readonly segments: Segments;
  readonly #cursorFile: CursorFile;
  #cursor: SpoolCursor;
  #lastSegment: number;
  #oldestMs: number | undefined;
  #moving: Promise<void> = Promise.resolve();
  /** Those that are done with, and that the disk did not remove yet. */
  readonly #left = new Set<Segment>();
  /** Those that the disk is about to remove. */
  readonly #leaving = new Set<Segment>();
  #retriedAtMs = Number.NEGATIVE_INFINITY;

  constructor(
    options: ContentsOptions,
    parts: { segments: Segments; cursorFile: CursorFile; cursor: SpoolCursor; lastSegment: number },
  ) {
    this.options = options;
    this.segments = parts.segments;
    this.#cursorFile = parts.cursorFile;
    this.#cursor = parts.cursor;
    this.#lastSegment = parts.lastSegment;
  }

  get cursor(): SpoolCursor {
    return this.#cursor;
  }

  /** When the oldest lines that are not shipped were put; undefined: there are none. */
  get oldestMs(): number | undefined {
    return this.#oldestMs;
  }

  /** Bytes of all segments, those included that are not removed yet. */
  get bytes(): number {
    let bytes = this.segments.bytes;
    for (const segment of new Set([...this.#left, ...this.#leaving])) bytes += segment.bytes;
    return bytes;
  }

  /** A segment with a number that no other has had. */
  addSegment(): Segment {
    this.#lastSegment++;
    const { directory, clock } = this.options;
    const segment = new Segment(directory, this.#lastSegment, {
      isOwn: true,
      createdMs: clock.now(),
      bytes: 0,
    });
    this.segments.add(segment);
    return segment;
  }

  /** Tells that lines put at `appendedMs` are durable. */
  appended(appendedMs: number): void {
    this.#oldestMs ??= appendedMs;
    this.measure();
  }

  /** Saves the cursor and removes what is wholly behind it. Rejects with a FileFault; then nothing moved. */
  moveCursor(cursor: SpoolCursor): Promise<void> {
    return this.#inTurn(async () => {
      await this.#cursorFile.save({ cursor, lastSegment: this.#lastSegment });
      this.#cursor = cursor;
      await this.#settle();
    });
  }

  /** Looks where the oldest lines are and removes the segments before them. */
  settle(): Promise<void> {
    return this.#inTurn(() => this.#settle());
  }

  /** Whether all that can be read of it is shipped. */
  isShipped({ number, readableBytes }: Segment): boolean {
    const { segment, offsetBytes } = this.#cursor.position;
    return (
      number < segment || (number === segment && offsetBytes >= Math.max(readableBytes, segmentHeaderBytes))
    );
  }

  /** Removes the segment with what is in it. Where that fails it says so, answers false, and is tried again later. */
  async remove(segment: Segment): Promise<boolean> {
    const { files, directory, log } = this.options;
    this.segments.delete(segment);
    this.#leaving.add(segment);
    try {
      if (segment.mustBeKept) await keepSegment(files, directory, segment);
      else await removeIfThere(files, segment.path);
      this.#left.delete(segment);
    } catch (error) {
      const fields = { path: segment.path, error: faultMessage(error) };
      if (!this.#left.has(segment))
        log.warn("cannot remove a segment of the spool; it is tried again", fields);
      this.#left.add(segment);
    }
    this.#leaving.delete(segment);
    this.measure();
    return !this.#left.has(segment);
  }

  /** Gives what could not be removed another try, now and then: else a full spool could wait for itself. */
  retryRemovals(): void {
    const nowMs = this.options.clock.monotonicMs();
    if (this.#left.size === 0 || nowMs - this.#retriedAtMs < retryMs) return;
    this.#retriedAtMs = nowMs;
    void this.settle();
  }

  /** Bytes of unshipped lines in the segment. */
  async unshippedBytes(segment: Segment): Promise<number> {
    let rawBytes = 0;
    await this.#walk(segment, (header) => {
      rawBytes += header.rawBytes;
      return true;
    });
    return rawBytes;
  }

  /** Remembers which numbers are taken, after segments went that the cursor has not passed. */
  saveLastSegment(): Promise<void> {
    return this.#inTurn(async () => {
      await this.#cursorFile.save({ cursor: this.#cursor, lastSegment: this.#lastSegment });
      await this.#settle();
    });
  }

  measure(): void {
    const { metrics, clock } = this.options;
    metrics.bytes.set(this.bytes);
    metrics.segments.set(this.segments.count);
    const ageMs = this.#oldestMs === undefined ? 0 : Math.max(0, clock.now() - this.#oldestMs);
    metrics.oldestAge.set(ageMs / 1000);
  }

  async close(): Promise<void> {
    await this.#moving;
    await this.#cursorFile.close();
  }

  #inTurn(run: () => Promise<void>): Promise<void> {
    const turn = this.#moving.then(run);
    this.#moving = turn.catch(() => undefined);
    return turn;
  }

  async #settle(): Promise<void> {
    let oldestMs: number | undefined;
    for (const segment of [...this.#left]) await this.remove(segment);
    for (const segment of this.segments) {
      let isEmpty = this.isShipped(segment);
      if (!isEmpty) {
        const reachedEnd = await this.#walk(segment, ({ appendedMs }) => {
          oldestMs = appendedMs;
          return false;
        });
        isEmpty = reachedEnd && oldestMs === undefined;
        if (!isEmpty) oldestMs ??= segment.createdMs;
      }
      if (isEmpty && !segment.isActive) await this.remove(segment);
      if (!isEmpty) break;
    }
    this.#oldestMs = oldestMs;
    this.measure();
  }

  /**
   * Calls `visit` for the headers of unshipped frames until it answers false. Answers whether it came to the end:
   * damage that nobody has reported yet stops it.
   */
  async #walk(
    segment: Segment,
    visit: (header: { readonly appendedMs: number; readonly rawBytes: number }) => boolean,
  ): Promise<boolean> {
    const { position } = this.#cursor;
    const { files, log } = this.options;
    try {
      const file = await openSegmentFile(files, segment.path, segment.number, peekBytes);
      try {
        let at = position.segment === segment.number ? position.offsetBytes : segmentHeaderBytes;
        at = Math.max(at, segmentHeaderBytes);
        while (at < segment.readableBytes) {
          const passed = segment.damage.get(at);
          if (passed !== undefined) {
            at = passed;
            continue;
          }
          const header = await file.header(at, segment.readableBytes);
          if (header?.codec === codecs.end) return true;
          if (header === undefined || !visit(header)) return false;
          at = frameEnd(header);
        }
        return true;
      } finally {
        await file.close();
      }
    } catch (error) {
      // The reader comes upon the same and tells.
      if (!isFault(error, "ENOENT")) log.debug("cannot look into a segment", { error: faultMessage(error) });
      return false;
    }
  }
}
