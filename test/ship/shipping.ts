import { type BatcherOptions, createBatcher } from "../../src/batch/batcher.ts";
import { createMetrics } from "../../src/metrics.ts";
import { type ShipRecordsOptions, shipRecords } from "../../src/ship/ship-records.ts";
import type { SinkLimits } from "../../src/sink/sink.ts";
import { HeldSink } from "../batch/held-sink.ts";
import { MemoryQuarantine } from "../support/memory-quarantine.ts";
import { silentLog } from "../support/silent-log.ts";
import { seededRandom, VirtualClock } from "../support/virtual-clock.ts";
import { MemorySpool } from "./memory-spool.ts";

interface Wanted {
  readonly batcher?: Partial<BatcherOptions>;
  readonly limits?: Partial<SinkLimits>;
  readonly windowBytesMax?: number;
}

/** A shipper from a spool in memory to a sink that answers when the test says so. */
export function shipping({ batcher: wanted = {}, limits = {}, windowBytesMax = 10_000 }: Wanted = {}) {
  const spool = new MemorySpool();
  const sink = new HeldSink({ recordBytesMax: 100, ...limits });
  const clock = new VirtualClock();
  const quarantine = new MemoryQuarantine();
  const metrics = createMetrics({ version: "test", runtime: "test" });
  const batcher = createBatcher({
    ...{ sink, quarantine, clock, metrics, random: seededRandom(1), log: silentLog },
    ...{ compression: "none", lingerMs: 100, batchBytesMax: 1_000, recordBytesMax: undefined },
    ...{ putsInFlightMax: 1, pendingBytesMax: windowBytesMax, putTimeoutMs: 10_000 },
    ackTimeoutMs: Number.POSITIVE_INFINITY,
    ...wanted,
  });
  const options = { spool, batcher, quarantine, sinkName: sink.name, windowBytesMax };
  const start = (more: Partial<ShipRecordsOptions> = {}) =>
    shipRecords({ ...options, clock, log: silentLog, metrics, ...more });
  /** Lets each put that comes in the next `ms` be durable at once. */
  const serve = async (ms: number) => {
    for (let passedMs = 0; passedMs < ms; passedMs += 10) {
      await clock.advance(10);
      answerAll(sink);
    }
  };
  return { spool, sink, clock, quarantine, metrics, batcher, start, serve };
}

/** Answers every put that has not been; a second answer to one changes nothing. */
export function answerAll(sink: HeldSink): void {
  for (const put of sink.puts) put.answer();
}

export function textsOf(sink: HeldSink): string {
  return sink.puts.flatMap(({ texts }) => texts).join("");
}

/** A batcher whose members can be replaced one by one. */
export function plain(batcher: ShipRecordsOptions["batcher"]): ShipRecordsOptions["batcher"] {
  const { lineBytesMax, pendingBytes, blocked } = batcher;
  return {
    ...{ lineBytesMax, pendingBytes, blocked },
    append: (lines) => batcher.append(lines),
    assertRoom: () => batcher.assertRoom(),
    drain: (timeoutMs) => batcher.drain(timeoutMs),
  };
}
