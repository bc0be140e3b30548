import { durable, type Outcome, type Sink, type SinkLimits } from "../../src/sink/sink.ts";

/** A sink that keeps every record it takes; `decide` may refuse some, record by record. */
export class MemorySink implements Sink {
  readonly name = "memory:";
  readonly limits: SinkLimits;
  readonly records: Uint8Array[] = [];
  readonly puts: number[] = [];
  decide: (record: Uint8Array, index: number) => Outcome = () => durable;

  constructor(limits: Partial<SinkLimits> = {}) {
    this.limits = { recordBytesMax: 1 << 20, putRecordsMax: 500, putBytesMax: 4 << 20, ...limits };
  }

  async put(records: readonly Uint8Array[]): Promise<readonly Outcome[]> {
    this.puts.push(records.length);
    return records.map((record, index) => {
      const outcome = this.decide(record, index);
      if (outcome.kind === "durable") this.records.push(record.slice());
      return outcome;
    });
  }

  async close(): Promise<void> {
    this.puts.length = 0;
  }

  /** The lines of all records, without their ends. */
  lines(): string[] {
    const decoder = new TextDecoder("utf-8", { fatal: true });
    return this.records.flatMap((record) => decoder.decode(record).split("\n").slice(0, -1));
  }
}
