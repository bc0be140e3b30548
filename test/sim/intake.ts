/** What src/command/intake.ts puts together, out of the same parts over simulated surroundings. */
import type { S3Bucket } from "../../src/aws/s3.ts";
import { type Batcher, type BatcherOptions, createBatcher } from "../../src/batch/batcher.ts";
import { type Random, within } from "../../src/clock.ts";
import type { Metrics } from "../../src/metrics.ts";
import { startObjectShipper } from "../../src/ship/ship-objects.ts";
import { shipRecords } from "../../src/ship/ship-records.ts";
import type { Shipper } from "../../src/ship/shipper.ts";
import type { Files } from "../../src/sink/file/system.ts";
import { openFileSink } from "../../src/sink/file.ts";
import { createQuarantine } from "../../src/sink/quarantine.ts";
import type { Quarantine, Sink } from "../../src/sink/sink.ts";
import { type OpenSpoolOptions, openSpool } from "../../src/sink/spool/open.ts";
import type { Spool } from "../../src/sink/spool/spool.ts";
import { silentLog } from "../support/silent-log.ts";
import type { ProcessClock } from "./process-clock.ts";
import {
  archiveDirectory,
  hasSpool,
  quarantineDirectory,
  type SimSettings,
  spoolDirectory,
} from "./settings.ts";
import type { SpooledOrder } from "./spooled-order.ts";

/** For proofs that the laws can be broken: each puts something in place of a part. */
export interface Sabotage {
  readonly sink?: (sink: Sink) => Sink;
  /** Of the one in front, and of the one behind the spool. */
  readonly batcher?: (batcher: Batcher, options: BatcherOptions) => Batcher;
  readonly shippingBatcher?: (batcher: Batcher, options: BatcherOptions) => Batcher;
  readonly files?: (files: Files) => Files;
  readonly spool?: (spool: Spool) => Spool;
  readonly spoolOptions?: (options: OpenSpoolOptions) => OpenSpoolOptions;
  readonly quarantine?: (quarantine: Quarantine) => Quarantine;
}

export interface IntakeParts {
  readonly settings: SimSettings;
  readonly clock: ProcessClock;
  readonly random: Random;
  readonly metrics: Metrics;
  readonly files: Files;
  /** Of topologies that have one. */
  readonly openSink: () => Sink;
  readonly bucket: S3Bucket;
  readonly order: SpooledOrder;
  /** Holds whoever puts to the sink's promises. */
  readonly watch: (sink: Sink, putsInFlightMax: number) => Sink;
  readonly sabotage: Sabotage;
}

export interface Intake {
  readonly batcher: Batcher;
  readonly spool: Spool | undefined;
  /** Behind the spool. */
  readonly shippingBatcher: Batcher | undefined;
  readonly windowBytesMax: number;
  readonly quarantine: Quarantine;
  full(): string | undefined;
  blocked(): string | undefined;
  /** Nothing that was acked is still to be shipped. */
  isShipped(): boolean;
  close(timeoutMs: number): Promise<void>;
}

/** Batches in the shipper's window beside those under way. */
const batchesAhead = 2;
const closeMs = 3_000;

export async function openIntake(parts: IntakeParts): Promise<Intake> {
  return hasSpool(parts.settings.topology) ? openSpooled(parts) : openDirect(parts);
}

async function openDirect(parts: IntakeParts): Promise<Intake> {
  const { settings, metrics, sabotage } = parts;
  const sink = await recordSink(parts);
  const { quarantine, close } = openQuarantine(parts);
  const options = batcherOptions(parts, sink, quarantine, metrics);
  const batcher = replaced(sabotage.batcher, options);
  return {
    batcher,
    quarantine,
    spool: undefined,
    shippingBatcher: undefined,
    windowBytesMax: settings.pendingBytesMax,
    full: () => undefined,
    blocked: () => batcher.blocked?.message,
    isShipped: () => true,
    async close() {
      await quietly(parts.clock, sink.close());
      await quietly(parts.clock, close());
    },
  };
}

