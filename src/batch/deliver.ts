import type { Clock, Random } from "../clock.ts";
import { SinkError } from "../errors.ts";
import type { Log } from "../log.ts";
import type { Metrics } from "../metrics.ts";
import { backoffMs, throttledBackoff, transientBackoff } from "../retry.ts";
import type { Quarantine, Refused, Sink } from "../sink/sink.ts";
import type { Batch } from "./batch.ts";
import type { Compress } from "./compress.ts";
import { type Gate, type Passer, probeIntervalMs, type SinkBlock } from "./gate.ts";
import type { Pace } from "./pace.ts";
import { countLines, halve, middleOf, type PackedRecord } from "./pack.ts";
import type { Permits } from "./permits.ts";
import {
  cutTo,
  isSuspect,
  type Missed,
  missedBy,
  type Passing,
  type Piece,
  partOf,
  told,
  wholePiece,
} from "./piece.ts";
import { groupsOf, type PutOutcome, putOnce } from "./put.ts";
import type { Recovery } from "./recovery.ts";
import { setAside } from "./set-aside.ts";

export interface DeliverOptions {
  readonly sink: Sink;
  /** Takes the lines that the sink refuses for good. */
  readonly quarantine: Quarantine;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly metrics: Metrics;
  /** Longest duration of one put, in ms. */
  readonly putTimeoutMs: number;
}

/** What all deliveries of a batcher share. */
export interface DeliveryContext extends DeliverOptions {
  readonly gate: Gate;
  readonly pace: Pace;
  readonly permits: Permits;
  readonly recovery: Recovery;
  readonly compress: Compress | undefined;
}

/** Records that share their puts from here on. */
interface Course {
  readonly pieces: readonly Piece[];
  /** They were refused together: they are put by themselves, to find out which of them it is. */
  readonly isolates: boolean;
  /** How many attempts in a row failed for a reason that may pass. */
  readonly attempt: number;
  /** How long to wait before the next one, in ms. */
  readonly delayMs: number;
}

/** Of a record that nobody waits for any more when its put could start. */
const tooLate = { reason: "timeout", message: "The lines waited too long for a put" };

/** A service that asks for a longer wait than this is asked again nevertheless, when nobody else waits. */
const retryAfterMaxMs = 60_000;

/**
 * The one retry loop, over one batch. Each record is put until it is durable or failed for good, or until the deadline
 * is over; only what an attempt did not take is put again. What the sink refuses is halved and put again at once, down
 * to single lines, which go to quarantine: log2 of the records and lines times at most two puts for each such line.
 */
export class Delivery implements Passer {
  /** A record of this batch is durable. */
  hasDurable = false;
  private readonly asides: Promise<void>[] = [];
  private readonly batch: Batch;
  private readonly deadlineMs: number;
  private readonly context: DeliveryContext;

  /** `deadlineMs` on the monotonic clock; Infinity: until every line is durable or in quarantine. */
  constructor(batch: Batch, deadlineMs: number, context: DeliveryContext) {
    this.batch = batch;
    this.deadlineMs = deadlineMs;
    this.context = context;
  }

  /** Resolves when all records are decided and no put of them is under way. */
  async run(records: readonly PackedRecord[]): Promise<void> {
    const pieces = records.map(wholePiece);
    await this.follow({ pieces, isolates: false, attempt: 1, delayMs: 0 });
    await Promise.all(this.asides);
  }

  /** Resolves when the delivery may go on, or with the reason why it does not wait any longer. */
  async passGate(): Promise<SinkBlock | undefined> {
    const { gate } = this.context;
    for (;;) {
      const block = gate.pass(this);
      if (block === undefined || !this.isPatient) return block;
      await gate.opened(this);
    }
  }

  /** Nobody waits for an answer: nothing is given up. */
  private get isPatient(): boolean {
    return this.deadlineMs === Number.POSITIVE_INFINITY;
  }

