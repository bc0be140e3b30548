/** What `spool inspect` and `spool fsck` have in common: which spool, and how what is found is written. */
import type { Config } from "../config/config.ts";
import { ConfigError } from "../errors.ts";
import type { Platform } from "../platform.ts";
import { faultMessage, withFaults } from "../sink/file/fault.ts";
import { systemFiles } from "../sink/file/system.ts";
import { type SegmentSurvey, type Survey, surveySpool, type Totals } from "../sink/spool/survey.ts";

export type SpoolCommandConfig = Pick<Config, "spoolDirectory" | "logFormat">;
export type SpoolCommandPlatform = Pick<Platform, "writeOut" | "writeErr">;

/** Reads the configured spool, whether or not it is in use. Throws ConfigError when that cannot be done. */
export async function readSpool(
  name: string,
  { spoolDirectory: directory }: SpoolCommandConfig,
  check: "data" | "header",
  onProgress?: (doneBytes: number, allBytes: number) => void,
): Promise<Survey> {
  if (directory === undefined)
    throw new ConfigError(2, `${name} needs --spool-dir: the directory of the spool`);
  try {
    const progress = onProgress === undefined ? {} : { onProgress };
    return await surveySpool({ files: withFaults(systemFiles), directory, check, ...progress });
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    throw new ConfigError(1, `cannot read the spool ${directory}: ${faultMessage(error)}`, { cause: error });
  }
}

/** Sums up over segments. */
export function totalOf(
  segments: readonly SegmentSurvey[],
  pick: (segment: SegmentSurvey) => Totals,
): Totals {
  const total = { frames: 0, lines: 0, rawBytes: 0 };
  for (const { frames, lines, rawBytes } of segments.map(pick)) {
    total.frames += frames;
    total.lines += lines;
    total.rawBytes += rawBytes;
  }
  return total;
}

/** `3 frames, 12 lines, 4096 bytes of lines` */
export function totalsText({ frames, lines, rawBytes }: Totals): string {
  return `${counted(frames, "frame")}, ${counted(lines, "line")}, ${counted(rawBytes, "byte")} of lines`;
}

export function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? "" : "s"}`;
}

/** `2026-11-23T08:15:00.000Z`, or words for what no clock shows. */
export function timeText(timeMs: number): string {
  const time = new Date(timeMs);
  return Number.isNaN(time.getTime()) ? "an unknown time" : time.toISOString();
}
