/** The last warnings and errors, for people who look at the program and not at its log. */
import type { Clock } from "./clock.ts";
import type { Log, LogFields } from "./log.ts";

/** A warning or an error, as often as it came. */
export interface Trouble {
  readonly level: "warn" | "error";
  readonly message: string;
  /** Those of the last time. */
  readonly fields: LogFields;
  /** In ms since the epoch. */
  readonly firstMs: number;
  readonly lastMs: number;
  readonly count: number;
}

/** Kept altogether, and of one message with different reasons: one of them alone pushes no other out. */
const troublesMax = 40;
const perMessageMax = 5;
const reasonCharsMax = 200;

type Counted = { -readonly [K in keyof Trouble]: Trouble[K] };

/** Keeps the latest troubles, those that repeat themselves as one. */
export class RecentTroubles {
  private readonly clock: Pick<Clock, "now">;
  /** The one that came last stands last. */
  private readonly kept = new Map<string, Counted>();

  constructor(clock: Pick<Clock, "now">) {
    this.clock = clock;
  }

  /** `log`, of which warnings and errors are kept, whatever of them it writes. */
  watch(log: Log): Log {
    const at =
      (level: Trouble["level"]) =>
      (message: string, fields: LogFields = {}) => {
        this.note(level, message, fields);
        log[level](message, fields);
      };
    return { debug: log.debug, info: log.info, warn: at("warn"), error: at("error") };
  }

  /** The latest first. */
  list(): readonly Trouble[] {
    return [...this.kept.values()].reverse();
  }

  private note(level: Trouble["level"], message: string, fields: LogFields): void {
    const reason = String(fields["reason"] ?? fields["error"] ?? "").slice(0, reasonCharsMax);
    const key = JSON.stringify([level, message, reason]);
    const nowMs = this.clock.now();
    const known = this.kept.get(key);
    this.kept.delete(key);
    if (known === undefined) this.makeRoom(message);
    const { firstMs, count } = known ?? { firstMs: nowMs, count: 0 };
    this.kept.set(key, { level, message, fields, firstMs, lastMs: nowMs, count: count + 1 });
  }

  private makeRoom(message: string): void {
    const alike = [...this.kept].filter(([, trouble]) => trouble.message === message);
    const [oldest] = alike.length >= perMessageMax ? alike.map(([key]) => key) : this.kept.keys();
    if (oldest === undefined) return;
    if (alike.length >= perMessageMax || this.kept.size >= troublesMax) this.kept.delete(oldest);
  }
}
