/** Time and chance as parameters, so that a simulator can hold both. */
export interface Clock {
  /** Milliseconds since the epoch, wall clock. */
  now(): number;
  /** Milliseconds since some start, never going back: for durations and deadlines. */
  monotonicMs(): number;
  /** Calls `run` once after `delayMs`; the answer cancels it. Does not keep the process alive by promise. */
  after(delayMs: number, run: () => void): () => void;
}

/** A number in [0, 1), like Math.random. */
export type Random = () => number;

/** Eight hex digits of chance. */
export function randomHex(random: Random): string {
  return Math.floor(random() * 2 ** 32)
    .toString(16)
    .padStart(8, "0");
}

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonicMs: () => performance.now(),
  after(delayMs, run) {
    const timer = setTimeout(run, delayMs);
    return () => clearTimeout(timer);
  },
};

/** Resolves after `delayMs`, or rejects with the signal's reason as soon as it is aborted. */
export function sleep(clock: Clock, delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const onAbort = () => {
      cancel();
      reject(signal?.reason);
    };
    const cancel = clock.after(delayMs, () => {
      signal?.removeEventListener("abort", onAbort);
      resolve();
    });
    signal?.addEventListener("abort", onAbort, { once: true });
  });
}

/**
 * What `work` gives, or what `late` gives (or throws) when `work` has not settled after `timeoutMs`. The timer ends
 * with either; what becomes of `work` after that is nobody's concern, also when it rejects.
 */
export async function within<T, L>(
  clock: Pick<Clock, "after">,
  timeoutMs: number,
  work: Promise<T>,
  late: () => L,
): Promise<T | L> {
  let cancel: () => void = () => undefined;
  const timeout = new Promise<undefined>((resolve) => {
    cancel = clock.after(timeoutMs, () => resolve(undefined));
  }).then(late);
  try {
    return await Promise.race([work, timeout]);
  } finally {
    cancel();
  }
}
