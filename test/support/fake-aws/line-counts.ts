/** How often which line was stored, by 64-bit hash: for runs whose lines do not fit into memory. */
import { inflated } from "./inflated.ts";

export interface LineCounts {
  /** Adds the lines of a record or object: plain, gzip or zstd, with several members or frames too. */
  addRecord(data: Uint8Array): void;
  /** Adds one line, `\n` included. */
  add(line: Uint8Array): void;
  /** How often a line was added, `\n` included. */
  of(line: Uint8Array): number;
  /** Lines added, and those of them that were there before. */
  readonly total: number;
  readonly repeated: number;
}

const newline = 0x0a;
/** Slots at first; doubled whenever two thirds are taken. */
const slotsAtFirst = 2 ** 16;

/** No lines yet. Takes 12 bytes a slot, so 18 to 36 a line. */
export function createLineCounts(): LineCounts {
  let table = emptyTable(slotsAtFirst);
  let distinct = 0;
  let total = 0;
  const addRange = (bytes: Uint8Array, from: number, until: number) => {
    hash(bytes, from, until);
    total++;
    const slot = slotOf(table, low, high);
    if (table.counts[slot]!++ > 0) return;
    table.lows[slot] = low;
    table.highs[slot] = high;
    if (++distinct * 3 > table.counts.length * 2) table = grown(table);
  };
  return {
    addRecord(data) {
      const bytes = inflated(data);
      for (let from = 0; from < bytes.length; ) {
        const end = bytes.indexOf(newline, from);
        const until = end < 0 ? bytes.length : end + 1;
        addRange(bytes, from, until);
        from = until;
      }
    },
    add: (line) => addRange(line, 0, line.byteLength),
    of(line) {
      hash(line, 0, line.byteLength);
      return table.counts[slotOf(table, low, high)]!;
    },
    get total() {
      return total;
    },
    get repeated() {
      return total - distinct;
    },
  };
}

interface Table {
  readonly lows: Int32Array;
  readonly highs: Int32Array;
  readonly counts: Uint32Array;
}

function emptyTable(slots: number): Table {
  return { lows: new Int32Array(slots), highs: new Int32Array(slots), counts: new Uint32Array(slots) };
}

/** Where this hash is, or the free slot where it belongs. */
function slotOf({ lows, highs, counts }: Table, lowHash: number, highHash: number): number {
  const mask = counts.length - 1;
  let slot = lowHash & mask;
  while (counts[slot] !== 0 && (lows[slot] !== lowHash || highs[slot] !== highHash)) slot = (slot + 1) & mask;
  return slot;
}

function grown(table: Table): Table {
  const larger = emptyTable(table.counts.length * 2);
  for (let i = 0; i < table.counts.length; i++) {
    if (table.counts[i] === 0) continue;
    const slot = slotOf(larger, table.lows[i]!, table.highs[i]!);
    larger.lows[slot] = table.lows[i]!;
    larger.highs[slot] = table.highs[i]!;
    larger.counts[slot] = table.counts[i]!;
  }
  return larger;
}

/** The last hash, in two halves: returning a pair for each line would cost more than hashing it. */
let low = 0;
let high = 0;

/** Two multiplicative hashes side by side, mixed at the end: about a nanosecond a byte. */
function hash(bytes: Uint8Array, from: number, until: number): void {
  let a = 0x9e3779b9 | 0;
  let b = 0x7f4a7c15 | 0;
  for (let i = from; i < until; i++) {
    const byte = bytes[i]!;
    a = Math.imul(a ^ byte, 0x01000193);
    b = Math.imul((b << 5) ^ (b >>> 27) ^ byte, 0x85ebca6b);
  }
  low = mixed(a ^ (b >>> 15));
  high = mixed(b + Math.imul(a, 0x27d4eb2f));
}

function mixed(value: number): number {
  let x = Math.imul(value ^ (value >>> 16), 0x7feb352d);
  x = Math.imul(x ^ (x >>> 15), 0x846ca68b);
  return x ^ (x >>> 16);
}
