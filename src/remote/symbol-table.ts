import { MalformedError } from "../errors.ts";
import type { KnownSeries } from "../model/known-series.ts";
import { type ByteReader, expectWireType, wireBytes } from "../wire/byte-reader.ts";
import type { ByteSpan } from "./write-visitor.ts";

/** More symbols than this in one request are refused: far above what 32 MiB of real series hold. */
export const symbolsMax = 1 << 20;

/** Arrays for the symbols of a request that are not more: so many slots, and twice as many ends of spans. */
export interface SymbolsHome {
  readonly slots: Int32Array;
  readonly spans: Int32Array;
}

const homeSymbols = 16 * 1024;
const newHome = (): SymbolsHome => ({
  slots: new Int32Array(homeSymbols),
  spans: new Int32Array(2 * homeSymbols),
});

/** The symbols of the request under way (remote write 2.0), as spans of its bytes. */
export class SymbolTable {
  count = 0;
  private spans: Int32Array;
  /** By reference: the slot of the symbol among the known ones; 0: it is not. */
  slots: Int32Array;
  private readonly known: KnownSeries | undefined;
  private readonly home: SymbolsHome;

  constructor(known: KnownSeries | undefined, home: SymbolsHome = newHome()) {
    this.known = known;
    this.home = home;
    this.spans = home.spans;
    this.slots = home.slots;
  }

  read(reader: ByteReader, message: Uint8Array): void {
    reader.reset(message);
    // Others read them there; and what a large request took is given back.
    this.spans = this.home.spans;
    this.slots = this.home.slots;
    this.count = 0;
    while (reader.offset < reader.end) {
      const tag = reader.tag();
      if (tag >>> 3 !== 4) {
        reader.skip(tag);
        continue;
      }
      expectWireType(tag, wireBytes);
      const end = reader.lengthEnd();
      this.add(reader, end);
      reader.offset = end;
    }
  }

  start(ref: number): number {
    return this.spans[ref * 2]!;
  }

  end(ref: number): number {
    return this.spans[ref * 2 + 1]!;
  }

  /** Empty for symbol 0 where there are none. */
  span(ref: number): ByteSpan {
    return ref < this.count ? { start: this.start(ref), end: this.end(ref) } : { start: 0, end: 0 };
  }

  byteLength(ref: number): number {
    return ref < this.count ? this.end(ref) - this.start(ref) : 0;
  }

  /** Of the symbol among the known ones; 0: it is not. */
  slot(ref: number): number {
    return ref < this.count ? this.slots[ref]! : 0;
  }

  private add(reader: ByteReader, end: number): void {
    const { count } = this;
    if (count === this.slots.length) {
      if (count >= symbolsMax) throw new MalformedError(`Cannot read more than ${symbolsMax} symbols`);
      this.spans = grown(this.spans);
      this.slots = grown(this.slots);
    }
    this.spans[count * 2] = reader.offset;
    this.spans[count * 2 + 1] = end;
    this.slots[count] = this.known === undefined ? 0 : slotOf(this.known, reader, end);
    this.count++;
  }
}

/** Adds a symbol that is not known yet. */
function slotOf({ symbols }: KnownSeries, { bytes, view, offset }: ByteReader, end: number): number {
  const expected = symbols.expected(bytes, view, offset, end);
  if (expected !== 0 && symbols.keyBytes(expected) === end - offset) {
    symbols.take(expected);
    return expected;
  }
  const found = symbols.find(bytes, view, offset, end);
  return found === 0 ? symbols.add(0) : found;
}

function grown(numbers: Int32Array): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(numbers.length * 2);
  larger.set(numbers);
  return larger;
}
