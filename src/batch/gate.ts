import type { Clock } from "../clock.ts";
import type { Log } from "../log.ts";
import type { Metrics } from "../metrics.ts";

/** Why nothing gets through until someone changes something. */
export interface SinkBlock {
  /** Short and bounded, fit for a metric label. */
  readonly reason: string;
  readonly message: string;
  /** When it began, in ms since the epoch. */
  readonly sinceMs: number;
}

/** So often one delivery finds out whether the sink is still blocked. */
export const probeIntervalMs = 5_000;
const logIntervalMs = 60_000;
/** Lines that may go to quarantine one after the other without a durable record between. */
export const refusedInARowMax = 16;
/** With nothing to put nobody finds out whether it is over, so what is older than this is no reason not to be ready. */
const staleMs = 30_000;

/** Whoever delivers: a gate knows by identity which of them is finding out. */
export interface Passer {
  /** A record of this delivery is durable: what is refused beside it is refused for what it is. */
  readonly hasDurable: boolean;
}

export interface GateOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly sinkName: string;
  /** Called each time it shuts. */
  readonly onShut: () => void;
}

/** Stands open until the sink says that it is blocked; then one delivery at a time finds out whether it still is. */
export class Gate {
  private readonly options: GateOptions;
  private shut: SinkBlock | undefined;
  private prober: Passer | undefined;
  private probeAtMs = 0;
  private heardAtMs = 0;
  private loggedAtMs = Number.NEGATIVE_INFINITY;
  private isLogged = false;
  private refusedInARow = 0;
  /** Deliveries that wait for it to open, the next prober first. */
  private readonly waiters = new Set<() => void>();
  private cancelTimer: (() => void) | undefined;

  constructor(options: GateOptions) {
    this.options = options;
  }

  /** Why it is shut. */
  get block(): SinkBlock | undefined {
    const isStale = this.options.clock.monotonicMs() - this.heardAtMs > staleMs;
    return isStale ? undefined : this.shut;
  }

  /** Why a new delivery could not pass now. */
  get blockForNew(): SinkBlock | undefined {
    return this.probeIsDue ? undefined : this.shut;
  }

  /** Lets `passer` pass, or says why not. */
  pass(passer: Passer): SinkBlock | undefined {
    if (this.shut === undefined || this.prober === passer) return undefined;
    if (!this.probeIsDue) return this.shut;
    this.prober = passer;
    return undefined;
  }

  /** Resolves when `passer` may pass. */
  async opened(passer: Passer): Promise<void> {
    while (this.pass(passer) !== undefined) {
      await new Promise<void>((resolve) => {
        this.waiters.add(resolve);
        this.setTimer();
      });
    }
  }

  /** A record is durable. */
  durable(): void {
    this.refusedInARow = 0;
    if (this.shut === undefined) return;
    const { log, clock, sinkName, metrics } = this.options;
    if (this.isLogged) {
      const blockedMs = Math.max(0, clock.now() - this.shut.sinceMs);
      log.info("the sink takes records again", { sink: sinkName, blockedMs });
    }
    this.shut = undefined;
    this.prober = undefined;
    this.isLogged = false;
    metrics.sinkBlocked.set(0);
    this.wake();
  }

  /** The sink said that it takes nothing. */
  blocked(reason: string, message: string): void {
    const { clock, metrics } = this.options;
    const isNew = this.shut === undefined;
    this.shut = { reason, message, sinceMs: this.shut?.sinceMs ?? clock.now() };
    this.heardAtMs = clock.monotonicMs();
    this.prober = undefined;
    this.probeAtMs = this.heardAtMs + probeIntervalMs;
    metrics.sinkBlocked.set(1);
    this.log(reason, message);
    if (isNew) this.options.onShut();
    this.setTimer();
  }

  /** A delivery has ended, with or without having found out. */
  leave(passer: Passer): void {
    if (this.prober !== passer) return;
    this.prober = undefined;
    this.probeAtMs = this.options.clock.monotonicMs() + probeIntervalMs;
    this.setTimer();
  }

  /**
   * Whether one more line may go to quarantine. No: too many in a row were refused and nothing taken, so it is not the
   * lines that are wrong, and the gate is shut.
   */
  mayRefuse(passer: Passer, reason: string, message: string): boolean {
    if (passer.hasDurable) return true;
    if (this.refusedInARow < refusedInARowMax) {
      this.refusedInARow++;
      return true;
    }
    const what = `${refusedInARowMax} lines in a row were refused and none was taken, so it is not the lines`;
    this.blocked(reason, `${what}: check stream, region and endpoint. ${message}`);
    return false;
  }

  private get probeIsDue(): boolean {
    return this.prober === undefined && this.options.clock.monotonicMs() >= this.probeAtMs;
  }

  private log(reason: string, message: string): void {
    const nowMs = this.options.clock.monotonicMs();
    if (nowMs - this.loggedAtMs < logIntervalMs) return;
    this.loggedAtMs = nowMs;
    this.isLogged = true;
    const since = new Date(this.shut?.sinceMs ?? this.options.clock.now()).toISOString();
    this.options.log.error("the sink is blocked: someone has to change something", {
      sink: this.options.sinkName,
      reason,
      message,
      since,
    });
  }

  /** While anyone waits: wakes them when the next probe is due. */
  private setTimer(): void {
    this.cancelTimer?.();
    this.cancelTimer = undefined;
    if (this.waiters.size === 0 || this.prober !== undefined) return;
    const delayMs = this.probeAtMs - this.options.clock.monotonicMs();
    this.cancelTimer = this.options.clock.after(Math.max(0, delayMs), () => this.wake());
  }

  private wake(): void {
    this.cancelTimer?.();
    this.cancelTimer = undefined;
    const waiters = [...this.waiters];
    this.waiters.clear();
    for (const resolve of waiters) resolve();
  }
}
