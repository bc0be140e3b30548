/** One run: senders against receivers that crash, over sinks and disks that fail, until all is calm and all is sent. */
import { sleep } from "../../src/clock.ts";
import { seededRandom, VirtualClock } from "../support/virtual-clock.ts";
import { Chance } from "./chance.ts";
import type { Sabotage } from "./intake.ts";
import { makeRequest, type SimRequest } from "./payload.ts";
import { Receiver } from "./receiver.ts";
import { type Answer, runSender } from "./sender.ts";
import {
  chooseSettings,
  hasSpool,
  isKinesis,
  longestLine,
  type SimSettings,
  type Topology,
} from "./settings.ts";
import { Store } from "./store.ts";
import { Surroundings } from "./surroundings.ts";

export type { Sabotage } from "./intake.ts";

export interface SimResult {
  /** Broken laws, the first few. */
  readonly violations: readonly string[];
  /** How often each thing happened. */
  readonly notes: ReadonlyMap<string, number>;
}

const violationsMax = 10;
const livenessMs = 900_000;
/** After the last answer, what is in the spool is shipped in this time. */
const shippingMs = 600_000;
const slowMs = 21_000;
/** Refused lines cost this many puts at the most, each: halves of a put and of a record. */
const putsPerPoison = 60;

/** Runs the simulation of `seed`; the same seed gives the same run. */
export async function simulate(
  seed: number,
  topology: Topology,
  sabotage: Sabotage = {},
): Promise<SimResult> {
  const run = new Run(seed, topology, sabotage);
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
  private readonly clock = new VirtualClock();
  private readonly chance: Chance;
  private readonly store = new Store((what) => this.violate(what));
  private readonly settings: SimSettings;
  private readonly around: Surroundings;
  private readonly clockOffMs: number;
  private calm = false;
  private receiver: Receiver | undefined;
  private poison = 0;
  /** Counted by processes that have ended. */
  private risk = 0;
  private damaged = 0;

  constructor(seed: number, topology: Topology, sabotage: Sabotage) {
    const chance = new Chance(seededRandom(seed));
    this.chance = chance;
    this.settings = chooseSettings(chance, topology);
    this.clockOffMs = isKinesis(topology) ? chance.pick([0, 0, -600_000, 600_000]) : 0;
    const { settings, clock, store } = this;
    const note = (what: string) => this.note(what);
    const violate = (what: string) => this.violate(what);
    this.around = new Surroundings({ settings, clock, chance, store, sabotage, note, violate });
  }

  async run(): Promise<void> {
    const { clock, chance, around } = this;
    const sent = this.startSenders(chance.int(1, 10));
    const faultsMs = chance.int(5_000, 60_000);
    around.begin(faultsMs);
    clock.after(faultsMs, () => {
      this.calm = true;
      around.calm();
    });
    let done = false;
    const all = Promise.all([sent, this.operate(chance.pick([0, 0.5, 1]))]).then(() => {
      done = true;
    });
    await clock.runUntil(() => done, faultsMs + livenessMs);
    await all;
    await this.end();
  }

  violate(what: string): void {
    if (this.violations.length < violationsMax) {
      this.violations.push(`at ${Math.round(this.clock.monotonicMs())} ms: ${what}`);
    }
  }

  private note(what: string, count = 1): void {
    this.notes.set(what, (this.notes.get(what) ?? 0) + count);
  }

  /** All is sent: what is spooled is shipped, nothing stays, and everything is where it belongs. */
  private async end(): Promise<void> {
    const { clock, store, around } = this;
    const receiver = this.receiver!;
    const isIdle = () => receiver.intake!.batcher.pendingBytes === 0 && receiver.intake!.isShipped();
    await clock.runUntil(isIdle, shippingMs);
    if (this.settings.topology === "direct") {
      await clock.runUntil(() => receiver.clock.pendingTimers === 0, 120_000);
    }
    await receiver.checkIdle();
    // Calls of the disk that were slow before it became calm.
    await clock.advance(slowMs);
    if ((await clock.resolve(receiver.stop(30_000))) !== 0)
      this.violate("stopping left something of nothing");
    await this.count(receiver);
    await clock.settle();
    if (receiver.clock.pendingTimers !== 0) this.violate(`${receiver.clock.pendingTimers} timers stay`);
    // What is on the network yet arrives.
    await clock.runUntil(() => clock.pendingTimers === 0, 120_000);
    if (around.hasLeftParts) await this.startOnceMore();
    around.collect();
    store.checkConfirmed();
    store.checkComplete(await around.quarantined());
    const { lines, all, known } = store.duplicates();
    if (known > this.risk) this.violate(`${known} lines are twice, the risk was counted for ${this.risk}`);
    if (this.damaged > 0) this.violate(`${this.damaged} frames of the spool could not be read`);
    // Each end of a line or a put may be an attempt more where others fail.
    const putsMax = 40 * this.sentCount() + putsPerPoison * this.poison + 2_000;
    if (around.puts > putsMax) this.violate(`${around.puts} puts`);
    this.note("lines", lines);
    if (all > 0) this.note("duplicates", all);
  }

  private async startOnceMore(): Promise<void> {
    this.note("parts left for the next start");
    await this.clock.resolve(this.startReceiver());
    await this.clock.resolve(this.receiver!.stop(30_000));
  }

  private sentCount(): number {
    return ["204", "400", "503", "500"].reduce((sum, status) => sum + (this.notes.get(status) ?? 0), 0);
  }

  private async count(receiver: Receiver): Promise<void> {
    this.risk += await receiver.duplicateRisk();
    this.damaged += await receiver.damagedFrames();
  }

  /** Keeps a receiver running; some end by a crash, some by a drain. */
  private async operate(trouble: number): Promise<void> {
    const { clock, chance } = this;
    await this.startReceiver();
    for (;;) {
      await sleep(clock, chance.int(50, 15_000));
      if (this.calm) return;
      if (!chance.happens(trouble)) continue;
      const receiver = this.receiver!;
      const isDrained = chance.happens(0.4) && (await this.stopGently(receiver));
      await this.endProcess(receiver, isDrained);
      await sleep(clock, chance.int(0, 3_000));
      await this.startReceiver();
    }
  }

  private async stopGently(receiver: Receiver): Promise<boolean> {
    const left = await receiver.stop(this.chance.int(0, 30_000));
    this.note(left === 0 ? "drained" : "drain timed out");
    // Whoever was put is answered at once; only bodies under way take longer.
    await sleep(this.clock, 2_000);
    return left === 0;
  }

  private async endProcess(receiver: Receiver, isDrained: boolean): Promise<void> {
    const { store, settings, chance } = this;
    const isShipped = receiver.intake?.isShipped() !== false;
    // The shipper's puts under way, and what it shipped since the cursor moved, are shipped once more.
    const isLeft = hasSpool(settings.topology) && settings.topology !== "objects" && !isShipped;
    await this.count(receiver);
    receiver.kill();
    this.receiver = undefined;
    if (!isDrained) this.note("crash");
    if (!isDrained || isLeft) store.excuseAll();
    if (isDrained || !chance.happens(0.5)) return;
    this.note("power lost");
    this.around.losePower();
  }

  /** Starts one; on a disk that fails it may take several attempts. */
  private async startReceiver(): Promise<void> {
    const { settings, clock, chance, around, clockOffMs } = this;
    for (;;) {
      const receiver = new Receiver({
        settings,
        outside: clock,
        chance,
        clockOffMs,
        parts: (inside, metrics) => around.partsFor(inside, metrics),
        violate: (what) => this.violate(what),
      });
      try {
        await receiver.start();
        this.receiver = receiver;
        return;
      } catch {
        this.note("start failed");
        receiver.kill();
        await sleep(clock, chance.int(100, 3_000));
      }
    }
  }

  private async startSenders(count: number): Promise<void> {
    const { chance, settings, clock } = this;
    const { poisonShare, pendingBytesMax } = settings;
    const limits = {
      lineBytesMax: longestLine(settings),
      linesBytesMax: pendingBytesMax,
      poisonShare,
      poisonIsTold: !hasSpool(settings.topology),
    };
    const senders = Array.from({ length: count }, (_, i) => {
      const requests = Array.from({ length: chance.int(2, 12) }, (__, n) =>
        makeRequest(chance, `${i}-${n}`, limits),
      );
      for (const request of requests) this.expect(request);
      return runSender({
        clock,
        chance,
        requests,
        pauseMsMax: chance.pick([0, 100, 3_000]),
        // The impatient give up while their lines are still on their way, but not in calm weather.
        timeoutMs: chance.pick([30_000, 30_000, settings.lingerMs + 1_500]),
        post: (request) => this.post(request),
        gaveUp: ({ lines, poison }) => this.store.excuse([...lines, ...poison]),
        note: (what) => this.note(what),
        violate: (what) => this.violate(what),
      });
    });
    await Promise.all(senders);
  }

  private expect(request: SimRequest): void {
    this.store.expect(request);
    this.poison += request.poison.length;
  }

  /** Posts, and holds every answer to the laws, whether or not the sender still listens. */
  private async post(request: SimRequest): Promise<Answer | undefined> {
    const { receiver, settings, store } = this;
    if (receiver === undefined) return undefined;
    const response = await receiver.post(request);
    if (response === undefined) {
      store.excuse(request.lines);
      return undefined;
    }
    const { status, headers } = response;
    const durable = status === 204 || status === 400;
    if (durable) store.ack(request, settings.topology === "direct" || settings.topology === "kinesis");
    if (![204, 400, 413, 500, 503].includes(status)) this.violate(`${request.id} got ${status}`);
    const retryAfter = headers.get("retry-after");
    if ((status === 503) !== (retryAfter !== null && Number(retryAfter) >= 1)) {
      this.violate(`${status} with Retry-After ${retryAfter}`);
    }
    this.checkWritten(request, durable, headers);
    if (status === 503) await this.noteWhy(response);
    return { status, retryAfterMs: Number(retryAfter ?? 0) * 1000 };
  }

  private async noteWhy(response: Response): Promise<void> {
    const why = await response.text();
    if (why.startsWith("Cannot take more lines")) this.note("ceiling");
    if (why.startsWith("the spool is full")) this.note("spool full");
    if (why.includes("quarantine")) this.note("quarantine fails");
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
