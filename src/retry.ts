/** When to try again: exponential backoff with full jitter, under a deadline. Pure; the loop is batch/deliver. */
import type { Random } from "./clock.ts";

export interface BackoffOptions {
  /** Upper bound of the first delay, in ms. */
  readonly baseMs: number;
  /** Upper bound of every delay, in ms. */
  readonly capMs: number;
}

/** A failure that may pass at any moment. */
export const transientBackoff: BackoffOptions = { baseMs: 50, capMs: 2_000 };
/** A service that asked for a slower pace; AWS clients start an order of magnitude higher here. */
export const throttledBackoff: BackoffOptions = { baseMs: 500, capMs: 5_000 };

/**
 * The delay before attempt `attempt + 1`, in ms: uniform in [0, min(cap, base·2^(attempt−1))], so that many
 * receivers do not come back in step. https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
 */
export function backoffMs(attempt: number, { baseMs, capMs }: BackoffOptions, random: Random): number {
  return random() * Math.min(capMs, baseMs * 2 ** Math.min(attempt - 1, 30));
}
