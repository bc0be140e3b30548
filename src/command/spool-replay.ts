/** Ships what is in a spool, one that a dead host left say, into the sink, and ends when it is empty. */
import type { Config } from "../config/config.ts";
import { ConfigError } from "../errors.ts";
import type { Platform } from "../platform.ts";
import { faultMessage, withFaults } from "../sink/file/fault.ts";
import { systemFiles } from "../sink/file/system.ts";
import { cursorName } from "../sink/spool/cursor.ts";
import { segmentNumber } from "../sink/spool/segment.ts";
import { assertDirectoriesApart } from "./directories.ts";
import { startShipping } from "./shipping.ts";
import { listenForStop } from "./stop.ts";
import { createSurroundings } from "./surroundings.ts";

/** Between two lines that tell how far it is: somebody sits before it. */
const reportIntervalMs = 5_000;

/** Exit code 0 when nothing is left in the spool, 1 when a signal came first, or some of it cannot be read. */
export async function replay(config: Config, platform: Platform): Promise<number> {
  const { spoolDirectory } = config;
  if (spoolDirectory === undefined) {
    throw new ConfigError(2, "spool replay needs --spool-dir: the directory of the spool to ship");
  }
  assertDirectoriesApart(config);
  await assertSpool(spoolDirectory);
  const surroundings = createSurroundings(config, platform);
  const { clock, log } = surroundings;
  const stop = listenForStop(surroundings);
  const startedMs = clock.monotonicMs();
  const { target, shipper, end } = await startShipping(surroundings, reportIntervalMs);
  const { archive } = target;
  void stop.asked.then((signal) => {
    log.info("stopping", { signal, timeoutMs: config.drainTimeoutMs });
    return shipper.stop(config.drainTimeoutMs);
  });
  const { bytes, oldestMs } = await end(Number.POSITIVE_INFINITY);
  const seconds = Math.round((clock.monotonicMs() - startedMs) / 1000);
  const { shippedBytes } = shipper;
  if (oldestMs === undefined) {
    log.info("the spool is empty", { archive, shippedBytes, seconds });
    return 0;
  }
  const why =
    stop.signal() === undefined ? "cannot be read: spool fsck tells more" : "stays for the next run";
  log.error(`not all of the spool is shipped; the rest ${why}`, { archive, shippedBytes, seconds, bytes });
  return 1;
}

/** A path that was mistyped is no empty spool, and must not become one. */
async function assertSpool(path: string): Promise<void> {
  let names: readonly string[];
  try {
    names = await withFaults(systemFiles).list(path);
  } catch (error) {
    throw new ConfigError(1, `cannot replay the spool ${path}: ${faultMessage(error)}`, { cause: error });
  }
  if (names.some((name) => name === cursorName || segmentNumber(name) !== undefined)) return;
  throw new ConfigError(1, `cannot replay the spool ${path}: there is no spool in this directory`);
}
