import type { Shipper } from "../ship/shipper.ts";
import type { Spool, SpoolStatus } from "../sink/spool/spool.ts";
import { close } from "./close.ts";
import { openConfiguredSpool } from "./open-spool.ts";
import { openShipTarget, type ShipTarget } from "./ship-target.ts";
import type { Surroundings } from "./surroundings.ts";
import { watchSpool } from "./watch-spool.ts";

/** How long the sink may take to compress its last files where nobody waits for the end. */
const finishMs = 600_000;

/** A spool, where it is emptied to, and what empties it. */
export interface Shipping {
  readonly spool: Spool;
  readonly target: ShipTarget;
  readonly shipper: Shipper;
  /** What keeps lines in the spool for longer than usual, or undefined. */
  delay(): string | undefined;
  /** Ships the rest for at most `timeoutMs`, may be Infinity, closes all and answers what is left. Never rejects. */
  end(timeoutMs: number): Promise<SpoolStatus>;
}

/**
 * Opens spool and sink as they are configured and begins to ship. `reportIntervalMs`: between two lines in the log
 * while it is behind. Rejects with a ConfigError; then nothing is open.
 */
export async function startShipping(surroundings: Surroundings, reportIntervalMs: number): Promise<Shipping> {
  const { clock, log } = surroundings;
  // The spool goes first: where another process has it, that one has the sink as well.
  const spool = await openConfiguredSpool(surroundings);
  const closeSpool = () => close(surroundings, "the spool", () => spool.close());
  const target = await openShipTarget(surroundings).catch(async (error: unknown) => {
    await closeSpool();
    throw error;
  });
  const shipper = target.start(spool);
  const { usualAgeMs } = target;
  const watch = watchSpool({ spool, shipper, usualAgeMs, reportIntervalMs, clock, log });
  return {
    spool,
    target,
    shipper,
    delay: () => shipper.blocked?.message ?? watch.behind,
    async end(timeoutMs) {
      await shipper.stop(timeoutMs);
      watch.end();
      const status = spool.status();
      await closeSpool();
      // Who has all the time for shipping has it for the last files as well.
      await target.close(Number.isFinite(timeoutMs) ? undefined : finishMs);
      return status;
    },
  };
}
