import type { Surroundings } from "./surroundings.ts";

/** Ctrl-C under npm arrives twice: from the terminal, and once more from npm. */
const sameSignalMs = 500;

export interface Stop {
  /** Resolves with the first signal. */
  readonly asked: Promise<string>;
  /** The first signal, once it has come. */
  signal(): string | undefined;
}

/** Waits for the signal to end; a second one ends the program at once. */
export function listenForStop({ platform, clock, log }: Surroundings): Stop {
  let first: { readonly signal: string; readonly atMs: number } | undefined;
  const asked = new Promise<string>((resolve) => {
    platform.onStopSignal((signal) => {
      const atMs = clock.monotonicMs();
      first ??= { signal, atMs };
      resolve(signal);
      if (atMs - first.atMs < sameSignalMs) return;
      log.error("stopped at once by a second signal", { signal });
      platform.exit(1);
    });
  });
  return { asked, signal: () => first?.signal };
}
