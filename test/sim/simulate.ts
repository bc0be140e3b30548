/** One run: senders against receivers that crash, over a sink that fails, until all is calm and everything is sent. */
import type { Batcher, BatcherOptions } from "../../src/batch/batcher.ts";
import { sleep } from "../../src/clock.ts";
import type { Sink } from "../../src/sink/sink.ts";
import { seededRandom, VirtualClock } from "../support/virtual-clock.ts";
import { Chance } from "./chance.ts";
import { FaultySink, faults, type Weather } from "./faulty-sink.ts";
import { makeRequest, type SimRequest } from "./payload.ts";
import { Receiver, type ReceiverSettings } from "./receiver.ts";
import { type Answer, runSender } from "./sender.ts";
import { Store } from "./store.ts";

/** For proofs that the simulator notices: replaces what a receiver is made of. */
export interface Sabotage {
  readonly sink?: (sink: Sink) => Sink;
  readonly batcher?: (batcher: Batcher, options: BatcherOptions) => Batcher;
}

export interface SimResult {
  /** Broken laws, the first few. */
  readonly violations: readonly string[];
  /** How often each thing happened. */
  readonly notes: ReadonlyMap<string, number>;
}

const violationsMax = 10;
const livenessMs = 900_000;

/** Runs the simulation of `seed`; the same seed gives the same run. */
export async function simulate(seed: number, sabotage: Sabotage = {}): Promise<SimResult> {
  const run = new Run(seed, sabotage);
  try {
    await run.run();
  } catch (error) {
    run.violate(`the run ended: ${error instanceof Error ? error.stack : error}`);
  }
  return { violations: run.violations, notes: run.notes };
}

class Run {
  readonly violations: string[] = [];
  readonly notes = new Map<string, number>();
  private readonly sabotage: Sabotage;
  private readonly clock = new VirtualClock();
  private readonly chance: Chance;
  private readonly store = new Store((what) => this.violate(what));
  private readonly settings: ReceiverSettings;
  private readonly limits;
  private weather: Weather;
  private calm = false;
  private receiver: Receiver | undefined;

  constructor(seed: number, sabotage: Sabotage) {
    const chance = new Chance(seededRandom(seed));
    this.sabotage = sabotage;
    this.chance = chance;
    this.settings = {
      lingerMs: chance.pick([0, 1, 20, 200, 1_000]),
      batchBytesMax: chance.pick([1_000, 4_000, 20_000, 200_000]),
      recordBytesMax: chance.pick([undefined, 1_500, 5_000]),
      putsInFlightMax: chance.int(1, 4),
      pendingBytesMax: chance.pick([24_000, 50_000, 1_000_000]),
      ackTimeoutMs: chance.pick([2_000, 10_000, 25_000]),
      putTimeoutMs: chance.pick([500, 3_000, 10_000, 60_000]),
    };
    const recordBytesMax = chance.pick([1_000, 3_000, 30_000]);
    this.limits = {
      recordBytesMax,
      putRecordsMax: chance.pick([1, 3, 500]),
      putBytesMax: recordBytesMax * chance.pick([1, 2, 10]),
    };
    const most = chance.pick([0, 0.02, 0.1]);
    this.weather = Object.fromEntries(faults.map((fault) => [fault, most * chance.random()])) as Weather;
  }

  async run(): Promise<void> {
    const { clock, chance } = this;
    const sent = this.startSenders(chance.int(1, 10));
    const faultsMs = chance.int(5_000, 60_000);
    clock.after(faultsMs, () => {
      this.calm = true;
      this.weather = Object.fromEntries(faults.map((fault) => [fault, 0])) as Weather;
    });
    let done = false;
    const all = Promise.all([sent, this.operate(chance.pick([0, 0.5, 1]))]).then(() => {
      done = true;
    });
    await clock.runUntil(() => done, faultsMs + livenessMs);
    await all;
    const receiver = this.receiver!;
    await clock.runUntil(() => receiver.batcher.pendingBytes === 0 && clock.pendingTimers === 0, 120_000);
    await receiver.checkIdle();
    if ((await clock.resolve(receiver.drain(1_000))) !== 0) this.violate("drain left something of nothing");
    const { lines, duplicates } = this.store.checkCopies();
    this.note("lines", lines);
    if (duplicates > 0) this.note("duplicates", duplicates);
  }

