import { type Clock, within } from "../clock.ts";
import { describeError } from "../errors.ts";
import type { Surroundings } from "./surroundings.ts";

/** How long something may take to finish what is open where somebody waits for the end. What is acked is durable. */
const closeMs = 3_000;

/** Closes `what`; says so when that fails or takes too long: what it leaves open the next start finishes. */
export async function close(
  { clock, log }: Pick<Surroundings, "clock" | "log">,
  what: string,
  run: () => Promise<void>,
  limitMs = closeMs,
): Promise<void> {
  try {
    if (await withinTime(run(), limitMs, clock)) return;
    log.warn(`${what} did not finish in time; the next start will`, { timeoutMs: limitMs });
  } catch (error) {
    log.error(`${what} did not close cleanly`, { error: describeError(error) });
  }
}

/** Whether `end` came before `limitMs` were over. */
export function withinTime(end: Promise<void>, limitMs: number, clock: Clock): Promise<boolean> {
  const came = end.then(() => true);
  return within(clock, limitMs, came, () => false);
}
