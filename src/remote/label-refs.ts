import { type LabelSet, labelsMax } from "../model/label-set.ts";
import type { RejectReason } from "../model/rejection.ts";
import { type ByteReader, expectWireType, wireBytes, wireVarint } from "../wire/byte-reader.ts";
import { keyBytesMax } from "../wire/known-bytes.ts";
import type { SymbolTable } from "./symbol-table.ts";

/** Further references are counted, not kept: their labels are too many for a line anyway. */
const refsMax = 2 * labelsMax + 2;

/**
 * The references to symbols that make one label set (remote write 2.0): in pairs, possibly over several fields, packed
 * or not.
 */
export class LabelRefs {
  private readonly symbols: SymbolTable;
  private refs = new Int32Array(64);
  private count = 0;
  private outOfRange = false;
  readonly key = new Int32Array(keyBytesMax / 4);
  /** See `makeKey`. */
  readonly keyBytes = new Uint8Array(this.key.buffer);
  readonly keyView = new DataView(this.key.buffer);

  constructor(symbols: SymbolTable) {
    this.symbols = symbols;
  }

  clear(): void {
    this.count = 0;
    this.outOfRange = false;
  }

  /** Reads one field of references. */
  read(reader: ByteReader, tag: number): void {
    if ((tag & 7) === wireVarint) {
      this.add(reader.uint32());
      return;
    }
    expectWireType(tag, wireBytes);
    const outerEnd = reader.end;
    const end = reader.lengthEnd();
    if (!this.readShort(reader, end)) {
      reader.end = end;
      while (reader.offset < end) this.add(reader.uint32());
    }
    reader.end = outerEnd;
  }

  /**
   * Reads packed references up to `end` as nearly all of them come: up to two bytes each, in range, not very many. All
   * in one loop this takes half. Answers false where others are left, to be read one by one.
   */
  private readShort(reader: ByteReader, end: number): boolean {
    const { bytes } = reader;
    const { refs, symbols } = this;
    const symbolCount = symbols.count;
    const roomMax = refs.length;
    let { count } = this;
    let { offset } = reader;
    while (offset < end && count < roomMax) {
      let ref = bytes[offset]!;
      let next = offset + 1;
      if (ref >= 0x80) {
        const upper = next < end ? bytes[next]! : 0x80;
        if (upper >= 0x80) break;
        ref = (ref & 0x7f) | (upper << 7);
        next++;
      }
      if (ref >= symbolCount) break;
      refs[count++] = ref;
      offset = next;
    }
    this.count = count;
    reader.offset = offset;
    return offset === end;
  }

  /** Adds the labels they stand for, or answers why it cannot. */
  addTo(labels: LabelSet): RejectReason | undefined {
    const { symbols, refs, count } = this;
    const kept = Math.min(count, refsMax);
    for (let i = 0; i < kept; i++) labels.addHalf(symbols.start(refs[i]!), symbols.end(refs[i]!));
    // Whether they come in pairs shows at the last one.
    if ((count - kept) % 2 === 1) labels.addHalf(0, 0);
    return this.outOfRange ? "invalid_symbol_ref" : undefined;
  }

  /**
   * Makes `keyBytes` what a series is known by: how many references there are, and the slots of their symbols, which
   * are the same in every request, while references are not. The first byte is 0, as in no key of 1.0. Answers the
   * length; 0: there are too many, one is out of range, or stands for a symbol that is not known.
   */
  makeKey(): number {
    const { symbols, refs, key, count } = this;
    if (this.outOfRange || count >= key.length) return 0;
    const { slots } = symbols;
    key[0] = count << 8;
    for (let i = 0; i < count; i++) {
      const slot = slots[refs[i]!]!;
      if (slot === 0) return 0;
      key[i + 1] = slot;
    }
    return (count + 1) * 4;
  }

  private add(ref: number): void {
    if (ref >= this.symbols.count) {
      this.outOfRange = true;
      return;
    }
    const { count } = this;
    this.count = count + 1;
    if (count >= refsMax) return;
    if (count === this.refs.length) {
      const grown = new Int32Array(count * 2);
      grown.set(this.refs);
      this.refs = grown;
    }
    this.refs[count] = ref;
  }
}
