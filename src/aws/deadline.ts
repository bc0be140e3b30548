/** One bound for everything an attempt waits for: credentials, the connection, the answer. */
import type { Clock } from "../clock.ts";

/** What was waited for took longer than it may. */
export class DeadlineError extends Error {
  override readonly name = "DeadlineError";

  constructor(timeoutMs: number) {
    super(`no answer within ${timeoutMs} ms`);
  }
}

/**
 * Runs `run` for at most `timeoutMs`. Its signal is aborted with a DeadlineError when the time is over, and
 * with the reason of `outer` when that is aborted; the promise rejects at that moment even if `run` is deaf.
 */
export async function withinDeadline<T>(
  clock: Pick<Clock, "after">,
  timeoutMs: number,
  outer: AbortSignal | undefined,
  run: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  if (outer?.aborted) throw abortReason(outer);
  const controller = new AbortController();
  const aborted = new Promise<never>((_, reject) => {
    const onAbort = () => reject(abortReason(controller.signal));
    controller.signal.addEventListener("abort", onAbort, { once: true });
  });
  const onOuterAbort = () => controller.abort(outer?.reason);
  const cancel = clock.after(timeoutMs, () => controller.abort(new DeadlineError(timeoutMs)));
  // Not AbortSignal.any: an outer signal that lives for the whole program must not collect its dependents.
  outer?.addEventListener("abort", onOuterAbort, { once: true });
  try {
    return await Promise.race([run(controller.signal), aborted]);
  } finally {
    cancel();
    outer?.removeEventListener("abort", onOuterAbort);
  }
}

function abortReason(signal: AbortSignal): Error {
  const reason: unknown = signal.reason;
  return reason instanceof Error ? reason : new Error(`aborted: ${String(reason)}`);
}
