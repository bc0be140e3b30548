import { bytesNeeded, KnownBytes, type Place } from "../wire/known-bytes.ts";

/** Words of a payload before its texts: bytes of the label set, and of the two texts. */
export const labelBytesAt = 0;
export const headBytesAt = 1;
export const tailBytesAt = 2;
/** The last value that was no whole number, and its text of so many bytes. */
export const valueLoAt = 3;
export const valueHiAt = 4;
export const valueBytesAt = 5;
export const valueTextAt = 6;
/** The longest texts of doubles have 25 bytes, as -0.0000012345678901234567; a longer one would not be kept. */
const valueTextWords = 7;
export const valueTextBytesMax = valueTextWords * 4;
/** The metadata of remote write 2.0 that was durable last: type, slots of the symbols of help and unit, and when. */
export const metadataTypeAt = valueTextAt + valueTextWords;
export const metadataHelpAt = metadataTypeAt + 1;
export const metadataUnitAt = metadataHelpAt + 1;
export const metadataPeriodAt = metadataUnitAt + 1;
/** The head; behind it, from the next whole word on, the tail. */
export const textsAt = metadataPeriodAt + 1;
/** Of the memory, what texts of remote write 2.0's symbol tables take: each stands in many label sets. */
const symbolsShare = 1 / 8;
/** About what a symbol and a series take, small ones rather than large ones. */
const symbolBytes = 48;
const seriesBytes = 300;
/** Bytes of memory that are kept unless something else is said. */
export const knownSeriesBytes = 32 * 1024 * 1024;

/** Metadata whose texts are told by the slots of their symbols; 0: there is none. */
interface KnownMetadataTexts {
  readonly type: number;
  readonly helpSlot: number;
  readonly unitSlot: number;
}

/**
 * The series of the last requests with the texts that are the same in all their lines: the head with the name, the
 * tail with the labels. Senders repeat their label sets with every scrape; those that are known need not be
 * validated, sorted and escaped again, nor even read.
 *
 * A series is known by the bytes that its label set came as: in 1.0 the label fields as they stand in the message, in
 * 2.0 what the symbols behind its references are, by their own slots. Only valid label sets are added. A series of
 * 11 labels and 290 bytes takes 730 bytes, in 2.0 about 530.
 */
export class KnownSeries {
  readonly keys: KnownBytes;
  readonly symbols: KnownBytes;
  private symbolsEmptied = 0;

  /** Takes `bytesMax`, and a 32nd of it for finding things: 33 MiB of 32. `place`: memory for the keys, all zero. */
  constructor(bytesMax: number, place?: Place) {
    this.symbols = new KnownBytes(bytesMax * symbolsShare, symbolBytes);
    this.keys = new KnownBytes(bytesMax * (1 - symbolsShare), seriesBytes, place);
  }

  /** Bytes that a place for the keys must have. */
  static keysBytes(bytesMax: number): number {
    return bytesNeeded(bytesMax * (1 - symbolsShare), seriesBytes);
  }

  /** Starts a request. Only here slots may end. */
  begin(): void {
    this.symbols.begin();
    this.keys.begin();
    // Keys of 2.0 are made of slots of symbols, which may now stand for others.
    if (this.symbols.emptied !== this.symbolsEmptied) this.keys.empty();
    this.symbolsEmptied = this.symbols.emptied;
  }

  /**
   * Adds the series that was looked for last and not found, if it was: its label set has `labelBytes`, the texts are
   * bytes of `source`.
   */
  keep(
    labelBytes: number,
    source: Uint8Array,
    headStart: number,
    headEnd: number,
    tailStart: number,
    tailEnd: number,
  ): void {
    const { keys } = this;
    const headBytes = headEnd - headStart;
    const tailBytes = tailEnd - tailStart;
    const slot = keys.add(textsAt + wordsOf(headBytes) + wordsOf(tailBytes));
    if (slot === 0) return;
    const at = keys.payload(slot);
    keys.words[at + labelBytesAt] = labelBytes;
    keys.words[at + headBytesAt] = headBytes;
    keys.words[at + tailBytesAt] = tailBytes;
    keys.words[at + valueBytesAt] = 0;
    keys.words[at + metadataPeriodAt] = 0;
    keys.bytes.set(source.subarray(headStart, headEnd), (at + textsAt) * 4);
    keys.bytes.set(source.subarray(tailStart, tailEnd), (at + textsAt + wordsOf(headBytes)) * 4);
  }

  /** Bytes of text in the label set of `slot`. */
  labelBytes(slot: number): number {
    return this.keys.words[this.keys.payload(slot) + labelBytesAt]!;
  }

  /** Whether this metadata of the series was noted to be durable in this period. */
  isDurable(slot: number, { type, helpSlot, unitSlot }: KnownMetadataTexts, period: number): boolean {
    const { words } = this.keys;
    const at = this.keys.payload(slot);
    return (
      words[at + metadataPeriodAt] === period &&
      words[at + metadataHelpAt] === helpSlot &&
      words[at + metadataUnitAt] === unitSlot &&
      words[at + metadataTypeAt] === type
    );
  }

  /** Notes it; where a text has no slot, nothing. A period is told by a number that is not 0: see KnownMetadata. */
  noteDurable(slot: number, { type, helpSlot, unitSlot }: KnownMetadataTexts, period: number): void {
    if (helpSlot === 0 || unitSlot === 0) return;
    const { words } = this.keys;
    const at = this.keys.payload(slot);
    words[at + metadataTypeAt] = type;
    words[at + metadataHelpAt] = helpSlot;
    words[at + metadataUnitAt] = unitSlot;
    words[at + metadataPeriodAt] = period;
  }
}

/** Words that hold so many bytes. */
export function wordsOf(bytes: number): number {
  return (bytes + 3) >>> 2;
}
