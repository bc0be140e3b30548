/** Tells in the log how far the spool is emptied while shipping is behind. */
import type { Clock } from "../clock.ts";
import type { Log } from "../log.ts";
import type { Shipper } from "../ship/shipper.ts";
import type { Spool } from "../sink/spool/spool.ts";

export interface WatchSpoolOptions {
  readonly spool: Pick<Spool, "status" | "directory" | "cursor">;
  readonly shipper: Pick<Shipper, "shippedBytes" | "blocked">;
  /** How old lines become in the spool while nothing is in the way, in ms. */
  readonly usualAgeMs: number;
  /** Between two lines in the log while shipping is behind. */
  readonly reportIntervalMs: number;
  readonly clock: Clock;
  readonly log: Log;
}

export interface SpoolWatch {
  /** How far shipping is behind, or undefined. */
  readonly behind: string | undefined;
  end(): void;
}

const lookIntervalMs = 1_000;
/** Lines this much older than usual mean that shipping is behind, until they are at most `caughtUpMs` older. */
const behindMs = 60_000;
const caughtUpMs = 10_000;
/** While the cursor moves the spool may look empty for a moment. */
const looksToCatchUp = 2;

/** Starts to watch; says at once what an earlier run has left in the spool. */
export function watchSpool(options: WatchSpoolOptions): SpoolWatch {
  return new Watch(options);
}

interface Look {
  readonly atMs: number;
  readonly ageMs: number;
  /** Bytes of segments behind the cursor. */
  readonly leftBytes: number;
  /** Bytes of lines. */
  readonly shippedBytes: number;
}

class Watch implements SpoolWatch {
  private readonly options: WatchSpoolOptions;
  /** What was told last while shipping is behind; undefined: it is not. */
  private told: Look | undefined;
  private behindSinceMs = 0;
  private caughtUpLooks = 0;
  private cancel: () => void;

  constructor(options: WatchSpoolOptions) {
    this.options = options;
    const { spool, log, clock } = options;
    const { bytes, segments, oldestMs } = spool.status();
    if (oldestMs !== undefined) {
      const oldest = new Date(oldestMs).toISOString();
      log.info("an earlier run has left lines in the spool", {
        ...{ spool: spool.directory, bytes, segments, oldest },
      });
      this.begin(this.look());
    }
    this.cancel = clock.after(lookIntervalMs, () => this.tick());
  }

  get behind(): string | undefined {
    if (this.told === undefined) return undefined;
    return `shipping is behind, the oldest lines in the spool are ${seconds(this.look().ageMs)} s old`;
  }

  end(): void {
    this.cancel();
  }

  private look(): Look {
    const { spool, clock, shipper } = this.options;
    const { bytes, oldestMs } = spool.status();
    const leftBytes = Math.max(0, bytes - spool.cursor.position.offsetBytes);
    const ageMs = oldestMs === undefined ? 0 : Math.max(0, clock.now() - oldestMs);
    return { atMs: clock.monotonicMs(), ageMs, leftBytes, shippedBytes: shipper.shippedBytes };
  }

  private begin(look: Look): void {
    this.told = look;
    this.behindSinceMs = look.atMs;
    this.caughtUpLooks = 0;
  }

  private tick(): void {
    const { clock, usualAgeMs, log, reportIntervalMs } = this.options;
    this.cancel = clock.after(lookIntervalMs, () => this.tick());
    const look = this.look();
    const { told } = this;
    if (told === undefined) {
      if (look.ageMs <= usualAgeMs + behindMs) return;
      this.begin(look);
      this.report("shipping is behind", look, undefined);
      return;
    }
    this.caughtUpLooks = look.ageMs <= usualAgeMs + caughtUpMs ? this.caughtUpLooks + 1 : 0;
    if (this.caughtUpLooks >= looksToCatchUp) {
      this.told = undefined;
      log.info("shipping has caught up", { seconds: seconds(look.atMs - this.behindSinceMs) });
    } else if (look.atMs - told.atMs >= reportIntervalMs) {
      this.told = look;
      this.report("shipping is still behind", look, told);
    }
  }

  private report(message: string, look: Look, before: Look | undefined): void {
    const { shipper, log } = this.options;
    const fields = { spoolBytes: look.leftBytes, oldestAgeSeconds: seconds(look.ageMs) };
    log.info(message, { ...fields, ...speed(look, before), blocked: shipper.blocked?.message });
  }
}

/** How fast it went since `before`, and how long it takes at that, with what comes in meanwhile. */
function speed(look: Look, before: Look | undefined) {
  if (before === undefined) return {};
  const passedMs = look.atMs - before.atMs;
  const bytesPerSecond = Math.round(((look.shippedBytes - before.shippedBytes) * 1000) / passedMs);
  const emptiedBytes = before.leftBytes - look.leftBytes;
  const leftSeconds = emptiedBytes > 0 ? seconds((look.leftBytes * passedMs) / emptiedBytes) : "unknown";
  return { bytesPerSecond, leftSeconds };
}

function seconds(ms: number): number {
  return Math.round(ms / 1000);
}
