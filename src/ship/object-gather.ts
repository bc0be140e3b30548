/** Which frames of the spool make the next object. */
import type { TimeRange } from "../archive/key.ts";
import type { Clock } from "../clock.ts";
import type { Spool, SpoolFrame, SpoolPosition } from "../sink/spool/spool.ts";
import { ObjectTimes } from "./object-times.ts";

export interface GatherOptions {
  readonly spool: Pick<Spool, "read" | "status">;
  readonly clock: Clock;
  /** Bytes of lines at which an object is finished. */
  readonly targetBytes: number;
  /** Age of its oldest lines at which an object is finished, in ms. */
  readonly ageMaxMs: number;
  /** Aborted: nothing more comes into the spool, so what is there is enough. */
  readonly hurry: AbortSignal;
  /** Aborted: at once. */
  readonly cut: AbortSignal;
}

/** Frames that will be one object. */
export interface Gathered {
  /** Behind the last frame. */
  readonly end: SpoolPosition;
  /** When the oldest lines were put into the spool, in ms since the epoch. */
  readonly arrivalMs: number;
  readonly times: TimeRange | undefined;
}

const hourMs = 3_600_000;
/** Nothing more comes into the spool and nothing was read for so long: it is empty. */
const emptyMs = 250;
/** While frames wait for company: how often to look whether the spool has room for it. */
const lookMs = 1_000;

/**
 * Reads frames from `from` on until they are enough: of the target size, or of the greatest age, or the next one came
 * in another hour, which has another folder; a backlog makes the objects that would have been made in its time. When
 * the spool is full no company can come, so what there is has to do. Resolves with undefined when there are none and
 * none are to be waited for.
 */
export async function gather(from: SpoolPosition, options: GatherOptions): Promise<Gathered | undefined> {
  const { targetBytes, ageMaxMs, clock, hurry, cut, spool } = options;
  const times = new ObjectTimes();
  let gathered: Gathered | undefined;
  let bytes = 0;
  for (;;) {
    const dueMs = gathered === undefined ? undefined : untilDue(gathered.arrivalMs, ageMaxMs, clock.now());
    const waitMs = dueMs === undefined ? undefined : Math.min(dueMs, lookMs);
    const frame: SpoolFrame | undefined = await readWithin(gathered?.end ?? from, waitMs, options);
    if (frame === undefined) {
      if (hurry.aborted || cut.aborted) break;
      if (dueMs === undefined || (dueMs > lookMs && spool.status().full === undefined)) continue;
      break;
    }
    const arrivalMs: number = gathered?.arrivalMs ?? frame.appendedMs;
    const fits = bytes === 0 || bytes + frame.lines.length <= targetBytes;
    const isYoung = frame.appendedMs - arrivalMs <= ageMaxMs;
    if (!fits || !isYoung || hourOf(frame.appendedMs) !== hourOf(arrivalMs)) break;
    times.add(frame.lines);
    bytes += frame.lines.length;
    gathered = { end: frame.end, arrivalMs, times: undefined };
    if (bytes >= targetBytes) break;
  }
  return gathered === undefined ? undefined : { ...gathered, times: times.range };
}

/** How long an object may wait for company; also when the clock was set back meanwhile. */
function untilDue(arrivalMs: number, ageMaxMs: number, nowMs: number): number {
  const endOfHourMs = (hourOf(arrivalMs) + 1) * hourMs;
  return Math.max(0, Math.min(ageMaxMs, Math.min(arrivalMs + ageMaxMs, endOfHourMs) - nowMs));
}

function hourOf(timeMs: number): number {
  return Math.floor(timeMs / hourMs);
}

/** The next frame; undefined when none came within `waitMs` (not set: however long), or hurry or cut said so. */
async function readWithin(
  from: SpoolPosition,
  waitMs: number | undefined,
  { spool, clock, hurry, cut }: GatherOptions,
): Promise<SpoolFrame | undefined> {
  if (cut.aborted) return undefined;
  const wait = new AbortController();
  const end = () => wait.abort();
  const timers: (() => void)[] = [];
  // What is in the spool already is read in any case: an old object still takes what waits behind it.
  const inTime = (delayMs: number) => timers.push(clock.after(Math.max(delayMs, emptyMs), end));
  const hasten = () => inTime(0);
  if (waitMs !== undefined) inTime(waitMs);
  if (hurry.aborted) hasten();
  hurry.addEventListener("abort", hasten, { once: true });
  cut.addEventListener("abort", end, { once: true });
  try {
    return await spool.read(from, wait.signal);
  } finally {
    for (const cancel of timers) cancel();
    hurry.removeEventListener("abort", hasten);
    cut.removeEventListener("abort", end);
  }
}
