/** The ack law over many seeds. SIM_SEEDS=5000 takes more of them, SIM_SEED=17 replays one. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { type Batcher, createBatcher } from "../../src/batch/batcher.ts";
import { sleep } from "../../src/clock.ts";
import { SinkError } from "../../src/errors.ts";
import { durable } from "../../src/sink/sink.ts";
import { faults } from "./faulty-sink.ts";
import { type Sabotage, simulate } from "./simulate.ts";

/**
 * Seeds that found a bug once: 3 an answer with outcomes missing, taken for one of the first records; 3378 a request
 * refused with 413 though its lines were below the limit.
 */
const keptSeeds: readonly number[] = [3, 3378];
const seedCount = Number(process.env["SIM_SEEDS"] ?? 200);
const onlySeed = process.env["SIM_SEED"];

test("no seed breaks the ack law, and every fault came up", async () => {
  const seeds =
    onlySeed === undefined
      ? [...keptSeeds, ...Array.from({ length: seedCount }, (_, i) => i + 1)]
      : [Number(onlySeed)];
  const total = new Map<string, number>();
  for (const seed of seeds) {
    const { violations, notes } = await simulate(seed);
    assert.deepEqual(violations, [], `replay with SIM_SEED=${seed}`);
    for (const [what, count] of notes) total.set(what, (total.get(what) ?? 0) + count);
  }
  if (onlySeed !== undefined || seedCount < 200) return;
  const happenings = [
    "204",
    "400",
    "500",
    "503",
    "ceiling",
    "crash",
    "drained",
    "drain timed out",
    "aborted",
  ];
  for (const what of [
    ...faults,
    ...happenings,
    "sender gave up",
    "connection broke",
    "duplicates",
    "lines",
  ]) {
    assert.ok((total.get(what) ?? 0) > 0, `never came up: ${what}`);
  }
});

test("the same seed gives the same run", async () => {
  assert.deepEqual(await simulate(7), await simulate(7));
});

test("a sink that confirms what it does not keep is found out", async () => {
  const found = await findsOut({
    sink: (sink) => ({
      name: sink.name,
      limits: sink.limits,
      close: () => sink.close(),
      put: async (records, signal) => {
        const outcomes = await sink.put(records, signal);
        return outcomes.map(() => durable);
      },
    }),
  });
  assert.match(found, /acked, but \d+ of \d+ lines are not stored/);
});

test("a sink that changes a byte is found out", async () => {
  const found = await findsOut({
    sink: (sink) => ({
      name: sink.name,
      limits: sink.limits,
      close: () => sink.close(),
      put: (records, signal) => {
        const changed = records.map((record) => record.map((byte) => (byte === 0x78 ? 0x79 : byte)));
        return sink.put(changed, signal);
      },
    }),
  });
  assert.match(found, /stored, but never sent/);
});

test("a batcher that answers before the lines are durable is found out", async () => {
  const found = await findsOut({
    batcher: (batcher) =>
      wrap(batcher, async (lines) => {
        batcher.append(lines).catch(() => undefined);
      }),
  });
  assert.match(found, /acked, but/);
});

test("a batcher that loses an error of the sink is found out", async () => {
  const found = await findsOut({
    batcher: (batcher) =>
      wrap(batcher, (lines) =>
        batcher.append(lines).catch((error: unknown) => {
          if (!(error instanceof SinkError)) throw error;
        }),
      ),
  });
  assert.match(found, /acked, but/);
});

test("a batcher that puts durable lines again is found out", async () => {
  const found = await findsOut({
    batcher: (batcher) =>
      wrap(batcher, async (lines) => {
        const twice = lines.slice();
        await batcher.append(lines);
        await batcher.append(twice);
      }),
  });
  assert.match(found, /confirmed \d times, but only sent/);
});

test("a batcher that never answers is found out", async () => {
  const found = await findsOut({
    batcher: (batcher) =>
      wrap(batcher, async (lines) => {
        await batcher.append(lines);
        if (lines.length % 50 === 0) await new Promise(() => undefined);
      }),
  });
  assert.match(found, /waited in vain/);
});

test("a batcher that answers too late is found out", async () => {
  const found = await findsOut({
    batcher: (batcher, { clock, ackTimeoutMs }) =>
      wrap(batcher, async (lines) => {
        await batcher.append(lines);
        await sleep(clock, ackTimeoutMs + 2);
      }),
  });
  assert.match(found, /was answered after/);
});

test("a batcher without a ceiling, or that miscounts, is found out", async () => {
  const unbounded = await findsOut({
    batcher: (_, options) => createBatcher({ ...options, pendingBytesMax: Number.POSITIVE_INFINITY }),
  });
  assert.match(unbounded, /pending bytes, the ceiling is/);
  const miscounting = await findsOut({ batcher: (batcher) => wrap(batcher, undefined, 1) });
  assert.match(miscounting, /waited in vain|stay pending/);
});

/** The batcher with another `append`, or with more pending bytes than there are. */
function wrap(batcher: Batcher, append: Batcher["append"] | undefined, extraBytes = 0): Batcher {
  return {
    lineBytesMax: batcher.lineBytesMax,
    get pendingBytes() {
      return batcher.pendingBytes + extraBytes;
    },
    get blocked() {
      return batcher.blocked;
    },
    append: append ?? ((lines) => batcher.append(lines)),
    assertRoom: () => batcher.assertRoom(),
    drain: async (timeoutMs) => (await batcher.drain(timeoutMs)) + extraBytes,
  };
}

/** Breaks the receiver on purpose; the first seed that notices says how. */
async function findsOut(sabotage: Sabotage): Promise<string> {
  for (let seed = 1; seed <= 20; seed++) {
    const { violations } = await simulate(seed, sabotage);
    if (violations.length > 0) return violations.join("\n");
  }
  return "";
}
