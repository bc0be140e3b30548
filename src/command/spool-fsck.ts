/** Reads and checks every byte of a spool and tells where it is damaged. Changes nothing. */
import { systemClock } from "../clock.ts";
import {
  counted,
  readSpool,
  type SpoolCommandConfig,
  type SpoolCommandPlatform,
  totalOf,
  totalsText,
} from "./spool-survey.ts";

const reportIntervalMs = 2_000;

/** Exit code 1 when something is damaged. --log-format json: an object a damaged place and one for the whole. */
export async function fsck(config: SpoolCommandConfig, platform: SpoolCommandPlatform): Promise<number> {
  const { writeOut, writeErr } = platform;
  const isJson = config.logFormat === "json";
  let toldMs = systemClock.monotonicMs();
  const survey = await readSpool("spool fsck", config, "data", (doneBytes, allBytes) => {
    const nowMs = systemClock.monotonicMs();
    if (nowMs - toldMs < reportIntervalMs) return;
    toldMs = nowMs;
    writeErr(`checked ${doneBytes} of ${allBytes} bytes, ${Math.floor((doneBytes / allBytes) * 100)} %\n`);
  });
  let places = 0;
  for (const { path, damage, unfinishedBytes } of survey.segments) {
    for (const { start, end, reason } of damage) {
      places++;
      const place = { path, offset: start, bytes: end - start, reason };
      writeOut(isJson ? `${JSON.stringify(place)}\n` : `${path}: byte ${start} to ${end}: ${reason}\n`);
    }
    if (unfinishedBytes > 0 && !isJson) {
      const what = `${counted(unfinishedBytes, "byte")} at the end of a write that never finished, or is under way`;
      // Who cuts a segment short afterwards leaves the same trace.
      writeOut(`${path}: ${what}; after a crash that was not acknowledged, and nothing is lost\n`);
    }
  }
  const total = totalOf(survey.segments, ({ frames }) => frames);
  const { putAside } = survey;
  if (isJson) {
    writeOut(
      `${JSON.stringify({ directory: config.spoolDirectory, ...total, damagedPlaces: places, putAside })}\n`,
    );
  } else {
    writeOut(
      `${config.spoolDirectory}: ${totalsText(total)} are whole; ${counted(places, "damaged place")}\n`,
    );
    if (putAside.length > 0)
      writeOut(`damaged bytes put aside earlier, in damaged/: ${putAside.join(", ")}\n`);
    if (places > 0) {
      writeOut("shipping passes over each damaged place and keeps its bytes in damaged/; check the disk\n");
    }
  }
  return places > 0 ? 1 : 0;
}
