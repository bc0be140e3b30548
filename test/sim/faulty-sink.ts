/** A sink over a store that outlives every crash, on a network where all goes wrong that can. */
import { durable, type Outcome, type Sink, type SinkLimits } from "../../src/sink/sink.ts";
import type { VirtualClock } from "../support/virtual-clock.ts";
import type { Chance } from "./chance.ts";
import type { ProcessClock } from "./process-clock.ts";
import type { Store } from "./store.ts";

export const faults = [
  "slow",
  "hangs",
  "deaf",
  "throttled",
  "partial",
  "blocked",
  "short answer",
  "long answer",
  "answer lost",
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
  readonly note: (what: string) => void;
  readonly violate: (what: string) => void;
}

const retryable: Outcome = { kind: "retryable", throttled: false, reason: "network", message: "lost" };
const throttled: Outcome = { kind: "retryable", throttled: true, reason: "throttled", message: "slow down" };
const blocked: Outcome = { kind: "blocked", reason: "denied", message: "not allowed" };

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
    this.checkLimits(records);
    const fault = this.pickFault();
    if (fault !== undefined) note(fault);
    const decided = records.map(() => this.decide(fault));
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
      const cancelArrival = fault === "hangs" ? () => undefined : outside.after(travelMs, arrive);
      const answer = () => {
        signal.removeEventListener("abort", giveUp);
        this.checkUnchanged(records, kept);
        if (fault === "throws") return reject(new Error("a bug in the sink, later"));
        resolve(this.tell(fault, decided, tickets));
      };
      const cancelAnswer = fault === "hangs" ? () => undefined : inside.after(answerMs, answer);
      const giveUp = () => {
        if (fault === "deaf") return;
        cancelAnswer();
        if (!onTheWire) cancelArrival();
        note("aborted");
        resolve(records.map(() => retryable));
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

  /** What the service makes of one record. */
  private decide(fault: Fault | undefined): Outcome {
    const { chance } = this.options;
    if (fault === "throttled") return throttled;
    if (fault === "blocked") return blocked;
    if (fault === "partial") return chance.pick([durable, durable, throttled, retryable, blocked]);
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
    if (fault === "answer lost") return decided.map(() => retryable);
    if (fault === "short answer") return decided.toSpliced(at, 1);
    if (fault === "long answer") return decided.toSpliced(at, 0, durable);
    for (const ticket of tickets) if (ticket !== undefined) store.confirm(ticket);
    return decided;
  }

  private checkLimits(records: readonly Uint8Array[]): void {
    const { limits, violate } = this.options;
    const bytes = records.reduce((sum, record) => sum + record.length, 0);
    if (records.length === 0) violate("a put without records");
    if (records.length > limits.putRecordsMax) violate(`a put of ${records.length} records`);
    if (bytes > limits.putBytesMax) violate(`a put of ${bytes} bytes`);
    for (const { length } of records) {
      if (length > limits.recordBytesMax || length === 0) violate(`a record of ${length} bytes`);
    }
  }

  private checkUnchanged(records: readonly Uint8Array[], kept: readonly Uint8Array[]): void {
    const same = records.every((record, i) => record.every((byte, at) => byte === kept[i]![at]));
    if (!same) this.options.violate("bytes changed while their put was under way");
  }
}
