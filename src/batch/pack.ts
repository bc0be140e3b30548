import type { Compress } from "./compress.ts";

const newline = 0x0a;

/** One record and the bytes of the batch it holds. */
export interface PackedRecord {
  readonly data: Uint8Array;
  /** Where its lines start and end in the batch, in bytes. */
  readonly start: number;
  readonly end: number;
}

/** Where records begin and end. */
export type Cut = Pick<PackedRecord, "start" | "end">;

/**
 * Cuts whole lines into records of at most `fillBytes` before compression; a record never ends inside a line, and a
 * longer line is a record of its own.
 */
export function cutRecords(lines: Uint8Array, fillBytes: number): Cut[] {
  const cuts: Cut[] = [];
  for (let start = 0; start < lines.length; ) {
    const end = recordEnd(lines, start, fillBytes);
    cuts.push({ start, end });
    start = end;
  }
  return cuts;
}

function packAll(
  lines: Uint8Array,
  cuts: readonly Cut[],
  compress: Compress | undefined,
): Promise<PackedRecord[]> {
  return Promise.all(
    cuts.map(async ({ start, end }) => {
      const raw = lines.subarray(start, end);
      return { start, end, data: compress === undefined ? raw : await compress(raw) };
    }),
  );
}

function recordEnd(lines: Uint8Array, start: number, fillBytes: number): number {
  if (lines.length - start <= fillBytes) return lines.length;
  const end = lines.lastIndexOf(newline, start + fillBytes - 1) + 1;
  return end > start ? end : lines.indexOf(newline, start) + 1;
}

/** How many lines end in these bytes. */
export function countLines(lines: Uint8Array): number {
  let count = 0;
  for (let at = lines.indexOf(newline); at >= 0; at = lines.indexOf(newline, at + 1)) count++;
  return count;
}

/** Where the second half of the lines in bytes [start, end) begins; `end`: it is a single line. */
export function middleOf(lines: Uint8Array, start: number, end: number): number {
  const first = Math.ceil(countLines(lines.subarray(start, end)) / 2);
  let at = start;
  for (let i = 0; i < first; i++) at = lines.indexOf(newline, at) + 1;
  return at;
}

/** Two records in place of one that holds several lines. */
export function halve(
  lines: Uint8Array,
  { start, end }: Cut,
  compress: Compress | undefined,
): Promise<PackedRecord[]> {
  const middle = middleOf(lines, start, end);
  const cuts = [
    { start, end: middle },
    { start: middle, end },
  ];
  return packAll(lines, cuts, compress);
}

/** Throws RangeError unless these are whole lines of at most `lineBytesMax` bytes each. */
export function assertLinesFit(lines: Uint8Array, lineBytesMax: number): void {
  if (lines.at(-1) !== newline) throw new RangeError("Lines that do not end with a newline");
  for (let start = 0; start < lines.length; ) start = cutAt(lines, start, lineBytesMax);
}

/** Where to cut lines that start at `start` so that at most `bytesMax` come before: behind the last whole line. */
export function cutAt(lines: Uint8Array, start: number, bytesMax: number): number {
  if (lines.length - start <= bytesMax) return lines.length;
  const cut = lines.lastIndexOf(newline, start + bytesMax - 1) + 1;
  if (cut <= start) throw new RangeError(`A line longer than ${bytesMax} bytes`);
  return cut;
}
