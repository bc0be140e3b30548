/** Time and chance for tests: time passes only when told to, chance repeats itself. */
import { setImmediate } from "node:timers";
import type { Clock, Random } from "../../src/clock.ts";

interface Timer {
  readonly atMs: number;
  readonly run: () => void;
}

/** Turns of the event loop after which everything that needs no timer has happened. */
const settleTurns = 2;
const holdTurnsMax = 1_000_000;

/**
 * A clock that jumps from timer to timer, and only when all else has come to rest: promises are settled and no `hold`
 * is open. Timers of the same moment run in the order they were made.
 */
export class VirtualClock implements Clock {
  private readonly timers: Timer[] = [];
  private readonly epochMs: number;
  private elapsedMs = 0;
  private holds = 0;

  constructor(epochMs = 1_700_000_000_000) {
    this.epochMs = epochMs;
  }

  now(): number {
    return Math.floor(this.epochMs + this.elapsedMs);
  }

  monotonicMs(): number {
    return this.elapsedMs;
  }

  after(delayMs: number, run: () => void): () => void {
    const timer = { atMs: this.elapsedMs + Math.max(0, delayMs), run };
    let at = this.timers.length;
    while (at > 0 && this.timers[at - 1]!.atMs > timer.atMs) at--;
    this.timers.splice(at, 0, timer);
    return () => {
      const found = this.timers.indexOf(timer);
      if (found >= 0) this.timers.splice(found, 1);
    };
  }

  /** Timers that have not run and are not cancelled. */
  get pendingTimers(): number {
    return this.timers.length;
  }

  /** Keeps time from passing until the answer is called: for work that ends by itself, but not by promises alone. */
  hold(): () => void {
    this.holds++;
    let held = true;
    return () => {
      if (held) this.holds--;
      held = false;
    };
  }

  /** Resolves when nothing more happens without time passing. */
  async settle(): Promise<void> {
    let turns = 0;
    for (let total = 0; turns < settleTurns; total++) {
      if (total > holdTurnsMax) throw new Error(`held for ${total} turns of the event loop`);
      await new Promise<void>((resolve) => setImmediate(resolve));
      turns = this.holds > 0 ? 0 : turns + 1;
    }
  }

  /** Lets `ms` pass and runs all that falls due. */
  async advance(ms: number): Promise<void> {
    const untilMs = this.elapsedMs + ms;
    while (await this.step(untilMs));
    this.elapsedMs = untilMs;
  }

  /** Lets time pass until `done` answers true. Throws when `limitMs` have passed, or nothing is left to happen. */
  async runUntil(done: () => boolean, limitMs = 3_600_000): Promise<void> {
    const untilMs = this.elapsedMs + limitMs;
    await this.settle();
    while (!done()) {
      if (await this.step(untilMs)) continue;
      // What the last timer began may have ended it.
      if (done()) return;
      const why = this.timers.length === 0 ? "no timer is left" : `${limitMs} ms of virtual time are over`;
      throw new Error(`waited in vain: ${why}`);
    }
  }

  /** The value of `promise`, after as much time as it takes. */
  async resolve<T>(promise: Promise<T>, limitMs = 3_600_000): Promise<T> {
    let settled = false;
    const mark = () => {
      settled = true;
    };
    promise.then(mark, mark);
    await this.runUntil(() => settled, limitMs);
    return promise;
  }

  /** Runs the next timer if it is due by `untilMs`, and lets its consequences settle. */
  private async step(untilMs: number): Promise<boolean> {
    await this.settle();
    const [next] = this.timers;
    if (next === undefined || next.atMs > untilMs) return false;
    this.timers.shift();
    this.elapsedMs = Math.max(this.elapsedMs, next.atMs);
    next.run();
    await this.settle();
    return true;
  }
}

/** Numbers in [0, 1) that are the same for the same seed (mulberry32 behind one round of mixing). */
export function seededRandom(seed: number): Random {
  let state = Math.imul(seed ^ 0x9e37_79b9, 0x85eb_ca6b) >>> 0;
  return () => {
    state = (state + 0x6d2b_79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
