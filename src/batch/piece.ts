import type { Refused } from "../sink/sink.ts";
import type { Compress } from "./compress.ts";
import { halve, middleOf, type PackedRecord } from "./pack.ts";
import type { PutOutcome } from "./put.ts";

/** A record on its way. */
export interface Piece extends PackedRecord {
  /** Attempts that may have stored it without saying so: each may be a copy more. */
  readonly unconfirmed: number;
  /** Attempts that failed for a reason of its own that nobody knows. */
  readonly suspicions: number;
  /** Cut out of a record that was not taken. */
  readonly isPart: boolean;
}

/** An outcome after which the record is put again. */
export type Passing = Exclude<PutOutcome, { kind: "durable" } | Refused>;

/** A record that an attempt did not take, and why. */
export interface Missed<O> {
  readonly piece: Piece;
  readonly outcome: O;
}

/** So often in a row a record fails by chance every 16th time where half of all fail; to be cut does it no harm. */
const cutAfter = 4;
/** For a single line, which got so far by `cutAfter` failures for each halving, chance is out of the question. */
const refusedAfter = 12;

export function wholePiece(record: PackedRecord): Piece {
  return { ...record, unconfirmed: 0, suspicions: 0, isPart: false };
}

export function partOf(record: PackedRecord, { unconfirmed }: Piece): Piece {
  return { ...record, unconfirmed, suspicions: 0, isPart: true };
}

/** The same lines in pieces of at most `bytesMax` each, as far as they are not single lines. */
export async function cutTo(
  bytesMax: number,
  pieces: readonly Piece[],
  lines: Uint8Array,
  compress: Compress | undefined,
): Promise<readonly Piece[]> {
  const cut: Piece[] = [];
  const open = pieces.toReversed();
  for (let piece = open.pop(); piece !== undefined; piece = open.pop()) {
    const { data, start, end } = piece;
    if (data.length <= bytesMax || middleOf(lines, start, end) === end) cut.push(piece);
    else {
      const halves = await halve(lines, piece, compress);
      for (const half of halves.toReversed()) open.push(partOf(half, piece));
    }
  }
  return cut;
}

/** The piece after an attempt that did not take it. */
export function missedBy(piece: Piece, outcome: Passing): Piece {
  const isRetryable = outcome.kind === "retryable";
  const isUnconfirmed = outcome.kind === "defect" || (isRetryable && outcome.unconfirmed);
  return {
    ...piece,
    unconfirmed: piece.unconfirmed + (isUnconfirmed ? 1 : 0),
    suspicions: piece.suspicions + (isRetryable && outcome.suspect ? 1 : 0),
  };
}

/**
 * Whether it is this record that the sink does not take, though it gives no reason that we know: it failed again and
 * again while others were taken (`isTaking`). What is whole is cut without that, so that its good half can show it.
 */
export function isSuspect({ suspicions, isPart, start, end }: Piece, lines: Uint8Array, isTaking: boolean) {
  if (suspicions < cutAfter) return false;
  const isSingle = middleOf(lines, start, end) === end;
  return isSingle ? suspicions >= refusedAfter && isTaking : isTaking || !isPart;
}

/** What the sink said, with its reason told once. */
export function told({ reason, message }: { readonly reason: string; readonly message: string }): string {
  return message.includes(reason) ? message : `${reason}: ${message}`;
}