  private async follow(first: Course): Promise<void> {
    let course = first;
    for (;;) {
      if (course.delayMs > 0) await this.context.recovery.pause(course.delayMs);
      const { pace, sink, compress } = this.context;
      const { attempt, isolates } = course;
      const { recordBytesMax } = pace;
      const pieces =
        recordBytesMax === Number.POSITIVE_INFINITY
          ? course.pieces
          : await cutTo(recordBytesMax, course.pieces, this.batch.lines(), compress);
      const groups = groupsOf(pieces, sink.limits, pace.putBytesMax);
      const next: readonly Course[] =
        groups.length > 1
          ? groups.map((pieces) => ({ pieces, isolates, attempt, delayMs: 0 }))
          : await this.attempt({ ...course, pieces });
      if (next.length > 1) await Promise.all(next.map((each) => this.follow(each)));
      const [only] = next;
      if (only === undefined || next.length > 1) return;
      course = only;
    }
  }

  /** Puts the records of a course once, as soon as it may; the answer is what follows from the outcomes. */
  private async attempt(course: Course): Promise<readonly Course[]> {
    const { pieces, isolates } = course;
    const { clock, permits, pace, metrics, putTimeoutMs, gate, sink, log } = this.context;
    const bytes = pieces.reduce((sum, { data }) => sum + data.length, 0);
    for (;;) {
      const block = await this.passGate();
      if (block !== undefined) return this.failAll(pieces, block);
      if (clock.monotonicMs() >= this.deadlineMs) return this.failAll(pieces, tooLate);
      if (!(await permits.acquire(this.batch.order, bytes, isolates, this.deadlineMs))) continue;
      if (gate.pass(this) === undefined) break;
      permits.release(isolates);
    }
    const leftMs = this.deadlineMs - clock.monotonicMs();
    if (leftMs <= 0) {
      permits.release(isolates);
      return this.failAll(pieces, tooLate);
    }
    const timeoutMs = Math.min(putTimeoutMs, leftMs);
    const outcomes = await putOnce(pieces, { sink, clock, log, pace, timeoutMs, metrics: metrics.puts });
    this.tellGate(outcomes);
    permits.release(isolates);
    return this.sort(course, outcomes);
  }

  private tellGate(outcomes: readonly PutOutcome[]): void {
    const { gate, recovery } = this.context;
    if (outcomes.some(({ kind }) => kind === "durable")) {
      this.hasDurable = true;
      recovery.durable();
      gate.durable();
      return;
    }
    const blocked = outcomes.find((outcome) => outcome.kind === "blocked");
    if (blocked !== undefined) gate.blocked(blocked.reason, blocked.message);
  }

  private async sort(course: Course, outcomes: readonly PutOutcome[]): Promise<readonly Course[]> {
    const refused: Missed<Refused>[] = [];
    const again: Missed<Passing>[] = [];
    const elsewhere: Missed<Passing>[] = [];
    for (const [i, outcome] of outcomes.entries()) {
      const piece = course.pieces[i]!;
      if (outcome.kind === "durable") this.took(piece);
      else if (outcome.kind === "refused") refused.push({ piece, outcome });
      else {
        this.batch.lastWord = told(outcome);
        const missed = { piece: missedBy(piece, outcome), outcome };
        if (isSuspect(missed.piece, this.batch.lines(), this.hasDurable)) {
          const { reason, message } = outcome;
          refused.push({
            piece: missed.piece,
            outcome: { kind: "refused", scope: "record", reason, message },
          });
        } else if (outcome.kind === "retryable" && outcome.elsewhere) elsewhere.push(missed);
        else again.push(missed);
      }
    }
    const retried = [...this.retry(elsewhere, course), ...this.retry(again, course)];
    if (refused.length === 0) return retried;
    return retried.concat(await this.isolate(refused, course));
  }

  private took(piece: Piece): void {
    this.countDuplicateRisk(piece);
    this.batch.durable(piece.start, piece.end);
  }

