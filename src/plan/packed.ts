/** Packs batches as the program does, and adds up what AWS would count. */
import { Packer } from "../batch/packer.ts";
import { type Billing, billedBytes } from "../bill/billing.ts";
import type { Compression } from "../compression.ts";
import type { SinkLimits } from "../sink/sink.ts";
import type { LinesBuffer } from "./lines-buffer.ts";

/** What became of some lines. */
export interface Packed {
  readonly lines: number;
  readonly records: number;
  readonly sentBytes: number;
  /** As each of the sink's billings counts them. */
  readonly billedBytes: Readonly<Partial<Record<Billing, number>>>;
}

export interface PackOptions {
  readonly limits: SinkLimits;
  readonly compression: Compression;
  readonly recordBytesMax: number | undefined;
  /** Bytes that these lines become. */
  readonly sizeOf: (raw: Uint8Array) => Promise<number>;
}

/** Batches of so many lines each, by the packer that the program has, with `sizeOf` in place of compression. */
export async function packBatches(
  lines: LinesBuffer,
  batchLines: readonly number[],
  { limits, compression, recordBytesMax, sizeOf }: PackOptions,
): Promise<Packed> {
  const compress = async (raw: Uint8Array) => new Uint8Array(Math.ceil(await sizeOf(raw)));
  const packer = new Packer({ limits, compression, recordBytesMax, compress });
  // It learns how large records become: what it makes before that happens once and is not the plan.
  await packer.pack(lines.slice(0, Math.max(...batchLines)));
  const sizes: number[] = [];
  let packedLines = 0;
  let first = 0;
  for (const wanted of batchLines) {
    const count = Math.min(wanted, lines.count);
    if (first + count > lines.count) first = 0;
    for (const { data } of await packer.pack(lines.slice(first, count))) sizes.push(data.length);
    first += count;
    packedLines += count;
  }
  return { lines: packedLines, ...countRecords(sizes, limits) };
}

/** Each line as a record of its own, `lineFactor` times as long. */
export function packSingly(lines: LinesBuffer, limits: SinkLimits, lineFactor: number): Packed {
  const sizes = Array.from({ length: lines.count }, (_, at) => lines.slice(at, 1).length * lineFactor);
  return { lines: lines.count, ...countRecords(sizes, limits) };
}

function countRecords(
  sizes: readonly number[],
  { billings = [], recordOverheadBytes = 0 }: SinkLimits,
): Omit<Packed, "lines"> {
  const billed: Partial<Record<Billing, number>> = {};
  for (const billing of billings) {
    billed[billing] = sizes.reduce((sum, size) => sum + billedBytes(billing, size + recordOverheadBytes), 0);
  }
  return {
    records: sizes.length,
    sentBytes: sizes.reduce((sum, size) => sum + size, 0),
    billedBytes: billed,
  };
}
