import type { Clock } from "../clock.ts";
import { describeError } from "../errors.ts";
import type { Log } from "../log.ts";
import type { Spool, SpoolPosition } from "../sink/spool/spool.ts";

export interface CursorKeeperOptions {
  readonly spool: Pick<Spool, "cursor" | "moveCursor">;
  readonly clock: Pick<Clock, "after">;
  readonly log: Log;
}

/** What is shipped waits so long until the cursor says so, or for so many bytes of lines: a crash puts that twice. */
const intervalMs = 200;
const bytesMax = 64 * 1024 * 1024;
/** A disk that does not take the cursor now may take it then; until then only the risk of duplicates grows. */
const retryMs = 5_000;

/** Moves the spool's cursor behind what is shipped: seldom, since each move is an fsync. */
export class CursorKeeper {
  private readonly options: CursorKeeperOptions;
  private reached: SpoolPosition;
  private kept: SpoolPosition;
  private bytesSinceKept = 0;
  private keeping: Promise<void> | undefined;
  private cancelTimer: (() => void) | undefined;

  constructor(options: CursorKeeperOptions) {
    this.options = options;
    this.reached = options.spool.cursor.position;
    this.kept = this.reached;
  }

  /** Everything before `position` is shipped; `bytes` of lines more than before. */
  reach(position: SpoolPosition, bytes: number): void {
    this.reached = position;
    this.bytesSinceKept += bytes;
    if (this.bytesSinceKept >= bytesMax) void this.keep();
    else this.keepLater(intervalMs);
  }

  /** Resolves when the cursor is where it was last said to be, or cannot be moved there now. Never rejects. */
  async finish(): Promise<void> {
    await this.keeping;
    if (this.reached !== this.kept) await this.keep();
    this.cancelTimer?.();
  }

  private keepLater(delayMs: number): void {
    if (this.keeping !== undefined) return;
    this.cancelTimer ??= this.options.clock.after(delayMs, () => void this.keep());
  }

  private keep(): Promise<void> {
    this.cancelTimer?.();
    this.cancelTimer = undefined;
    this.keeping ??= this.move().then((delayMs) => {
      this.keeping = undefined;
      if (this.reached !== this.kept) this.keepLater(delayMs);
    });
    return this.keeping;
  }

  /** One attempt; answers when the next one may be, in ms. */
  private async move(): Promise<number> {
    const position = this.reached;
    this.bytesSinceKept = 0;
    try {
      await this.options.spool.moveCursor({ position, object: undefined });
      this.kept = position;
      return intervalMs;
    } catch (error) {
      this.options.log.error("cannot keep the spool's cursor; after a crash lines would be shipped twice", {
        error: describeError(error),
      });
      return retryMs;
    }
  }
}
