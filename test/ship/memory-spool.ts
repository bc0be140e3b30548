/** A spool in memory, one frame a put, all in one segment: its places count frames. */
import { durable, type Outcome, type Sink } from "../../src/sink/sink.ts";
import type {
  Spool,
  SpoolCursor,
  SpoolFrame,
  SpoolPosition,
  SpoolStatus,
} from "../../src/sink/spool/spool.ts";

export class MemorySpool implements Spool {
  readonly directory = "memory:";
  readonly sink: Sink = {
    name: "spool:memory",
    limits: { recordBytesMax: 1 << 24, putRecordsMax: 100, putBytesMax: 1 << 24 },
    put: (records) => Promise.resolve(records.map((record) => this.add(record))),
    close: () => Promise.resolve(),
  };
  cursor: SpoolCursor = { position: at(0), object: undefined };
  /** Every place the cursor was moved to. */
  readonly moves: number[] = [];
  /** Frames read, with repetitions. */
  reads = 0;
  failRead: Error | undefined;
  failMove: Error | undefined;
  full: string | undefined;
  private readonly frames: Uint8Array[] = [];
  /** When each frame was put. */
  private readonly times: number[] = [];
  private readonly waiting = new Set<() => void>();

  add(lines: Uint8Array | string, appendedMs = 0): Outcome {
    this.times.push(appendedMs);
    this.frames.push(typeof lines === "string" ? new TextEncoder().encode(lines) : lines.slice());
    for (const look of [...this.waiting]) look();
    return durable;
  }

  read(from: SpoolPosition, signal: AbortSignal): Promise<SpoolFrame | undefined> {
    if (this.failRead !== undefined) return Promise.reject(this.failRead);
    return new Promise((resolve) => {
      const look = () => {
        const lines = this.frames[from.offsetBytes];
        if (lines === undefined && !signal.aborted) return;
        this.waiting.delete(look);
        if (lines === undefined) return resolve(undefined);
        this.reads++;
        const appendedMs = this.times[from.offsetBytes]!;
        resolve({ lines: lines.slice(), appendedMs, start: from, end: at(from.offsetBytes + 1) });
      };
      this.waiting.add(look);
      signal.addEventListener("abort", look, { once: true });
      look();
    });
  }

  moveCursor(cursor: SpoolCursor): Promise<void> {
    if (this.failMove !== undefined) return Promise.reject(this.failMove);
    this.cursor = cursor;
    this.moves.push(cursor.position.offsetBytes);
    return Promise.resolve();
  }

  status(): SpoolStatus {
    const left = this.frames.slice(this.cursor.position.offsetBytes);
    const bytes = left.reduce((sum, { length }) => sum + length, 0);
    return { bytes, segments: 1, oldestMs: left.length === 0 ? undefined : 0, full: this.full };
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

function at(offsetBytes: number): SpoolPosition {
  return { segment: 1, offsetBytes };
}
