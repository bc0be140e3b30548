import type { Clock } from "../clock.ts";
import { describeError } from "../errors.ts";
import type { Log } from "../log.ts";
import type { WebConfigMetrics } from "../metrics.ts";
import type { LoadedWebConfig } from "./load.ts";

/** Certificates and passwords that changed hold after this time at the most, in ms, and that of reading them. */
const lookMs = 2_000;

export interface WatchOptions {
  /** What holds now. */
  readonly first: LoadedWebConfig;
  /** Reads it all again. */
  readonly load: () => Promise<LoadedWebConfig>;
  /** Lets what was read hold; what it rejects with says why the old has to stay. */
  readonly apply: (config: LoadedWebConfig) => Promise<void>;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: WebConfigMetrics;
}

/**
 * Looks every few seconds whether the web config or a file in it has changed. Its times are not asked for: what
 * Kubernetes mounts, say, changes in other ways. What is wrong is told once, counted, and never holds. The answer
 * ends it.
 */
export function watchWebConfig({ first, load, apply, clock, log, metrics }: WatchOptions): () => void {
  let held = describe(first);
  let told: string | undefined;
  let cancel = () => {};
  let ended = false;
  const succeeded = () => {
    metrics.lastReloadSuccessful.set(1);
    metrics.lastReloadTime.set(clock.now() / 1000);
  };
  const fail = (error: unknown) => {
    metrics.lastReloadSuccessful.set(0);
    const why = describeError(error);
    if (why === told) return;
    told = why;
    log.error("cannot take over the changed web config: the old one still holds", { reason: why });
  };
  const look = async () => {
    const config = await load();
    const found = describe(config);
    if (found !== held) {
      await apply(config);
      held = found;
      log.info("took over the changed web config", { users: config.access.users.size });
    } else if (told === undefined) return;
    told = undefined;
    succeeded();
  };
  const lookAgain = () => {
    if (ended) return;
    cancel = clock.after(lookMs, () => void look().catch(fail).finally(lookAgain));
  };
  succeeded();
  lookAgain();
  return () => {
    ended = true;
    cancel();
  };
}

/** All of it as one text, to be compared only. */
function describe({ tls, access }: LoadedWebConfig): string {
  const { users, tokens, openPaths, headers, rateLimit } = access;
  return JSON.stringify([tls, [...users], [...tokens], [...openPaths], [...headers], rateLimit]);
}