  private retry(missed: readonly Missed<Passing>[], { isolates, attempt }: Course): Course[] {
    if (missed.length === 0) return [];
    const { clock, random, metrics, gate } = this.context;
    let isThrottled = false;
    let askedMs = 0;
    let blockedMs = 0;
    const open: Missed<Passing>[] = [];
    for (const each of missed) {
      const { outcome, piece } = each;
      if (outcome.kind !== "retryable" && !this.isPatient) {
        this.failAll([piece], outcome);
        continue;
      }
      open.push(each);
      if (outcome.kind === "retryable") {
        isThrottled ||= outcome.throttled && outcome.elsewhere !== true;
        askedMs = Math.max(askedMs, outcome.retryAfterMs ?? 0);
        // A gate that is shut says itself when.
      } else if (outcome.kind === "blocked" && gate.blockForNew === undefined) blockedMs = probeIntervalMs;
    }
    if (open.length === 0) return [];
    if (this.isPatient) askedMs = Math.min(askedMs, retryAfterMaxMs);
    const jitteredMs = backoffMs(attempt, isThrottled ? throttledBackoff : transientBackoff, random);
    const delayMs = Math.max(jitteredMs, askedMs, blockedMs);
    if (clock.monotonicMs() + delayMs >= this.deadlineMs) {
      for (const { piece, outcome } of open) {
        const message = `Not durable in time; last: ${told(outcome)}`;
        this.failAll([piece], { reason: outcome.reason, message }, askedMs);
      }
      return [];
    }
    metrics.puts.recordsRetried.inc(open.length);
    return [{ pieces: open.map(({ piece }) => piece), isolates, attempt: attempt + 1, delayMs }];
  }

  /** What was refused together is put in halves; what is a single line goes to quarantine. */
  private async isolate(refused: readonly Missed<Refused>[], course: Course): Promise<readonly Course[]> {
    const next: Course[] = [];
    const put = (pieces: readonly Piece[]) => {
      if (pieces.length > 0) next.push({ pieces, isolates: true, attempt: 1, delayMs: 0 });
    };
    const isShared = course.pieces.length > 1;
    const together = isShared ? refused.filter(({ outcome }) => outcome.scope === "put") : [];
    // A part of the put that was refused for the put is small enough to be tried by itself.
    const middle = together.length < course.pieces.length ? 0 : Math.ceil(together.length / 2);
    put(together.slice(0, middle).map(({ piece }) => piece));
    put(together.slice(middle).map(({ piece }) => piece));
    const lines = this.batch.lines();
    const single: Missed<Refused>[] = [];
    const halves: Piece[] = [];
    for (const each of refused) {
      const { piece, outcome } = each;
      if (isShared && outcome.scope === "put") continue;
      if (middleOf(lines, piece.start, piece.end) === piece.end) {
        single.push(each);
        continue;
      }
      const both = (await halve(lines, piece, this.context.compress)).map((half) => partOf(half, piece));
      if (outcome.scope === "record") halves.push(...both);
      else for (const half of both) put([half]);
    }
    put(halves);
    put(this.refuse(single));
    return next;
  }

  /** Lines on their way to quarantine; the answer is those that wait because the sink is blocked. */
  private refuse(single: readonly Missed<Refused>[]): readonly Piece[] {
    const { gate } = this.context;
    const kept: Missed<Refused>[] = [];
    const blocked: Piece[] = [];
    for (const each of single) {
      const { piece, outcome } = each;
      if (gate.mayRefuse(this, outcome.reason, outcome.message)) kept.push(each);
      else if (this.isPatient) blocked.push(piece);
      else this.failAll([piece], gate.blockForNew ?? outcome);
    }
    if (kept.length > 0) this.asides.push(setAside(kept, this.batch, this.isPatient, this.context));
    return blocked;
  }

  /** These were not taken; whoever waits for them sends them again. */
  private failAll(
    pieces: readonly Piece[],
    { reason, message }: { readonly reason: string; readonly message: string },
    retryAfterMs = 0,
  ): [] {
    const error = new SinkError(reason, message, retryAfterMs > 0 ? { retryAfterMs } : {});
    for (const piece of pieces) {
      this.countDuplicateRisk(piece);
      this.batch.failed(piece.start, piece.end, error);
    }
    return [];
  }

  private countDuplicateRisk({ start, end, unconfirmed }: Piece): void {
    if (unconfirmed === 0) return;
    const lines = countLines(this.batch.lines().subarray(start, end));
    this.context.metrics.duplicateRisk.inc({ cause: "unconfirmed" }, unconfirmed * lines);
  }
}
