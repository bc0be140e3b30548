import { durable, type Outcome, type Sink, type SinkLimits } from "../../src/sink/sink.ts";

/** A service that answers each put at once, by what `decide` says of its records' texts; keeps what is durable. */
export class Service implements Sink {
  readonly name = "service:";
  readonly limits: SinkLimits;
  /** The records of each put, as texts. */
  readonly puts: (readonly string[])[] = [];
  readonly lines: string[] = [];
  /** The text of a record, as it was put. */
  read: (record: Uint8Array) => string = (record) => new TextDecoder("utf-8", { fatal: true }).decode(record);
  decide: (texts: readonly string[]) => readonly Outcome[];

  constructor(decide: (texts: readonly string[]) => readonly Outcome[], limits: Partial<SinkLimits> = {}) {
    this.limits = { recordBytesMax: 1 << 20, putRecordsMax: 500, putBytesMax: 4 << 20, ...limits };
    this.decide = decide;
  }

  async put(records: readonly Uint8Array[]): Promise<readonly Outcome[]> {
    const texts = records.map((record) => this.read(record));
    this.puts.push(texts);
    const outcomes = this.decide(texts);
    for (const [i, outcome] of outcomes.entries()) {
      if (outcome.kind === "durable") this.lines.push(...texts[i]!.split(/(?<=\n)/));
    }
    return outcomes;
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

export const refusedPut: Outcome = {
  kind: "refused",
  scope: "put",
  reason: "Validation",
  message: "bad call",
};
export const refusedRecord: Outcome = {
  kind: "refused",
  scope: "record",
  reason: "BadRecord",
  message: "bad record",
};

/** Refuses the whole put when one of its records holds poison. */
export function refusesPut(
  isPoison: (text: string) => boolean,
): (texts: readonly string[]) => readonly Outcome[] {
  return (texts) => texts.map(() => (texts.some(isPoison) ? refusedPut : durable));
}

/** Refuses the records that hold poison. */
export function refusesRecord(
  isPoison: (text: string) => boolean,
): (texts: readonly string[]) => readonly Outcome[] {
  return (texts) => texts.map((text) => (isPoison(text) ? refusedRecord : durable));
}

export const hasPoison = (text: string) => text.includes("poison");
