import { sleep } from "../clock.ts";
import { describeError, SinkError } from "../errors.ts";
import type { Refused } from "../sink/sink.ts";
import type { Batch } from "./batch.ts";
import type { DeliverOptions } from "./deliver.ts";
import type { PackedRecord } from "./pack.ts";

/** How long to wait before the quarantine is asked again, when nothing is given up. */
const againAfterMs = 5_000;

/** A record of a single line, and why the sink does not take it. */
interface RefusedRecord {
  readonly piece: PackedRecord;
  readonly outcome: Refused;
}

/**
 * Puts single lines that the sink refuses for good into quarantine and tells those who wait for them. Where it does not
 * take them, they fail; or, with `isPatient`, it is asked until it does.
 */
export async function setAside(
  refused: readonly RefusedRecord[],
  batch: Batch,
  isPatient: boolean,
  { quarantine, sink, clock, log, metrics }: DeliverOptions,
): Promise<void> {
  const all = batch.lines();
  const lines = refused.map(({ piece: { start, end }, outcome: { reason, message } }) => ({
    line: all.subarray(start, end),
    reason,
    message,
  }));
  for (;;) {
    try {
      const path = await quarantine.keep(lines, sink.name);
      for (const { piece, outcome } of refused) {
        const { reason, message } = outcome;
        metrics.quarantinedLines.inc({ reason });
        batch.refused(piece.start, piece.end, { sinkName: sink.name, reason, message, path });
      }
      const { reason, message } = refused[0]!.outcome;
      log.warn("the sink refuses lines for good; they are in quarantine", {
        sink: sink.name,
        lines: lines.length,
        reason,
        message,
        path,
      });
      return;
    } catch (cause) {
      const text = "Cannot put lines into quarantine that the sink refuses";
      log.error("cannot put lines into quarantine", { lines: lines.length, error: describeError(cause) });
      const error = new SinkError("quarantine", `${text}: ${describeError(cause)}`, { cause });
      if (!isPatient) return failAll(refused, batch, error);
    }
    await sleep(clock, againAfterMs);
  }
}

function failAll(refused: readonly RefusedRecord[], batch: Batch, error: SinkError): void {
  for (const { piece } of refused) batch.failed(piece.start, piece.end, error);
}