  violate(what: string): void {
    if (this.violations.length < violationsMax) {
      this.violations.push(`at ${Math.round(this.clock.monotonicMs())} ms: ${what}`);
    }
  }

  private note(what: string, count = 1): void {
    this.notes.set(what, (this.notes.get(what) ?? 0) + count);
  }

  /** Keeps a receiver running; some end by a crash, some by a drain. */
  private async operate(trouble: number): Promise<void> {
    const { clock, chance } = this;
    this.receiver = this.startReceiver();
    for (;;) {
      await sleep(clock, chance.int(50, 15_000));
      if (this.calm) return;
      if (!chance.happens(trouble)) continue;
      if (chance.happens(0.4)) await this.stopGently(this.receiver);
      else this.note("crash");
      this.receiver.kill();
      this.receiver = undefined;
      await sleep(clock, chance.int(0, 3_000));
      this.receiver = this.startReceiver();
    }
  }

  private async stopGently(receiver: Receiver): Promise<void> {
    const left = await receiver.drain(this.chance.int(0, 30_000));
    this.note(left === 0 ? "drained" : "drain timed out");
    // Whoever was put is answered at once; only bodies under way take longer.
    await sleep(this.clock, 2_000);
  }

  private startReceiver(): Receiver {
    const { settings, clock, chance, store, limits, sabotage } = this;
    return new Receiver({
      settings,
      outside: clock,
      chance,
      openSink: (inside) => {
        const sink = new FaultySink({
          limits,
          chance,
          store,
          outside: clock,
          inside,
          weather: () => this.weather,
          note: (what) => this.note(what),
          violate: (what) => this.violate(what),
        });
        return sabotage.sink?.(sink) ?? sink;
      },
      replaceBatcher: (batcher, options) => sabotage.batcher?.(batcher, options) ?? batcher,
      violate: (what) => this.violate(what),
    });
  }

  private async startSenders(count: number): Promise<void> {
    const { chance, settings, limits, clock } = this;
    const lineBytesMax = Math.min(settings.recordBytesMax ?? Number.POSITIVE_INFINITY, limits.recordBytesMax);
    const senders = Array.from({ length: count }, (_, i) => {
      const requests = Array.from({ length: chance.int(2, 12) }, (__, n) =>
        makeRequest(chance, `${i}-${n}`, { lineBytesMax, linesBytesMax: settings.pendingBytesMax }),
      );
      for (const request of requests) this.store.expect(request);
      return runSender({
        clock,
        chance,
        requests,
        pauseMsMax: chance.pick([0, 100, 3_000]),
        // The impatient give up while their lines are still on their way, but not in calm weather.
        timeoutMs: chance.pick([30_000, 30_000, settings.lingerMs + 1_500]),
        post: (request) => this.post(request),
        note: (what) => this.note(what),
        violate: (what) => this.violate(what),
      });
    });
    await Promise.all(senders);
  }

  /** Posts, and holds every answer to the laws, whether or not the sender still listens. */
  private async post(request: SimRequest): Promise<Answer | undefined> {
    const { receiver } = this;
    if (receiver === undefined) return undefined;
    const response = await receiver.post(request);
    if (response === undefined) return undefined;
    const { status, headers } = response;
    const durable = status === 204 || status === 400;
    if (durable) this.store.checkAcked(request);
    if (![204, 400, 413, 500, 503].includes(status)) this.violate(`${request.id} got ${status}`);
    const retryAfter = headers.get("retry-after");
    if ((status === 503) !== (retryAfter !== null && Number(retryAfter) >= 1)) {
      this.violate(`${status} with Retry-After ${retryAfter}`);
    }
    this.checkWritten(request, durable, headers);
    if (status === 503 && (await response.text()).startsWith("Cannot take more lines")) this.note("ceiling");
    return { status, retryAfterMs: Number(retryAfter ?? 0) * 1000 };
  }

  private checkWritten({ id, version, written }: SimRequest, durable: boolean, headers: Headers): void {
    for (const kind of ["samples", "histograms", "exemplars"] as const) {
      const got = headers.get(`X-Prometheus-Remote-Write-${kind}-Written`);
      const expected = version === 1 ? null : String(durable ? written[kind] : 0);
      if (got !== expected)
        this.violate(`${id} (${version}.0): ${kind} written ${got} instead of ${expected}`);
    }
  }
}
