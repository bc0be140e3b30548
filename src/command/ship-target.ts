/** Where the spool is emptied to: a sink of records, or a bucket. */
import { createBatcher } from "../batch/batcher.ts";
import type { Compression } from "../compression.ts";
import type { Config } from "../config/config.ts";
import { shipRecords } from "../ship/ship-records.ts";
import type { Shipper } from "../ship/shipper.ts";
import { createQuarantine, type FileQuarantine } from "../sink/quarantine.ts";
import type { Quarantine, Sink } from "../sink/sink.ts";
import type { Spool } from "../sink/spool/spool.ts";
import { close } from "./close.ts";
import { openSink } from "./open-sink.ts";
import type { Surroundings } from "./surroundings.ts";

export interface ShipTarget {
  /** `kinesis:name`, `s3://bucket/prefix`: for logs. */
  readonly archive: string;
  /** For the lines it refuses. */
  readonly quarantine: Quarantine;
  /** The longest line it takes, `\n` included, in bytes. */
  readonly lineBytesMax: number;
  /** How old lines become in the spool while nothing is in the way, in ms. */
  readonly usualAgeMs: number;
  /** Starts to empty `spool` into it. Called once. */
  start(spool: Spool): Shipper;
  /** After the shipper has stopped; the sink has `limitMs` to finish what is open. Never rejects. */
  close(limitMs?: number): Promise<void>;
}

/** The longest line that is taken where an object holds it. */
const objectLineBytesMax = 1024 * 1024;
/** Batches in the window beside those under way: one that fills, one that is read for. */
const batchesAhead = 2;

/** Rejects with a ConfigError when the configuration gives no way to reach it; whether it answers shows later. */
export async function openShipTarget(surroundings: Surroundings): Promise<ShipTarget> {
  const { config } = surroundings;
  const { sink } = config;
  if (sink.kind === "s3") return openObjectTarget(surroundings, sink);
  return recordTarget(surroundings, await openSink(surroundings, sink));
}

/** The quarantine as it is configured; nothing is created before a line comes. */
export function openQuarantine({ config, clock, random, log }: Surroundings): FileQuarantine {
  return createQuarantine({ directory: config.quarantineDirectory, clock, random, log });
}

/** How single records are compressed. The file sink compresses whole files. */
export function recordCompression({ sink, compression }: Config): Compression {
  return sink.kind === "file" ? "none" : compression;
}

function recordTarget(surroundings: Surroundings, sink: Sink): ShipTarget {
  const { config, clock, random, outageLog: log, metrics } = surroundings;
  const quarantine = openQuarantine(surroundings);
  const { batchBytesMax, putsInFlightMax, pendingBytesMax } = config;
  const windowBytesMax = Math.min(pendingBytesMax, batchBytesMax * (putsInFlightMax + batchesAhead));
  const batcher = createBatcher({
    ...config,
    compression: recordCompression(config),
    lingerMs: config.shipLingerMs,
    pendingBytesMax: windowBytesMax,
    ackTimeoutMs: Number.POSITIVE_INFINITY,
    ...{ sink, quarantine, clock, random, log, metrics },
  });
  return {
    archive: sink.name,
    quarantine,
    lineBytesMax: batcher.lineBytesMax,
    usualAgeMs: config.shipLingerMs,
    start: (spool) =>
      shipRecords({ spool, batcher, quarantine, sinkName: sink.name, windowBytesMax, clock, log, metrics }),
    close: async (limitMs) => {
      await close(surroundings, `the sink ${sink.name}`, () => sink.close(), limitMs);
      await close(surroundings, "the quarantine", () => quarantine.close());
    },
  };
}

async function openObjectTarget(
  surroundings: Surroundings,
  { bucket: name, prefix }: { readonly bucket: string; readonly prefix: string },
): Promise<ShipTarget> {
  const { config, clock, random, outageLog: log, metrics } = surroundings;
  const { connectAws } = await import("./connect-aws.ts");
  const { createS3Bucket } = await import("../aws/s3.ts");
  const { startObjectShipper } = await import("../ship/ship-objects.ts");
  const client = await connectAws(surroundings, "s3");
  const bucket = createS3Bucket({ client, bucket: name, pathStyle: config.s3PathStyle });
  const { compression, rotateBytes, rotateAgeMs } = config;
  const quarantine = openQuarantine(surroundings);
  return {
    archive: `s3://${name}/${prefix}`,
    quarantine,
    lineBytesMax: objectLineBytesMax,
    usualAgeMs: rotateAgeMs,
    start: (spool) =>
      startObjectShipper({
        ...{ spool, bucket, prefix, compression, rotateBytes, rotateAgeMs, clock, random, log, metrics },
      }),
    close: () => close(surroundings, "the quarantine", () => quarantine.close()),
  };
}
