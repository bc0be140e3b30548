/** Puts whose records find their shards by the hash of a fresh random partition key. */
import { isObject } from "../../aws/answer.ts";
import { type Clock, type Random, randomHex } from "../../clock.ts";
import { type PutPlan, textOf } from "../put-api.ts";
import type { Outcome } from "../sink.ts";

/** What was seen this long ago says little about a shard's room now, in ms. */
const memoryMs = 1_000;

/**
 * Begins such puts. Every attempt has fresh keys: that spreads records evenly in the long run, and takes a record that
 * its shard had no room for to another one where there are others with room.
 */
export function beginByChance(clock: Pick<Clock, "monotonicMs">, random: Random): (count: number) => PutPlan {
  let sinceMs = Number.NEGATIVE_INFINITY;
  let before = seen();
  let now = seen();
  const note = (outcomes: readonly Outcome[], entries: readonly unknown[]) => {
    const ageMs = clock.monotonicMs() - sinceMs;
    if (ageMs >= memoryMs) {
      before = ageMs < 2 * memoryMs ? now : seen();
      now = seen();
      sinceMs = clock.monotonicMs();
    }
    outcomes.forEach((outcome, i) => {
      const entry = entries[i];
      if (outcome.kind === "durable" && isObject(entry)) {
        now.taken++;
        now.shards.add(textOf(entry["ShardId"]));
      } else if (outcome.kind === "retryable" && outcome.throttled) now.throttled++;
    });
  };
  return (count) => ({
    tails: Array.from({ length: count }, () => `","PartitionKey":"${randomHex(random)}"}`),
    judge(outcomes, entries) {
      if (entries === undefined) return outcomes;
      note(outcomes, entries);
      // A fresh key leads most likely to a shard with room only where several shards take most of the records.
      const shards = new Set([...before.shards, ...now.shards]);
      const takesMost = before.throttled + now.throttled < before.taken + now.taken;
      return shards.size >= 2 && takesMost ? elsewhere(outcomes) : outcomes;
    },
  });
}

function seen() {
  return { shards: new Set<string>(), taken: 0, throttled: 0 };
}

/** The same, where throttled records have another shard to go to. */
export function elsewhere(outcomes: readonly Outcome[]): readonly Outcome[] {
  return outcomes.map((outcome) =>
    outcome.kind === "retryable" && outcome.throttled ? { ...outcome, elsewhere: true } : outcome,
  );
}
