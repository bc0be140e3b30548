import { ConfigError } from "../errors.ts";
import { openSpool } from "../sink/spool/open.ts";
import type { Spool } from "../sink/spool/spool.ts";
import type { Surroundings } from "./surroundings.ts";

/** Opens the spool as it is configured. Rejects with a ConfigError, also when another process holds it. */
export function openConfiguredSpool({
  config,
  clock,
  random,
  outageLog,
  metrics,
}: Surroundings): Promise<Spool> {
  const { spoolDirectory: directory, spoolBytesMax, spoolAgeMaxMs, spoolFull, spoolCompression } = config;
  if (directory === undefined) throw new ConfigError(2, "--spool-dir is missing: name the spool's directory");
  return openSpool({
    directory,
    bytesMax: spoolBytesMax,
    ageMaxMs: spoolAgeMaxMs,
    whenFull: spoolFull,
    compression: spoolCompression,
    ...{ clock, random, log: outageLog, metrics: metrics.spool },
  });
}
