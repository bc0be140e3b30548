import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { parseObjectKey } from "../../src/archive/key.ts";
import { createMetrics } from "../../src/metrics.ts";
import { startObjectShipper } from "../../src/ship/ship-objects.ts";
import type { Spool } from "../../src/sink/spool/spool.ts";
import { keptLog } from "../support/aws-stand-in.ts";
import { seededRandom, VirtualClock } from "../support/virtual-clock.ts";
import { type Fault, MemoryBucket, refused, restart, retryable } from "./memory-bucket.ts";
import { MemorySpool } from "./memory-spool.ts";

const startMs = Date.UTC(2026, 10, 23, 6, 16, 5);

/** What stands still for ever once it is dead. */
class Life {
  steps = 0;
  private readonly stepsMax: number;

  constructor(stepsMax: number) {
    this.stepsMax = stepsMax;
  }

  get dead(): boolean {
    return this.steps >= this.stepsMax;
  }

  async step(): Promise<void> {
    if (!this.dead) this.steps++;
    if (this.dead) await new Promise<never>(() => undefined);
  }
}

/** The spool and the bucket of one life: each request can be the last, before or after it took effect. */
function mortal(spool: MemorySpool, bucket: MemoryBucket, life: Life) {
  const moveCursor: Spool["moveCursor"] = async (cursor) => {
    await life.step();
    await spool.moveCursor(cursor);
    await life.step();
  };
  const mortalSpool: Spool = Object.create(spool, {
    moveCursor: { value: moveCursor },
    cursor: { get: () => spool.cursor },
  });
  const mortalBucket = new Proxy(bucket, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name);
      if (typeof member !== "function") return member;
      return async (...parameters: unknown[]) => {
        await life.step();
        const answer: unknown = await Reflect.apply(member, target, parameters);
        await life.step();
        return answer;
      };
    },
  });
  return { spool: mortalSpool, bucket: mortalBucket };
}

/** Lives of so many steps each, the last without an end: afterwards all is shipped. Answers the steps of the last. */
async function live(
  spool: MemorySpool,
  bucket: MemoryBucket,
  lives: readonly number[],
  seed = 1,
): Promise<number> {
  const random = seededRandom(seed);
  for (const stepsMax of [...lives, Number.POSITIVE_INFINITY]) {
    const clock = new VirtualClock(startMs);
    const life = new Life(stepsMax);
    const shipper = startObjectShipper({
      ...mortal(spool, bucket, life),
      prefix: "",
      compression: "none",
      rotateBytes: 2_000,
      rotateAgeMs: 300_000,
      partBytes: 500,
      clock,
      random,
      log: keptLog().log,
      metrics: createMetrics({ version: "0", runtime: "test" }),
    });
    let stopped = false;
    void shipper.stop(Number.POSITIVE_INFINITY).then(() => {
      stopped = true;
    });
    await clock.runUntil(() => stopped || life.dead);
    if (stopped && stepsMax === Number.POSITIVE_INFINITY) return life.steps;
  }
  throw new Error("unreachable");
}

function filled(count: number): { spool: MemorySpool; text: string } {
  const spool = new MemorySpool();
  const texts = Array.from(
    { length: count },
    (_, i) => `{"name":"x","time":${i},"labels":{"n":"${"y".repeat(i % 90)}"}}\n`,
  );
  for (const [i, text] of texts.entries()) spool.add(text, startMs + i);
  return { spool, text: texts.join("") };
}

function assertAllOnce(bucket: MemoryBucket, text: string): void {
  assert.equal(bucket.text(), text);
  for (const [key, body] of bucket.objects) {
    const times = [
      ...Buffer.from(body)
        .toString()
        .matchAll(/"time":(\d+)/g),
    ].map((match) => Number(match[1]));
    const expected = { minMs: BigInt(Math.min(...times)), maxMs: BigInt(Math.max(...times)) };
    assert.deepEqual(parseObjectKey(key)?.times, expected);
  }
}

test("a crash at any step leaves every line in the archive exactly once", async () => {
  // Single puts and uploads in parts: an object has up to 2,000 bytes, a single put up to 1,000.
  const frames = 70;
  const whole = filled(frames);
  const steps = await live(whole.spool, new MemoryBucket(), []);
  assert.ok(steps > 30, String(steps));
  for (let crashAt = 1; crashAt <= steps; crashAt++) {
    const { spool, text } = filled(frames);
    const bucket = new MemoryBucket();
    await live(spool, bucket, [crashAt]);
    assertAllOnce(bucket, text);
    assert.deepEqual([...bucket.uploads], [], `crash at step ${crashAt}`);
  }
});

test("crash after crash, at every step of each life, and still every line is there exactly once", async () => {
  for (let every = 1; every <= 12; every++) {
    const { spool, text } = filled(40);
    const bucket = new MemoryBucket();
    await live(spool, bucket, new Array<number>(30).fill(every));
    assertAllOnce(bucket, text);
  }
});

const anyFault: fc.Arbitrary<Fault | undefined> = fc.oneof(
  { weight: 6, arbitrary: fc.constant(undefined) },
  { weight: 2, arbitrary: fc.boolean().map((done) => ({ done, verdict: retryable("timeout") })) },
  { weight: 1, arbitrary: fc.constant({ verdict: restart("NoSuchUpload") }) },
);

test("whatever fails and wherever it crashes, the objects put together are the frames in order", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.nat(1_200), { minLength: 1, maxLength: 25 }),
      fc.array(fc.integer({ min: 1, max: 40 }), { maxLength: 4 }),
      fc.infiniteStream(anyFault),
      fc.option(fc.integer({ min: 700, max: 3_000 }), { nil: undefined }),
      fc.nat(),
      async (sizes, lives, faults, largest, seed) => {
        const spool = new MemorySpool();
        const texts = sizes.map((size, i) => `{"name":"${"z".repeat(size / 2)}","time":${i},"v":0}\n`);
        for (const [i, text] of texts.entries()) spool.add(text, startMs + i * 40_000);
        const bucket = new MemoryBucket();
        bucket.fault = ({ operation, bytes }) => {
          if (largest !== undefined && bytes > largest) return { verdict: refused("EntityTooLarge") };
          // Without a list nothing can be removed; that is another test.
          return operation === "list" || operation === "abort" ? undefined : faults.next().value;
        };
        await live(spool, bucket, lives, seed);
        assert.equal(bucket.text(), texts.join(""));
      },
    ),
    { numRuns: 150 },
  );
});
