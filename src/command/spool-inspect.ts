/** Says what is in a spool, segment by segment, without touching it. */
import { systemClock } from "../clock.ts";
import type { SegmentSurvey, Survey } from "../sink/spool/survey.ts";
import {
  counted,
  readSpool,
  type SpoolCommandConfig,
  type SpoolCommandPlatform,
  timeText,
  totalOf,
  totalsText,
} from "./spool-survey.ts";

/** Exit code 0; with --log-format json one JSON object a segment and one for the whole. */
export async function inspect(
  config: SpoolCommandConfig,
  { writeOut }: SpoolCommandPlatform,
): Promise<number> {
  const survey = await readSpool("spool inspect", config, "header");
  const nowMs = systemClock.now();
  if (config.logFormat === "json") {
    for (const segment of survey.segments) writeOut(`${JSON.stringify(segment)}\n`);
    writeOut(`${JSON.stringify({ directory: config.spoolDirectory, ...wholeOf(survey, nowMs) })}\n`);
    return 0;
  }
  for (const segment of survey.segments) writeOut(segmentText(segment));
  writeOut(wholeText(config.spoolDirectory ?? "", survey, nowMs));
  return 0;
}

function wholeOf({ segments, cursor, putAside }: Survey, nowMs: number) {
  const oldestMs = segments.find((segment) => segment.oldestMs !== undefined)?.oldestMs;
  return {
    segments: segments.length,
    bytes: segments.reduce((sum, { bytes }) => sum + bytes, 0),
    total: totalOf(segments, ({ frames }) => frames),
    unshipped: totalOf(segments, ({ unshipped }) => unshipped),
    damagedPlaces: segments.reduce((sum, { damage }) => sum + damage.length, 0),
    putAside: putAside.length,
    cursor: cursor?.cursor,
    oldestMs,
    oldestAgeSeconds: oldestMs === undefined ? undefined : Math.max(0, Math.round((nowMs - oldestMs) / 1000)),
  };
}

function segmentText(segment: SegmentSurvey): string {
  const { frames, unshipped, bytes, firstMs, lastMs, isEnded, damage, unfinishedBytes } = segment;
  const parts = [`${counted(bytes, "byte")}`, totalsText(frames)];
  if (firstMs !== undefined && lastMs !== undefined)
    parts.push(`${timeText(firstMs)} to ${timeText(lastMs)}`);
  const shipped = frames.frames - unshipped.frames;
  parts.push(
    unshipped.frames === 0 ? "all shipped" : `${shipped} of ${counted(frames.frames, "frame")} shipped`,
  );
  if (!isEnded) parts.push("in use, or its program was killed");
  if (unfinishedBytes > 0) parts.push(`${counted(unfinishedBytes, "byte")} of an unfinished write`);
  if (damage.length > 0) parts.push(`${counted(damage.length, "damaged place")}: spool fsck tells more`);
  return `segment ${segment.segment}: ${parts.join(", ")}\n`;
}

function wholeText(directory: string, survey: Survey, nowMs: number): string {
  const { segments, bytes, unshipped, damagedPlaces, putAside, cursor, oldestMs, oldestAgeSeconds } = wholeOf(
    survey,
    nowMs,
  );
  const lines = [`${directory}: ${counted(segments, "segment")}, ${counted(bytes, "byte")}`];
  lines.push(`to be shipped: ${totalsText(unshipped)}`);
  if (oldestMs !== undefined) lines.push(`oldest: ${timeText(oldestMs)}, ${oldestAgeSeconds} s old`);
  if (cursor === undefined) lines.push("cursor: none, so shipping starts with the oldest segment");
  else lines.push(`cursor: segment ${cursor.position.segment}, byte ${cursor.position.offsetBytes}`);
  if (cursor?.object !== undefined) lines.push(`object under way: ${cursor.object.key}`);
  if (damagedPlaces > 0) lines.push(`damaged: ${counted(damagedPlaces, "place")}`);
  if (putAside > 0) lines.push(`put aside: ${counted(putAside, "file")} of damaged bytes in damaged/`);
  return `${lines.join("\n")}\n`;
}
