/**
 * Puts whose records go to the open shards in turn, by ExplicitHashKey. What AWS' own producer library does with a
 * native process beside the program is a map of shards and a counter here.
 */
import { isObject } from "../../aws/answer.ts";
import { type Clock, type Random, randomHex } from "../../clock.ts";
import type { Log } from "../../log.ts";
import { type PutPlan, textOf } from "../put-api.ts";
import type { Outcome } from "../sink.ts";
import { elsewhere } from "./by-chance.ts";
import { createCoolDown } from "./cool-down.ts";
import { followShards, type ShardMap } from "./shard-map.ts";
import { hashKeyWithin, type Shard, type ShardListing } from "./shards.ts";

/** Bytes of an ExplicitHashKey, at most: 2^128 − 1 in decimal. */
export const explicitHashKeyBytesMax = 39;
/** Records that came back from other shards than aimed at, before the stream is taken to choose by itself. */
const strangeRecordsMin = 32;
/** Looks at the shards between, since a reshard has the same effect until it is seen. */
const vainLooksMin = 2;
const aboutHashKeys = /hash ?key/i;

export interface SpreadOptions {
  readonly list: (signal: AbortSignal) => Promise<ShardListing>;
  /** Begins the puts that this cannot aim. */
  readonly byChance: (count: number) => PutPlan;
  readonly clock: Pick<Clock, "monotonicMs">;
  readonly random: Random;
  readonly log: Log;
  /** Its name, for the log. */
  readonly stream: string;
  /** Gets the number of shards that records are spread over, whenever it changes; 0: none. */
  readonly onShards: (count: number) => void;
}

export interface Spread {
  begin(count: number): PutPlan;
  close(): void;
}

type Judge = NonNullable<PutPlan["judge"]>;

/** State of one spread: whose turn it is, and what speaks for and against the map. */
interface Turns {
  next: number;
  isOff: boolean;
  matched: number;
  strange: number;
}

/** Aims at nothing until the shards are known, and no more once the stream turns out to choose by itself. */
export function createSpread(options: SpreadOptions): Spread {
  const { list, byChance, clock, random, log, stream, onShards } = options;
  const cool = createCoolDown(clock, random);
  const turns: Turns = { next: 0, isOff: false, matched: 0, strange: 0 };
  const followed = followShards({
    list,
    clock,
    random,
    log,
    stream,
    onMap(map) {
      cool.keep(map.ids);
      turns.matched = turns.strange = 0;
      // Not the first shard: many receivers that start together would walk in step.
      turns.next = Math.floor(random() * map.shards.length);
      onShards(map.shards.length);
    },
  });
  const switchOff = (why: string) => {
    if (turns.isOff) return;
    turns.isOff = true;
    followed.close();
    onShards(0);
    log.info("records are no longer aimed at shards", { stream, why });
  };
  const judgeOf = (aims: readonly Shard[], map: ShardMap, aimedMs: number): Judge => {
    return (outcomes, entries) => {
      if (outcomes.some(isAboutHashKeys)) {
        switchOff("the service does not take an ExplicitHashKey");
        return outcomes.map((outcome) => (isAboutHashKeys(outcome) ? withoutHashKey : outcome));
      }
      if (entries === undefined) return outcomes;
      const answer = readAnswer(aims, outcomes, entries);
      weigh(answer, map);
      // Where records do not go where they are aimed at, nobody knows whose room was short.
      if (answer.strange.length > answer.matched) return outcomes;
      for (const id of answer.throttled) cool.throttled(id, aimedMs, answer.taken.has(id));
      for (const id of answer.taken) if (!answer.throttled.has(id)) cool.took(id, aimedMs);
      const isRoom = map.shards.some(({ id }) => !cool.isCooling(id));
      return isRoom && answer.throttled.size > 0 ? elsewhere(outcomes) : outcomes;
    };
  };
  const weigh = ({ matched, strange }: Answer, map: ShardMap) => {
    const known = followed.current();
    // The answer to an older map: its strange shards count only if the newer one does not know them either.
    const isOld = known !== map;
    const odd = isOld ? strange.filter((id) => known?.ids.has(id) !== true).length : strange.length;
    if (odd > 0) followed.doubt();
    if (isOld) return;
    turns.matched += matched;
    turns.strange += odd;
    if (turns.strange >= strangeRecordsMin && turns.strange > turns.matched) {
      if (followed.vainLooks >= vainLooksMin) switchOff("the stream distributes records by itself");
    } else if (turns.matched > 4 * turns.strange) turns.matched = turns.strange = 0;
  };

  return {
    begin(count) {
      const map = turns.isOff ? undefined : followed.current();
      if (map === undefined) return byChance(count);
      const aims = take(map.shards, count, turns, (id) => cool.isCooling(id));
      const tails = aims.map(
        (shard) =>
          `","PartitionKey":"${randomHex(random)}","ExplicitHashKey":"${hashKeyWithin(shard, random)}"}`,
      );
      return { tails, judge: judgeOf(aims, map, clock.monotonicMs()) };
    },
    close: () => followed.close(),
  };
}

/** The next `count` shards in turn, without those that cool down; when all do, there is nothing to choose. */
function take(
  shards: readonly Shard[],
  count: number,
  turns: Turns,
  isCooling: (id: string) => boolean,
): Shard[] {
  const rests = shards.map(({ id }) => isCooling(id));
  const all = !rests.includes(false);
  const taken: Shard[] = [];
  for (; taken.length < count; turns.next = (turns.next + 1) % shards.length)
    if (all || rests[turns.next] !== true) taken.push(shards[turns.next]!);
  return taken;
}

/** What one answer says of the shards. */
interface Answer {
  /** Records that went where they were aimed at. */
  readonly matched: number;
  /** The shards of those that went to others. */
  readonly strange: readonly string[];
  readonly taken: ReadonlySet<string>;
  readonly throttled: ReadonlySet<string>;
}

function readAnswer(
  aims: readonly Shard[],
  outcomes: readonly Outcome[],
  entries: readonly unknown[],
): Answer {
  let matched = 0;
  const strange: string[] = [];
  const taken = new Set<string>();
  const throttled = new Set<string>();
  outcomes.forEach((outcome, i) => {
    const aim = aims[i]!.id;
    if (outcome.kind === "retryable" && outcome.throttled) throttled.add(aim);
    if (outcome.kind !== "durable") return;
    const entry = entries[i];
    const id = isObject(entry) ? textOf(entry["ShardId"]) : "";
    if (id !== aim && id !== "") strange.push(id);
    else {
      matched++;
      taken.add(aim);
    }
  });
  return { matched, strange, taken, throttled };
}

function isAboutHashKeys(outcome: Outcome): boolean {
  return outcome.kind === "refused" && aboutHashKeys.test(outcome.message);
}

const withoutHashKey: Outcome = {
  kind: "retryable",
  throttled: false,
  reason: "explicit-hash-key",
  message: "the service does not take an ExplicitHashKey; going on without",
};
