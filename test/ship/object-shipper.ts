import { createMetrics } from "../../src/metrics.ts";
import { type ObjectShipperOptions, startObjectShipper } from "../../src/ship/ship-objects.ts";
import { keptLog } from "../support/aws-stand-in.ts";
import { seededRandom, VirtualClock } from "../support/virtual-clock.ts";
import { MemoryBucket } from "./memory-bucket.ts";
import { MemorySpool } from "./memory-spool.ts";

export const startMs = Date.UTC(2026, 10, 23, 6, 16, 5);
export const forever = Number.POSITIVE_INFINITY;

/** A shipper between a spool and a bucket in memory, in virtual time. */
export function setUp(options: Partial<ObjectShipperOptions> = {}) {
  const clock = new VirtualClock(startMs);
  const [spool, bucket] = [new MemorySpool(), new MemoryBucket()];
  const metrics = createMetrics({ version: "0", runtime: "test" });
  const { log, lines: logged } = keptLog();
  const start = (more: Partial<ObjectShipperOptions> = {}) =>
    startObjectShipper({
      spool,
      bucket,
      prefix: "metrics/",
      compression: "none",
      rotateBytes: 1_000,
      rotateAgeMs: 300_000,
      partBytes: 1_000_000,
      clock,
      random: seededRandom(1),
      log,
      metrics,
      ...options,
      ...more,
    });
  return { clock, spool, bucket, metrics, logged, start };
}

export function line(time: number | string, name = "x"): string {
  return `{"name":"${name}","time":${time},"value":1,"labels":{"__name__":"${name}","time":"5","n":",\\"time\\":7"}}\n`;
}
