import { RefusedLinesError, SinkError } from "../errors.ts";
import type { Metrics } from "../metrics.ts";
import type { Batch } from "./batch.ts";
import { countLines } from "./pack.ts";
import { told } from "./piece.ts";

/** Why a line is in quarantine, and where. */
export interface Refusal {
  readonly sinkName: string;
  readonly reason: string;
  readonly message: string;
  readonly path: string;
}

/** One append: what is decided of its lines so far, over all batches that hold parts of them. */
export class Append {
  /** Settles when all its lines are decided, or one of them has failed. */
  readonly done: Promise<void>;
  private readonly batches: Batch[] = [];
  private readonly duplicateRisk: Metrics["duplicateRisk"];
  private readonly refusedLines: Uint8Array[] = [];
  private refusal: Refusal | undefined;
  private openBytes: number;
  /**
   * What was durable when other lines of this append were still open: views of its batches' bytes, counted only if it
   * fails or a batch ends before it (a count of every line would cost a third of all the batcher does).
   */
  private readonly durableParts: Uint8Array[] = [];
  private durableLines = 0;
  private failed = false;
  private resolve: () => void = () => undefined;
  private reject: (error: SinkError | RefusedLinesError) => void = () => undefined;

  constructor(byteLength: number, duplicateRisk: Metrics["duplicateRisk"]) {
    this.openBytes = byteLength;
    this.duplicateRisk = duplicateRisk;
    this.done = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
  }

  /** A batch holds a part of it. */
  joined(batch: Batch): void {
    if (this.batches.at(-1) !== batch) this.batches.push(batch);
  }

  /** These of its lines are durable. */
  durable(lines: Uint8Array): void {
    // The sender was told to send them again.
    if (this.failed) this.duplicateRisk.inc({ cause: "late" }, countLines(lines));
    else if (lines.length < this.openBytes) this.durableParts.push(lines);
    this.decided(lines.length);
  }

  /** This line of it is in quarantine; its bytes are copied. */
  refused(line: Uint8Array, refusal: Refusal): void {
    if (!this.failed) this.refusedLines.push(line.slice());
    this.refusal ??= refusal;
    this.decided(line.length);
  }

  /** The bytes of a batch are about to go: counts what is only known by them. */
  countDurable(): void {
    for (const lines of this.durableParts) this.durableLines += countLines(lines);
    this.durableParts.length = 0;
  }

  /** Some of its lines failed: all of it will be sent again. */
  fail(error: SinkError): void {
    if (this.failed || this.openBytes === 0) return;
    this.failed = true;
    this.refusedLines.length = 0;
    this.countDurable();
    if (this.durableLines > 0) this.duplicateRisk.inc({ cause: "partial" }, this.durableLines);
    this.reject(error);
  }

  /** Nobody waits any longer. The answer is the error, which says what the sink said last. */
  timeOut(waitedMs: number): SinkError {
    const last = this.batches.findLast((batch) => batch.lastWord !== undefined)?.lastWord;
    const text = `Not durable after ${Math.round(waitedMs)} ms`;
    const error = new SinkError("timeout", last === undefined ? text : `${text}; last: ${last}`);
    this.fail(error);
    return error;
  }

  private decided(bytes: number): void {
    this.openBytes -= bytes;
    if (this.openBytes > 0 || this.failed) return;
    this.durableParts.length = 0;
    if (this.refusal === undefined) this.resolve();
    else this.reject(refusedError(this.refusedLines, this.refusal));
  }
}

function refusedError(lines: readonly Uint8Array[], refusal: Refusal): RefusedLinesError {
  const { sinkName, path } = refusal;
  const what = lines.length === 1 ? "1 line for good; it is" : `${lines.length} lines for good; they are`;
  return new RefusedLinesError(
    `${sinkName} refuses ${what} in quarantine in ${path}. ${told(refusal)}`,
    lines,
  );
}
