import assert from "node:assert/strict";
import { test } from "node:test";
import { openSpool } from "../../../src/sink/spool/open.ts";
import type { Spool, SpoolCursor, SpoolFrame } from "../../../src/sink/spool/spool.ts";
import { CrashingFiles, type FileCall, fault } from "../../support/crashing-files.ts";
import { put, readToMark, spoolMetrics, spoolOptions } from "../../support/spool.ts";
import { seededRandom } from "../../support/virtual-clock.ts";

const noHold = async () => ({ release: async () => undefined });
const decoder = new TextDecoder();

/** A sender and a shipper with a spool between them, over a disk that fails as the test says. */
class World {
  readonly files: CrashingFiles;
  readonly random: () => number;
  readonly metrics = spoolMetrics();
  /** Lines that were put, whatever the answer was. */
  readonly sent = new Set<string>();
  /** Acknowledged and not known to be shipped. */
  readonly owed = new Set<string>();
  spool: Spool | undefined;
  calls = 0;
  /** Where the cursor was last known to be, and where else it may be. */
  #moved: SpoolCursor | undefined;
  #asked: SpoolCursor[] = [];
  #number = 0;

  constructor(seed: number) {
    this.random = seededRandom(seed);
    this.files = new CrashingFiles(this.random);
  }

  /** Calls `strike` before each call of the file system, with its number. */
  strikeWith(strike: (number: number, call: FileCall) => void): void {
    this.files.before = (call) => strike(this.calls++, call);
  }

  async open(): Promise<Spool> {
    const { files, metrics } = this;
    this.spool = await openSpool(
      spoolOptions("/data/spool", { files, metrics, hold: noHold, segmentBytes: 3000 }),
    );
    const { cursor } = this.spool;
    if (this.#moved === undefined) this.#asked = [cursor];
    else {
      const known = this.#asked.slice(this.#asked.findIndex((asked) => isSame(asked, this.#moved!)));
      assert.ok(
        known.some((asked) => isSame(asked, cursor)),
        "the cursor went back",
      );
    }
    return this.spool;
  }

  /** A few puts at a time, and now and then some of it shipped. */
  async work(rounds: number): Promise<void> {
    const spool = this.spool ?? (await this.open());
    for (let round = 0; round < rounds; round++) {
      await Promise.all(Array.from({ length: 1 + Math.floor(this.random() * 3) }, () => this.#put(spool)));
      if (this.random() < 0.4) await this.#ship(spool);
    }
  }

  /** What was acknowledged and not shipped comes back, and nothing that nobody sent; damage is none. */
  async check(): Promise<void> {
    const spool = this.spool!;
    const found = (await readToMark(spool, spool.cursor.position)).map(textOf);
    const there = new Set(found);
    assert.deepEqual(
      [...this.owed].filter((line) => !there.has(line)),
      [],
      "acknowledged and gone",
    );
    assert.deepEqual(
      found.filter((line) => !this.sent.has(line)),
      [],
      "never sent",
    );
    assert.equal((await this.metrics.damagedFrames.get()).values[0]!.value, 0);
    await spool.close();
    this.spool = undefined;
  }

  async #put(spool: Spool): Promise<void> {
    const line = `{"n":${++this.#number},"pad":"${"x".repeat(Math.floor(this.random() * 900))}"}\n`;
    this.sent.add(line);
    const [outcome] = await put(spool, line);
    if (outcome!.kind === "durable") this.owed.add(line);
  }

  async #ship(spool: Spool): Promise<void> {
    const frame = await withinTurns(spool);
    if (frame === undefined) return;
    // Once the move is asked for it may have happened, whatever the answer is.
    this.owed.delete(textOf(frame));
    // A key that long goes over several sectors: a slot may be torn.
    const object = { key: `${this.#number}/${"k".repeat(1000)}`, end: frame.end };
    this.#asked.push({ position: frame.end, object });
    await spool.moveCursor(this.#asked.at(-1)!).catch(() => undefined);
    this.#moved = spool.cursor;
  }
}

function isSame(one: SpoolCursor, other: SpoolCursor): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

function textOf({ lines }: SpoolFrame): string {
  return decoder.decode(lines);
}

/** The frame at the cursor, if the disk in memory gives one without further ado. */
async function withinTurns(spool: Spool): Promise<SpoolFrame | undefined> {
  const abort = new AbortController();
  const look = spool.read(spool.cursor.position, abort.signal);
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
  abort.abort();
  return look;
}

/** How many calls the same work takes without any fault. */
async function countCalls(seed: number): Promise<number> {
  const world = new World(seed);
  world.strikeWith(() => undefined);
  await world.work(8);
  const { calls } = world;
  await world.check();
  return calls;
}

test("the power goes off at every call: what was acknowledged comes back, and nothing else", async () => {
  for (let seed = 1; seed <= 12; seed++) {
    const calls = await countCalls(seed);
    for (let at = 0; at < calls; at += seed < 6 ? 1 : 7) {
      const world = new World(seed);
      world.strikeWith((number) => {
        if (number === at) world.files.powerOff();
      });
      await world.work(8).catch(() => undefined);
      world.files.powerOff();
      world.files.restart();
      world.spool = undefined;
      try {
        await world.work(2);
        await world.check();
      } catch (error) {
        throw new Error(`seed ${seed}, power off at call ${at}`, { cause: error });
      }
    }
  }
});

for (const code of ["ENOSPC", "EIO", "EDQUOT"]) {
  test(`${code} at every call, once and for a while: what was acknowledged comes back`, async () => {
    for (const lasting of [1, 6]) {
      const calls = await countCalls(1);
      for (let at = 0; at < calls; at++) {
        const world = new World(1);
        world.strikeWith((number) => {
          if (number >= at && number < at + lasting) throw fault(code);
        });
        try {
          // A start may fail then; the next one works.
          for (let start = 0; start < lasting && world.spool === undefined; start++) {
            await world.open().catch(() => undefined);
          }
          await world.work(8);
          world.strikeWith(() => undefined);
          await world.work(1);
          await world.spool!.close();
          await world.open();
          await world.check();
        } catch (error) {
          throw new Error(`${code} at call ${at} and ${lasting} in all`, { cause: error });
        }
      }
    }
  });
}
