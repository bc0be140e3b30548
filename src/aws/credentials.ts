/** Credentials kept, renewed before they expire, and dropped when the service refuses them. */
import type { Clock } from "../clock.ts";
import { describeError } from "../errors.ts";
import type { Log } from "../log.ts";
import { withinDeadline } from "./deadline.ts";

export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string | undefined;
  /** When they stop being valid, in ms since the epoch; undefined: they do not say. */
  readonly expirationMs: number | undefined;
  /** A service has refused the same ones before: loading them anew brought no others. */
  readonly refusedBefore?: boolean;
  /** Where they come from, in words for the operator; not set: nobody said. */
  readonly source?: string;
}

export interface CredentialsSource {
  /** The credentials to sign with. Rejects when there are none and none can be loaded. */
  get(): Promise<Credentials>;
  /** The service refused `used`: the next `get` loads new ones, unless someone else has done so already. */
  invalidate(used: Credentials): void;
}

export interface CredentialsSourceOptions {
  /** Loads them from where they come from, without any cache. */
  readonly load: () => Promise<Credentials>;
  readonly clock: Clock;
  readonly log: Log;
  /** Bound of one load, in ms. */
  readonly loadTimeoutMs?: number;
  /** Told of every load; undefined: it brought none. */
  readonly onLoad?: (loaded: Credentials | undefined) => void;
}

/** Renewed in the background this long before they expire, as the AWS SDKs do. */
const renewBeforeMs = 5 * 60_000;
/** A renewal that gave nothing better is not repeated sooner. */
const renewPauseMs = 10_000;
const loadTimeoutMsDefault = 10_000;

/** Loads with `load`, one at a time however many ask. */
export function createCredentialsSource(options: CredentialsSourceOptions): CredentialsSource {
  const { load, clock, log, loadTimeoutMs = loadTimeoutMsDefault, onLoad } = options;
  let current: Credentials | undefined;
  let refused: Credentials | undefined;
  let loading: Promise<Credentials> | undefined;
  let nextRenewalMs = Number.NEGATIVE_INFINITY;

  const loadOnce = (): Promise<Credentials> => {
    loading ??= withinDeadline(clock, loadTimeoutMs, undefined, load)
      .then((loaded) => {
        current = isSame(loaded, refused) ? { ...loaded, refusedBefore: true } : loaded;
        onLoad?.(current);
        return current;
      })
      .catch((error: unknown) => {
        onLoad?.(undefined);
        throw error;
      })
      .finally(() => {
        loading = undefined;
        nextRenewalMs = clock.monotonicMs() + renewPauseMs;
      });
    return loading;
  };
  /** The renewed credentials, or `old` where that fails: the service says whether they still count. */
  const renew = (old: Credentials): Promise<Credentials> =>
    loadOnce().catch((error: unknown) => {
      log.warn("cannot renew credentials, keeping the old ones", { error: describeError(error) });
      return old;
    });

  return {
    async get() {
      const held = current;
      if (held === undefined) return await loadOnce();
      const leftMs =
        held.expirationMs === undefined ? Number.POSITIVE_INFINITY : held.expirationMs - clock.now();
      if (leftMs > renewBeforeMs) return held;
      if (loading === undefined && clock.monotonicMs() < nextRenewalMs) return held;
      const renewed = renew(held);
      return leftMs > 0 ? held : await renewed;
    },
    invalidate(used) {
      if (current !== used) return;
      current = undefined;
      refused = used;
    },
  };
}

function isSame(one: Credentials, other: Credentials | undefined): boolean {
  return (
    one.accessKeyId === other?.accessKeyId &&
    one.secretAccessKey === other.secretAccessKey &&
    one.sessionToken === other.sessionToken
  );
}

/** The error code that the service behind a failed load gave (STS' `AccessDenied`), or "" where none did. */
export function loadErrorCode(error: unknown): string {
  for (let each = error, depth = 0; each instanceof Error && depth < 8; each = each.cause, depth++) {
    // The SDK's errors of services carry what it knows of the answer here, and the code as their name.
    if ("$metadata" in each) return each.name.slice(0, 128);
  }
  return "";
}
