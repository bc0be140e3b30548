/** Which shards get a rest, because they had no room for records a moment ago. */
import type { Clock, Random } from "../../clock.ts";

export interface CoolDown {
  isCooling(id: string): boolean;
  /** A put that was aimed at `aimedMs` (monotonic) had records refused by the shard; `took`: others it took. */
  throttled(id: string, aimedMs: number, took: boolean): void;
  /** A put that was aimed at `aimedMs` had all its records taken by the shard. */
  took(id: string, aimedMs: number): void;
  /** Forgets all shards but these. */
  keep(ids: ReadonlySet<string>): void;
}

/** A shard's limits count by the second (1,000 records, 1 MiB), so a part of one is worth waiting for. */
const restMs = 200;
/** A shard that takes nothing at all rests up to this long. */
const restMsMax = 5_000;

interface Rest {
  readonly sinceMs: number;
  readonly untilMs: number;
  readonly level: number;
}

/** All shards are fresh at first. */
export function createCoolDown(clock: Pick<Clock, "monotonicMs">, random: Random): CoolDown {
  const rests = new Map<string, Rest>();
  return {
    isCooling: (id) => (rests.get(id)?.untilMs ?? Number.NEGATIVE_INFINITY) > clock.monotonicMs(),
    throttled(id, aimedMs, took) {
      const last = rests.get(id);
      // A put that was under way when the rest began says nothing new.
      if (last !== undefined && aimedMs < last.sinceMs) return;
      // A shard that takes some is only full for this moment; long rests of many such would waste their room.
      const level = took || last === undefined ? 0 : last.level + 1;
      const sinceMs = clock.monotonicMs();
      const ms = Math.min(restMsMax, restMs * 2 ** Math.min(level, 10)) * (0.5 + random() / 2);
      rests.set(id, { sinceMs, untilMs: sinceMs + ms, level });
    },
    took(id, aimedMs) {
      const last = rests.get(id);
      if (last !== undefined && aimedMs >= last.sinceMs) rests.delete(id);
    },
    keep(ids) {
      for (const id of rests.keys()) if (!ids.has(id)) rests.delete(id);
    },
  };
}