async function openSpooled(parts: IntakeParts): Promise<Intake> {
  const { settings, clock, random, metrics, files, sabotage, order, watch } = parts;
  const { quarantine, close } = openQuarantine(parts);
  const target = await openTarget(parts, quarantine);
  const options: OpenSpoolOptions = {
    directory: spoolDirectory,
    bytesMax: settings.spoolBytesMax,
    ageMaxMs: settings.spoolAgeMaxMs,
    whenFull: "refuse",
    compression: "none",
    ...(settings.segmentBytes === undefined ? {} : { segmentBytes: settings.segmentBytes }),
    hold: async () => ({ release: async () => undefined }),
    ...{ clock, random, files, log: silentLog, metrics: metrics.spool },
  };
  const opened = await openSpool(sabotage.spoolOptions?.(options) ?? options);
  const spool = order.observe(sabotage.spool?.(opened) ?? opened);
  const shipper = target.start(spool);
  const front = batcherOptions(parts, watch(spool.sink, settings.putsInFlightMax), quarantine, {
    ...metrics,
    puts: metrics.spoolPuts,
  });
  const batcher = replaced(sabotage.batcher, {
    ...front,
    recordBytesMax: undefined,
    lineBytesMax: target.lineBytesMax,
  });
  return {
    batcher,
    quarantine,
    spool,
    shippingBatcher: target.batcher,
    windowBytesMax: target.windowBytesMax,
    full: () => spool.status().full,
    blocked: () => undefined,
    isShipped: () => spool.status().oldestMs === undefined,
    async close(timeoutMs) {
      await shipper.stop(timeoutMs);
      await quietly(clock, spool.close());
      await quietly(clock, target.sink?.close());
      await quietly(clock, close());
    },
  };
}

/** As the program ends: what does not close, or not in time, the next start finishes. */
async function quietly(clock: ProcessClock, closed: Promise<void> | undefined): Promise<void> {
  const end = () => undefined;
  await within(clock, closeMs, closed?.catch(end) ?? Promise.resolve(), end);
}

interface Target {
  readonly lineBytesMax: number;
  readonly windowBytesMax: number;
  readonly batcher: Batcher | undefined;
  readonly sink: Sink | undefined;
  start(spool: Spool): Shipper;
}

async function openTarget(parts: IntakeParts, quarantine: Quarantine): Promise<Target> {
  const { settings, clock, random, metrics, bucket, sabotage } = parts;
  const { batchBytesMax, putsInFlightMax, pendingBytesMax, rotateBytes, rotateAgeMs, partBytes } = settings;
  const log = silentLog;
  if (settings.topology === "objects") {
    const of = { bucket, prefix: "sim/", compression: "none", rotateBytes, rotateAgeMs, partBytes } as const;
    return {
      lineBytesMax: 1024 * 1024,
      windowBytesMax: Number.POSITIVE_INFINITY,
      batcher: undefined,
      sink: undefined,
      start: (spool) => startObjectShipper({ ...of, spool, clock, random, log, metrics }),
    };
  }
  const sink = await recordSink(parts);
  const windowBytesMax = Math.min(pendingBytesMax, batchBytesMax * (putsInFlightMax + batchesAhead));
  const batcher = replaced(sabotage.shippingBatcher, {
    ...batcherOptions(parts, sink, quarantine, metrics),
    lingerMs: settings.shipLingerMs,
    pendingBytesMax: windowBytesMax,
    ackTimeoutMs: Number.POSITIVE_INFINITY,
  });
  const of = { batcher, quarantine, sinkName: sink.name, windowBytesMax };
  const { lineBytesMax } = batcher;
  const start = (spool: Spool) => shipRecords({ ...of, spool, clock, log, metrics });
  return { lineBytesMax, windowBytesMax, batcher, sink, start };
}

async function recordSink(parts: IntakeParts): Promise<Sink> {
  const { settings, clock, random, files, openSink, watch, sabotage } = parts;
  const { rotateBytes, rotateAgeMs } = settings;
  const of = { directory: archiveDirectory, compression: "none", rotateBytes, rotateAgeMs } as const;
  const sink =
    settings.topology === "file"
      ? await openFileSink({ ...of, files, clock, random, log: silentLog })
      : openSink();
  return watch(sabotage.sink?.(sink) ?? sink, settings.putsInFlightMax);
}

function openQuarantine({ clock, random, files, sabotage }: IntakeParts) {
  const quarantine = createQuarantine({
    directory: quarantineDirectory,
    ...{ files, clock, random, log: silentLog },
  });
  return { quarantine: sabotage.quarantine?.(quarantine) ?? quarantine, close: () => quarantine.close() };
}

function batcherOptions(
  { settings, clock, random }: IntakeParts,
  sink: Sink,
  quarantine: Quarantine,
  metrics: Metrics,
): BatcherOptions {
  return { ...settings, compression: "none", sink, quarantine, clock, random, metrics, log: silentLog };
}

function replaced(
  by: ((batcher: Batcher, options: BatcherOptions) => Batcher) | undefined,
  options: BatcherOptions,
): Batcher {
  const batcher = createBatcher(options);
  return by?.(batcher, options) ?? batcher;
}
