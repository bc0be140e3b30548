/** Where the lines of a request go until they are durable, and what happens to them behind the ack. */
import { type Batcher, createBatcher } from "../batch/batcher.ts";
import { close } from "./close.ts";
import { assertDirectoriesApart } from "./directories.ts";
import { openSink, type RecordSinkChoice } from "./open-sink.ts";
import { openQuarantine, recordCompression } from "./ship-target.ts";
import { startShipping } from "./shipping.ts";
import type { Surroundings } from "./surroundings.ts";

export interface Intake {
  /** Where lines end up, `kinesis:name`: for logs. */
  readonly archive: string;
  /** Where they are durable first, if that is not the archive. */
  readonly spool: string | undefined;
  readonly batcher: Batcher;
  /** Why no requests are taken now, or undefined. */
  full(): string | undefined;
  /** Why nothing becomes durable now, though requests are taken to find out when it is over; or undefined. */
  blocked(): string | undefined;
  /** What somebody should look at though everything becomes durable, or undefined. */
  note(): string | undefined;
  /** Bytes in the spool that the sink has not made durable yet; 0 without one. */
  waitingBytes(): number;
  /** Brings the gauges up to date. */
  observe(): void;
  /** After the last append: ships for at most `timeoutMs` what is acked, and closes. Never rejects. */
  close(timeoutMs: number): Promise<void>;
}

/** Between two lines in the log while shipping is behind. */
const reportIntervalMs = 60_000;

/** Opens sink and spool as they are configured. Rejects with a ConfigError that says what is wrong. */
export async function openIntake(surroundings: Surroundings): Promise<Intake> {
  const { config, metrics } = surroundings;
  const { sink, spoolDirectory } = config;
  assertDirectoriesApart(config);
  metrics.pendingLimit.set(config.pendingBytesMax);
  // S3 is never without: its objects are too few for requests to wait for.
  if (spoolDirectory === undefined && sink.kind !== "s3") return openDirect(surroundings, sink);
  return openSpooled(surroundings);
}

async function openDirect(surroundings: Surroundings, choice: RecordSinkChoice): Promise<Intake> {
  const { config, clock, random, outageLog: log, metrics } = surroundings;
  const sink = await openSink(surroundings, choice);
  const quarantine = openQuarantine(surroundings);
  const batcher = createBatcher({
    ...config,
    compression: recordCompression(config),
    ...{ sink, quarantine, clock, random, log, metrics },
  });
  return {
    archive: sink.name,
    spool: undefined,
    batcher,
    full: () => undefined,
    blocked: () => batcher.blocked?.message,
    note: () => undefined,
    waitingBytes: () => 0,
    observe: () => undefined,
    async close() {
      await close(surroundings, `the sink ${sink.name}`, () => sink.close());
      await close(surroundings, "the quarantine", () => quarantine.close());
    },
  };
}

async function openSpooled(surroundings: Surroundings): Promise<Intake> {
  const { config, clock, random, log, outageLog, metrics } = surroundings;
  metrics.spool.limit.set(config.spoolBytesMax);
  const { spool, target, delay, end } = await startShipping(surroundings, reportIntervalMs);
  const { quarantine } = target;
  const batcher = createBatcher({
    ...config,
    // The spool compresses its frames itself; how large they are is not what the sink's records are.
    compression: "none",
    recordBytesMax: undefined,
    lineBytesMax: target.lineBytesMax,
    metrics: { ...metrics, puts: metrics.spoolPuts },
    ...{ sink: spool.sink, quarantine, clock, random, log: outageLog },
  });
  return {
    archive: target.archive,
    spool: spool.directory,
    batcher,
    full: () => spool.status().full,
    blocked: () => undefined,
    note() {
      const why = delay();
      return why && `Ready, but the spool fills: ${why}`;
    },
    waitingBytes() {
      const { bytes, oldestMs } = spool.status();
      // Segments stay until all of them is shipped.
      return oldestMs === undefined ? 0 : Math.max(0, bytes - spool.cursor.position.offsetBytes);
    },
    observe: () => void spool.status(),
    async close(timeoutMs) {
      const { bytes, oldestMs } = await end(timeoutMs);
      if (oldestMs === undefined) return;
      log.info("lines stay in the spool for the next start", { spool: spool.directory, bytes });
    },
  };
}
