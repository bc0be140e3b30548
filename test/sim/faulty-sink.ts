/** A sink over a store that outlives every crash, on a network where all goes wrong that can. */
import { durable, type Outcome, type Retryable, type Sink, type SinkLimits } from "../../src/sink/sink.ts";
import type { VirtualClock } from "../support/virtual-clock.ts";
import type { Chance } from "./chance.ts";
import { poisonMark } from "./payload.ts";
import type { ProcessClock } from "./process-clock.ts";
import type { Store } from "./store.ts";

export const faults = [
  "slow",
  "hangs",
  "deaf",
  "throttled",
  "asks to wait",
  "elsewhere",
  "partial",
  "half fails",
  "blocked",
  "short answer",
  "long answer",
  "answer lost",
  "reset",
  "throws",
] as const;
export type Fault = (typeof faults)[number];

/** How likely each fault is in one put. */
export type Weather = Readonly<Record<Fault, number>>;

export interface FaultySinkOptions {
  readonly limits: SinkLimits;
  readonly chance: Chance;
  readonly store: Store;
  /** Of the network and the service: goes on after a crash. */
  readonly outside: VirtualClock;
  /** Of the process: stops with it. */
  readonly inside: ProcessClock;
  readonly weather: () => Weather;
  /** What a refused line costs: its record, or the whole put. */
  readonly refuses: "record" | "put";
  readonly note: (what: string) => void;
}

const kind = "retryable";
const refusedAtOnce: Outcome = { kind, throttled: false, reason: "network", message: "not sent" };
const lost: Outcome = { kind, throttled: false, unconfirmed: true, reason: "network", message: "lost" };
const throttled: Retryable = { kind, throttled: true, reason: "throttled", message: "slow down" };
const elsewhere: Outcome = { ...throttled, elsewhere: true };
const blocked: Outcome = { kind: "blocked", reason: "denied", message: "not allowed" };

const decoder = new TextDecoder();

export class FaultySink implements Sink {
  readonly name = "faulty:";
  readonly limits: SinkLimits;
  private readonly options: FaultySinkOptions;

  constructor(options: FaultySinkOptions) {
    this.options = options;
    this.limits = options.limits;
  }

  put(records: readonly Uint8Array[], signal: AbortSignal): Promise<readonly Outcome[]> {
    const { chance, note } = this.options;
    const fault = this.pickFault();
    if (fault !== undefined) note(fault);
    const decided = this.decideAll(records, fault);
    const kept = records.map((record) => record.slice());
    // Whether the bytes still get through when the caller gives up.
    const onTheWire = chance.happens(0.5);
    const travelMs = fault === "slow" ? chance.int(300, 8_000) : chance.int(1, 40);
    const answerMs = travelMs + (fault === "deaf" ? chance.int(1_000, 40_000) : chance.int(0, 40));
    if (fault === "throws" && chance.happens(0.5)) throw new Error("a bug in the sink");
    return new Promise((resolve, reject) => {
      const { outside, inside, store } = this.options;
      let tickets: (symbol | undefined)[] = [];
      const arrive = () => {
        tickets = kept.map((record, i) => (decided[i] === durable ? store.keep(record) : undefined));
      };
      const isLost = fault === "hangs" || fault === "reset";
      const cancelArrival = isLost ? () => undefined : outside.after(travelMs, arrive);
      const answer = () => {
        signal.removeEventListener("abort", giveUp);
        if (fault === "throws") return reject(new Error("a bug in the sink, later"));
        resolve(this.tell(fault, decided, tickets));
      };
      const cancelAnswer = fault === "hangs" ? () => undefined : inside.after(answerMs, answer);
      const giveUp = () => {
        if (fault === "deaf") return;
        cancelAnswer();
        if (!onTheWire) cancelArrival();
        note("aborted");
        resolve(records.map(() => lost));
      };
      signal.addEventListener("abort", giveUp, { once: true });
    });
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  private pickFault(): Fault | undefined {
    const { chance, weather } = this.options;
    let roll = chance.random();
    for (const [fault, probability] of Object.entries(weather())) {
      roll -= probability;
      if (roll < 0) return fault as Fault;
    }
    return undefined;
  }

  /** What the service makes of each record. */
  private decideAll(records: readonly Uint8Array[], fault: Fault | undefined): readonly Outcome[] {
    const { refuses, note } = this.options;
    const isPoison = records.map((record) => decoder.decode(record).includes(poisonMark));
    if (isPoison.includes(true)) note("refused");
    const reaches = fault !== "throttled" && fault !== "blocked" && fault !== "asks to wait";
    if (refuses === "put" && reaches && isPoison.includes(true)) return records.map(() => refused("put"));
    return records.map((_, i) => {
      const decided = this.decide(fault);
      return isPoison[i] && decided === durable ? refused("record") : decided;
    });
  }

  private decide(fault: Fault | undefined): Outcome {
    const { chance } = this.options;
    if (fault === "throttled") return throttled;
    if (fault === "asks to wait") return { ...throttled, retryAfterMs: chance.int(1, 20_000) };
    if (fault === "blocked") return blocked;
    if (fault === "elsewhere") return chance.pick([durable, durable, elsewhere]);
    if (fault === "half fails") return chance.pick([durable, throttled]);
    if (fault === "partial") return chance.pick([durable, durable, throttled, refusedAtOnce, blocked]);
    if (fault === "short answer" || fault === "long answer") return chance.pick([durable, throttled]);
    return durable;
  }

  /** What the caller hears; only a record with an outcome of its own, in its place, was confirmed. */
  private tell(
    fault: Fault | undefined,
    decided: readonly Outcome[],
    tickets: readonly (symbol | undefined)[],
  ): readonly Outcome[] {
    const { chance, store } = this.options;
    const at = chance.int(0, decided.length - 1);
    if (fault === "answer lost" || fault === "reset") return decided.map(() => lost);
    if (fault === "short answer") return decided.toSpliced(at, 1);
    if (fault === "long answer") return decided.toSpliced(at, 0, durable);
    for (const ticket of tickets) if (ticket !== undefined) store.confirm(ticket);
    return decided;
  }
}

function refused(scope: "record" | "put"): Outcome {
  return { kind: "refused", scope, reason: "poison", message: "not these bytes" };
}
