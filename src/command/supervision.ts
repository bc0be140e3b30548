/** What the service manager that started the program is told, where one waits for word: systemd with Type=notify. */
import { sleep } from "../clock.ts";
import { describeError } from "../errors.ts";
import type { Surroundings } from "./surroundings.ts";

export interface Supervision {
  /** The program stops: nothing more is promised. */
  stopping(): Promise<void>;
}

/** Words per watchdog period: two may be late or lost. */
const wordsPerPeriod = 3;

/**
 * Says that the program is ready, and from then on that its event loop turns: a loop that hangs says nothing, and is
 * restarted. Never rejects: the program works without a manager that listens.
 */
export function beginSupervision(
  { platform: { supervisor }, clock, outageLog }: Pick<Surroundings, "platform" | "clock" | "outageLog">,
  status: string,
): Supervision {
  if (supervisor === undefined) return { stopping: async () => undefined };
  const stop = new AbortController();
  const tell = async (...states: string[]): Promise<void> => {
    try {
      await supervisor.tell(states);
    } catch (error) {
      outageLog.error("systemd waits for word of this service and cannot be told", {
        states: states.join(" "),
        error: describeError(error),
      });
    }
  };
  const { watchdogMs } = supervisor;
  const keepTelling = async (): Promise<void> => {
    await tell("READY=1", `STATUS=${status}`);
    if (watchdogMs === undefined) return;
    while (!stop.signal.aborted) {
      await tell("WATCHDOG=1");
      await sleep(clock, watchdogMs / wordsPerPeriod, stop.signal).catch(() => undefined);
    }
  };
  void keepTelling();
  return {
    stopping() {
      stop.abort();
      return tell("STOPPING=1", "STATUS=Draining");
    },
  };
}
