/** A spool as those who fill and empty it see it. The bytes on the disk: FORMAT in frame.ts and segment.ts. */
import type { Sink } from "../sink.ts";

/** A place between two frames. Segments are numbered from 1 and grow; offsets are bytes from the segment's start. */
export interface SpoolPosition {
  readonly segment: number;
  readonly offsetBytes: number;
}

/** One frame, read back and checked. */
export interface SpoolFrame {
  /** Whole lines, as they were put. */
  readonly lines: Uint8Array;
  /** When they were put, in ms since the epoch. */
  readonly appendedMs: number;
  readonly start: SpoolPosition;
  /** Where the next frame begins: what `shipped` gets once this frame is durable in the sink. */
  readonly end: SpoolPosition;
}

/** An object that is about to be put: after a crash the same frames go under the same key, so nothing is twice. */
export interface ObjectPlan {
  readonly key: string;
  readonly end: SpoolPosition;
}

/** How far the spool is emptied. Survives every crash; the frames behind it may be shipped once more. */
export interface SpoolCursor {
  readonly position: SpoolPosition;
  readonly object: ObjectPlan | undefined;
}

export interface SpoolStatus {
  readonly bytes: number;
  readonly segments: number;
  /** When the oldest lines that are not shipped were put, in ms since the epoch; undefined: there are none. */
  readonly oldestMs: number | undefined;
  /** Why it takes nothing more, or undefined. */
  readonly full: string | undefined;
}

export interface Spool {
  /**
   * Puts go into the spool: a record (whole lines) is durable once its frame is fsynced. While the spool is full, or
   * the disk does not take the bytes, the outcome is `retryable`.
   */
  readonly sink: Sink;
  readonly directory: string;
  /** As found at the start, then as last moved. */
  readonly cursor: SpoolCursor;
  /**
   * The first whole frame at or behind `from`. Waits until there is one; resolves with undefined when `signal` is
   * aborted. Damage is passed over, counted and logged once.
   */
  read(from: SpoolPosition, signal: AbortSignal): Promise<SpoolFrame | undefined>;
  /** Moves the cursor and removes segments that are wholly behind it. Rejects with a FileFault; then nothing moved. */
  moveCursor(cursor: SpoolCursor): Promise<void>;
  status(): SpoolStatus;
  /** After the last put and read. What is in it stays for the next start. */
  close(): Promise<void>;
}
