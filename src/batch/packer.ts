import type { Compression } from "../compression.ts";
import type { SinkLimits } from "../sink/sink.ts";
import { type Compress, compressorOf, rawBytesThatFit } from "./compress.ts";
import { type Cut, cutRecords, halve, middleOf, type PackedRecord } from "./pack.ts";

export interface PackerOptions {
  readonly limits: SinkLimits;
  readonly compression: Compression;
  /** Upper bound of a record before compression; undefined: what suits the sink. */
  readonly recordBytesMax: number | undefined;
  /** In place of the compression's own, for those who only reckon. */
  readonly compress?: Compress;
}

/** No record holds more lines than this, however small it becomes: whoever reads it has to inflate it. */
const rawBytesMax = 8 * 1024 * 1024;
/** Of the target, what a compressed record aims at: the next one compresses a little worse as often as better. */
const aim = 0.97;
/** Records of fewer bytes say little of how larger ones compress. */
const tellingBytes = 64 * 1024;
/** Of a record: about a payload unit. */
const restShare = 1 / 8;
/** How much of what is new goes into the ratio with each batch. */
const learning = 1 / 4;

/**
 * Packs batches into records of the size that suits the sink. With compression it learns from batch to batch how many
 * bytes of lines make a record of that size: closed at what always fits, a record would be a twentieth of it and
 * waste a part of its last payload unit.
 */
export class Packer {
  readonly compress: Compress | undefined;
  /** Bytes of lines that fit in a record whatever they are; no line may be longer. */
  readonly lineBytesMax: number;
  private readonly limitBytes: number;
  private readonly targetBytes: number;
  private readonly fillBytesMax: number;
  /** Bytes of lines for each byte of a record; undefined: none was large enough to tell. */
  private ratio: number | undefined;

  constructor({ limits, compression, recordBytesMax, compress }: PackerOptions) {
    this.compress = compression === "none" ? undefined : (compress ?? compressorOf(compression));
    this.limitBytes = limits.recordBytesMax;
    this.targetBytes = limits.recordBytesTarget ?? limits.recordBytesMax;
    const fittingBytes = rawBytesThatFit(limits.recordBytesMax, compression);
    this.lineBytesMax = Math.min(recordBytesMax ?? fittingBytes, fittingBytes);
    this.fillBytesMax =
      this.compress === undefined
        ? Math.min(recordBytesMax ?? this.targetBytes, fittingBytes)
        : (recordBytesMax ?? rawBytesMax);
  }

  /** Whole lines as records of whole lines that the sink takes; compressed, each is complete by itself. */
  async pack(lines: Uint8Array): Promise<PackedRecord[]> {
    const { compress, fillBytes } = this;
    const cuts = cutRecords(lines, fillBytes);
    if (compress === undefined)
      return cuts.map((cut) => ({ ...cut, data: lines.subarray(cut.start, cut.end) }));
    this.joinRest(cuts, fillBytes);
    const records = await Promise.all(
      cuts.map(async (cut) => ({ ...cut, data: await compress(lines.subarray(cut.start, cut.end)) })),
    );
    this.learn(records);
    const fitting = await Promise.all(records.map((record) => this.split(lines, record, compress)));
    return fitting.flat();
  }

  /** Bytes of lines at which a record is closed. */
  private get fillBytes(): number {
    if (this.compress === undefined) return this.fillBytesMax;
    const learned = this.targetBytes * (this.ratio ?? 0) * aim;
    return Math.min(this.fillBytesMax, Math.max(this.lineBytesMax, Math.floor(learned)));
  }

  /** A small rest goes into the record before it, where that costs no more than a record of its own. */
  private joinRest(cuts: Cut[], fillBytes: number): void {
    const [before, last] = cuts.slice(-2);
    if (before === undefined || last === undefined) return;
    const isSmall = last.end - last.start < fillBytes * restShare;
    const isAllowed = last.end - before.start <= this.fillBytesMax;
    if (!isSmall || !isAllowed || this.targetBytes * (1 + restShare) > this.limitBytes) return;
    cuts.splice(-2, 2, { start: before.start, end: last.end });
  }

  private learn(records: readonly PackedRecord[]): void {
    let rawBytes = 0;
    let bytes = 0;
    for (const { start, end, data } of records) {
      if (end - start < tellingBytes) continue;
      rawBytes += end - start;
      bytes += data.length;
    }
    if (bytes === 0) return;
    const ratio = rawBytes / bytes;
    this.ratio = this.ratio === undefined ? ratio : this.ratio + (ratio - this.ratio) * learning;
  }

  /** Lines that suddenly compress worse than those before may be too large for a record. */
  private async split(lines: Uint8Array, record: PackedRecord, compress: Compress): Promise<PackedRecord[]> {
    if (record.data.length <= this.limitBytes) return [record];
    if (middleOf(lines, record.start, record.end) === record.end) return [record];
    const halves = await halve(lines, record, compress);
    return (await Promise.all(halves.map((half) => this.split(lines, half, compress)))).flat();
  }
}
