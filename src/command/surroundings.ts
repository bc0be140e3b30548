/** What every part of a command gets: configuration, runtime, time, chance, log and counts. */
import { type Clock, type Random, systemClock } from "../clock.ts";
import type { Config } from "../config/config.ts";
import { describeError } from "../errors.ts";
import { createLog, type Log } from "../log.ts";
import { limitLog } from "../log-limit.ts";
import { RecentTroubles } from "../log-recent.ts";
import { createMetrics, type Metrics } from "../metrics.ts";
import type { Platform } from "../platform.ts";
import { version } from "../version.ts";

export interface Surroundings {
  readonly config: Config;
  readonly platform: Platform;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** For what repeats itself in an outage, with every put and every request. */
  readonly outageLog: Log;
  /** The last warnings and errors of both. */
  readonly troubles: RecentTroubles;
  readonly metrics: Metrics;
}

const outageLimit = { burst: 5, intervalMs: 10_000 };

/** The real ones. From here on an error that nobody catches ends the program. */
export function createSurroundings(config: Config, platform: Platform): Surroundings {
  const clock = systemClock;
  const { logLevel: level, logFormat: format } = config;
  const written = createLog({ level, format, clock, write: platform.writeErr });
  const troubles = new RecentTroubles(clock);
  const log = troubles.watch(written);
  exitOnCrash(platform, log);
  const metrics = createMetrics({ version, runtime: platform.name, usage: platform.usage });
  // Watched outside the limit, so that it counts what is not written.
  const outageLog = troubles.watch(limitLog(written, clock, outageLimit));
  return { config, platform, clock, random: Math.random, log, outageLog, troubles, metrics };
}

/** After an error nobody caught nothing is known to be whole: unacked lines are still with their senders. */
function exitOnCrash(platform: Platform, log: Log): void {
  platform.onCrash((error) => {
    const stack = error instanceof Error ? error.stack : undefined;
    log.error("crashed: an error was not caught", { error: describeError(error), stack });
    platform.exit(1);
  });
}
