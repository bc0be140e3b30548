/** The open shards as last seen, looked at again in the background: now and then, and when an answer does not fit. */
import type { Verdict } from "../../aws/classify.ts";
import type { Clock, Random } from "../../clock.ts";
import type { Log, LogFields } from "../../log.ts";
import type { Shard, ShardListing } from "./shards.ts";

export interface ShardMap {
  readonly shards: readonly Shard[];
  readonly ids: ReadonlySet<string>;
}

export interface ShardMapOptions {
  readonly list: (signal: AbortSignal) => Promise<ShardListing>;
  readonly clock: Pick<Clock, "monotonicMs">;
  readonly random: Random;
  readonly log: Log;
  /** Its name, for the log. */
  readonly stream: string;
  /** Gets each new map. */
  readonly onMap: (map: ShardMap) => void;
}

export interface FollowedShards {
  /** What is known, at once; undefined: nothing yet. Where that is old, a look begins. */
  current(): ShardMap | undefined;
  /** An answer does not fit the map: look again, though not at once after the last look. */
  doubt(): void;
  /** Looks that doubt caused one after the other and that found nothing new. */
  readonly vainLooks: number;
  close(): void;
}

/** A map that nothing speaks against is looked at this often, in ms. */
const lookIntervalMs = 5 * 60_000;
/** Pause after a look that failed or was in vain; doubles up to the maximum. */
const pauseMs = 1_000;
const pauseMsMax = 60_000;
/** The same where someone has to change something first, which may happen while we run. */
const blockedPauseMs = 30_000;
const blockedPauseMsMax = 10 * 60_000;

/** Looks first when `current` is first asked for. One look at a time; none holds up a put. */
export function followShards({ list, clock, random, log, stream, onMap }: ShardMapOptions): FollowedShards {
  const closing = new AbortController();
  let map: ShardMap | undefined;
  let isLooking = false;
  let isDoubted = false;
  let vainLooks = 0;
  let failures = 0;
  let dueMs = Number.NEGATIVE_INFINITY;
  let doubtFromMs = Number.NEGATIVE_INFINITY;
  let told = "";

  const jittered = (ms: number) => ms * (0.75 + random() / 2);
  const pause = (times: number, isBlocked = false) => {
    const [firstMs, mostMs] = isBlocked ? [blockedPauseMs, blockedPauseMsMax] : [pauseMs, pauseMsMax];
    return jittered(Math.min(mostMs, firstMs * 2 ** Math.min(times, 10)));
  };
  const accept = (shards: readonly Shard[]) => {
    failures = 0;
    if (map !== undefined && isEqual(map.shards, shards)) {
      if (isDoubted) vainLooks++;
    } else {
      const before = map?.shards.length;
      map = { shards, ids: new Set(shards.map(({ id }) => id)) };
      vainLooks = 0;
      log.info("records are spread evenly over the open shards", { stream, shards: shards.length, before });
      onMap(map);
    }
    isDoubted = false;
    dueMs = clock.monotonicMs() + jittered(lookIntervalMs);
    doubtFromMs = clock.monotonicMs() + pause(vainLooks + 1);
  };
  const reject = (verdict: Verdict) => {
    dueMs = clock.monotonicMs() + pause(failures++, verdict.kind !== "retryable");
    doubtFromMs = dueMs;
    const spread = map === undefined ? "by chance" : "over the shards as last seen";
    told = tellFailure(log, { stream, spread }, verdict, told);
  };
  const look = async () => {
    isLooking = true;
    const listing = await list(closing.signal);
    isLooking = false;
    if (closing.signal.aborted) return;
    if (listing.kind === "listed") accept(listing.shards);
    else reject(listing.verdict);
  };
  const lookWhenDue = () => {
    if (!isLooking && !closing.signal.aborted && clock.monotonicMs() >= dueMs) void look();
  };

  return {
    current() {
      lookWhenDue();
      return map;
    },
    doubt() {
      isDoubted = true;
      dueMs = Math.min(dueMs, doubtFromMs);
      lookWhenDue();
    },
    get vainLooks() {
      return vainLooks;
    },
    close: () => closing.abort(new Error("the sink is closed")),
  };
}

/** Says once, by reason, what someone has to change. Gives the reason told last. */
function tellFailure(log: Log, where: LogFields, { kind, reason, message }: Verdict, told: string): string {
  const fields = { ...where, reason, message };
  if (kind === "retryable") log.debug("cannot list the shards of the stream", fields);
  else if (told !== reason)
    log.info("records would spread more evenly with ListShards (permission kinesis:ListShards)", fields);
  return kind === "retryable" ? told : reason;
}

function isEqual(one: readonly Shard[], other: readonly Shard[]): boolean {
  return (
    one.length === other.length &&
    one.every(({ id, startHash, endHash }, i) => {
      const twin = other[i]!;
      return id === twin.id && startHash === twin.startHash && endHash === twin.endHash;
    })
  );
}
