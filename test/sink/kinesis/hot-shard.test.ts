import assert from "node:assert/strict";
import { test } from "node:test";
import { backoffMs, throttledBackoff, transientBackoff } from "../../../src/retry.ts";
import { beginByChance } from "../../../src/sink/kinesis/by-chance.ts";
import { createSpread } from "../../../src/sink/kinesis/spread.ts";
import { durable, type Outcome } from "../../../src/sink/sink.ts";
import { fraction, until } from "../../support/scripted-sink.ts";
import { silentLog } from "../../support/silent-log.ts";

const shardCount = 4;
const recordBytes = 50 * 1024;
const batchRecords = 20;
const roundTripMs = 30;
const throttled: Outcome = { kind: "retryable", throttled: true, reason: "r", message: "m" };

/** Records that are put together until each is taken. */
interface Course {
  readonly count: number;
  readonly attempt: number;
  readonly atMs: number;
  readonly batch: { readonly startMs: number; open: number };
}

/**
 * Two batches of 1 MB every second, each on its own, into shards that take 1 MiB a second, the first only
 * `firstShare` of it. Gives how long each batch took, in ms, sorted, and the throttled records by record taken.
 */
async function run(
  firstShare: number,
  workers: number,
): Promise<{ tookMs: number[]; throttledShare: number }> {
  const random = fraction(11);
  let nowMs = 0;
  const clock = { monotonicMs: () => nowMs };
  const span = 2n ** 128n / BigInt(shardCount);
  const shards = Array.from({ length: shardCount }, (_, i) => {
    return { id: `s${i}`, startHash: span * BigInt(i), endHash: span * BigInt(i + 1) - 1n };
  });
  let known = 0;
  const spread = createSpread({
    list: () => Promise.resolve({ kind: "listed", shards }),
    byChance: beginByChance(clock, random),
    clock,
    random,
    log: silentLog,
    stream: "s",
    onShards: (count) => (known = count),
  });
  spread.begin(1);
  await until(() => known === shardCount);
  const rates = shards.map((_, i) => (i === 0 ? firstShare : 1) * 2 ** 20);
  const room = rates.map((rate) => rate);
  const take = (tail: string) => {
    const shard = Number(BigInt(/"ExplicitHashKey":"(\d+)"/.exec(tail)![1]!) / span);
    if (room[shard]! < recordBytes) return undefined;
    room[shard]! -= recordBytes;
    return { SequenceNumber: "1", ShardId: `s${shard}` };
  };
  const tookMs: number[] = [];
  let refusals = 0;
  const begun = (startMs: number): Course => {
    return { count: batchRecords, attempt: 1, atMs: startMs, batch: { startMs, open: batchRecords } };
  };
  let courses = Array.from({ length: workers }, (_, i) => begun((i * 1_000) / workers));
  while (nowMs < 60_000) {
    const course = courses.reduce((a, b) => (b.atMs < a.atMs ? b : a));
    courses = courses.filter((each) => each !== course);
    const passedMs = course.atMs - nowMs;
    nowMs = course.atMs;
    for (const [i, rate] of rates.entries()) room[i] = Math.min(rate, room[i]! + (rate * passedMs) / 1_000);
    const plan = spread.begin(course.count);
    const entries = plan.tails.map((tail) => take(tail) ?? {});
    const outcomes = plan.judge!(
      entries.map((entry) => ("ShardId" in entry ? durable : throttled)),
      entries,
    );
    const missed = outcomes.filter(({ kind }) => kind !== "durable");
    const elsewhere = missed.filter((outcome) => outcome.kind === "retryable" && outcome.elsewhere).length;
    refusals += missed.length;
    course.batch.open -= course.count - missed.length;
    for (const [count, backoff] of [
      [elsewhere, transientBackoff],
      [missed.length - elsewhere, throttledBackoff],
    ] as const) {
      const atMs = nowMs + roundTripMs + backoffMs(course.attempt, backoff, random);
      if (count > 0) courses.push({ ...course, count, attempt: course.attempt + 1, atMs });
    }
    if (course.batch.open > 0) continue;
    tookMs.push(nowMs - course.batch.startMs);
    courses.push(begun(Math.max(nowMs + roundTripMs, course.batch.startMs + 1_000)));
  }
  tookMs.sort((a, b) => a - b);
  return { tookMs, throttledShare: refusals / (tookMs.length * batchRecords) };
}

const hot: readonly [what: string, firstShare: number][] = [
  ["has a fifth of its room", 0.2],
  ["takes nothing at all", 0],
];
for (const [what, firstShare] of hot) {
  test(`a shard that ${what} does not hold up what the others have room for`, async () => {
    const { tookMs, throttledShare } = await run(firstShare, 2);
    // By chance a quarter of the records would meet that shard, and the slowest batches take 300 to 700 ms.
    assert.ok(tookMs.length >= 115, String(tookMs.length));
    assert.ok(tookMs[Math.floor(tookMs.length * 0.99)]! < 200, tookMs.slice(-5).join(" "));
    assert.ok(throttledShare < 0.2, String(throttledShare));
  });
}

test("with more records than room, rests of single shards waste nothing of what the stream takes", async () => {
  const { tookMs } = await run(1, 8);
  // 60 s of 4 MiB, and the second that each shard may have saved up, in batches of 1,000 KiB.
  const most = (61 * shardCount * 2 ** 20) / (batchRecords * recordBytes);
  assert.ok(tookMs.length > 0.93 * most, `${tookMs.length} of ${most}`);
});
