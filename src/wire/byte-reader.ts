import { MalformedError } from "../errors.ts";
import { bits64 } from "./float64.ts";

/** Protocol Buffers wire types. https://protobuf.dev/programming-guides/encoding/ */
export const wireVarint = 0;
export const wireFixed64 = 1;
export const wireBytes = 2;
const wireGroupStart = 3;
const wireGroupEnd = 4;
const wireFixed32 = 5;

/** A tag has 32 bits. */
const tagBytesMax = 5;

/** Nested groups (a form that proto3 never writes) deeper than this are refused instead of followed. */
export const groupDepthMax = 100;

const twoTo32 = 0x1_0000_0000;

/**
 * A bounds-checked cursor over Protocol Buffers bytes, between `offset` and `end`. Reading past `end` throws
 * MalformedError; nothing else about the bytes can make it throw, loop or read outside.
 *
 * 64-bit values come in two halves in `lo` and `hi` (both uint32): a JS number cannot hold all of them, nor the
 * payload of a NaN.
 */
export class ByteReader {
  bytes: Uint8Array = new Uint8Array(0);
  /** Over all of `bytes`. */
  view = new DataView(this.bytes.buffer);
  offset = 0;
  end = 0;
  /** Low 32 bits of the last 64-bit value, unsigned. */
  lo = 0;
  /** High 32 bits of the last 64-bit value, unsigned. */
  hi = 0;

  constructor(bytes?: Uint8Array) {
    if (bytes !== undefined) this.reset(bytes);
  }

  /** Starts over on other bytes. */
  reset(bytes: Uint8Array): void {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    this.offset = 0;
    this.end = bytes.length;
  }

  /** The next field's tag (number · 8 + wire type). Refuses field numbers outside 1 to 2^29 − 1. */
  tag(): number {
    const { bytes, offset } = this;
    if (offset < this.end) {
      const byte = bytes[offset]!;
      if (byte < 0x80 && byte >= 0x08) {
        this.offset = offset + 1;
        return byte;
      }
    }
    this.varint64();
    if (this.hi !== 0 || this.offset - offset > tagBytesMax) {
      throw new MalformedError(`Cannot read protobuf: a field number above 2^29 − 1 at byte ${offset}`);
    }
    if (this.lo < 8) throw new MalformedError(`Cannot read protobuf: field number 0 at byte ${offset}`);
    return this.lo;
  }

  /** A varint, cut to its low 32 bits as every protobuf decoder does. */
  uint32(): number {
    const { bytes, end } = this;
    let offset = this.offset;
    if (offset < end) {
      const byte = bytes[offset]!;
      if (byte < 0x80) {
        this.offset = offset + 1;
        return byte;
      }
    }
    let value = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      if (offset >= end) throw truncated(offset);
      const byte = bytes[offset++]!;
      if (shift < 32) value |= (byte & 0x7f) << shift;
      if (byte < 0x80) {
        this.offset = offset;
        return value >>> 0;
      }
    }
    throw new MalformedError(`Cannot read protobuf: varint longer than 10 bytes at byte ${this.offset}`);
  }

  /** A 64-bit varint into `lo` and `hi`. */
  varint64(): void {
    const { bytes, end } = this;
    let offset = this.offset;
    let lo = 0;
    let hi = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      if (offset >= end) throw truncated(offset);
      const byte = bytes[offset++]!;
      const bits = byte & 0x7f;
      if (shift < 28) lo |= bits << shift;
      else if (shift === 28) {
        lo |= bits << 28;
        hi = bits >>> 4;
      } else hi |= bits << (shift - 32);
      if (byte < 0x80) {
        this.offset = offset;
        this.lo = lo >>> 0;
        this.hi = hi >>> 0;
        return;
      }
    }
    throw new MalformedError(`Cannot read protobuf: varint longer than 10 bytes at byte ${this.offset}`);
  }

  /** An int64 varint: a number while that is exact, a bigint beyond. */
  int64(): number | bigint {
    this.varint64();
    return signed(this.hi, this.lo);
  }

  /** A uint64 varint: a number while that is exact, a bigint beyond. */
  uint64(): number | bigint {
    this.varint64();
    const value = this.hi * twoTo32 + this.lo;
    return value <= Number.MAX_SAFE_INTEGER ? value : bits64(this.hi, this.lo);
  }

  /** A zigzag sint64 varint: a number while that is exact, a bigint beyond. */
  sint64(): number | bigint {
    this.varint64();
    const { lo, hi } = this;
    const mask = -(lo & 1);
    return signed(((hi >>> 1) ^ mask) >>> 0, (((hi << 31) | (lo >>> 1)) ^ mask) >>> 0);
  }

  /** A zigzag sint32 varint. */
  sint32(): number {
    const value = this.uint32();
    return (value >>> 1) ^ -(value & 1);
  }

  /** Eight little-endian bytes (fixed64, double) into `lo` and `hi`. */
  fixed64(): void {
    const { bytes, offset } = this;
    if (offset + 8 > this.end) throw truncated(offset);
    this.lo =
      (bytes[offset]! |
        (bytes[offset + 1]! << 8) |
        (bytes[offset + 2]! << 16) |
        (bytes[offset + 3]! << 24)) >>>
      0;
    this.hi =
      (bytes[offset + 4]! |
        (bytes[offset + 5]! << 8) |
        (bytes[offset + 6]! << 16) |
        (bytes[offset + 7]! << 24)) >>>
      0;
    this.offset = offset + 8;
  }

  /** Reads a length and answers where the bytes it announces end; they start at `offset`. */
  lengthEnd(): number {
    const length = this.uint32();
    const end = this.offset + length;
    if (end > this.end) throw truncated(this.offset);
    return end;
  }

  /** Passes over the value of a field that is not known. */
  skip(tag: number): void {
    const wireType = tag & 7;
    if (wireType === wireVarint) this.varint64();
    else if (wireType === wireFixed64) this.advance(8);
    else if (wireType === wireBytes) this.offset = this.lengthEnd();
    else if (wireType === wireFixed32) this.advance(4);
    else if (wireType === wireGroupStart) this.skipGroup(tag);
    else throw new MalformedError(`Cannot read protobuf: wire type ${wireType} at byte ${this.offset}`);
  }

  /** A group ends with a tag of its own field number, and so does each group inside. */
  private skipGroup(tag: number): void {
    const open = [tag >>> 3];
    while (open.length > 0) {
      if (open.length > groupDepthMax) {
        throw new MalformedError("Cannot read protobuf: groups nested too deep");
      }
      const inner = this.tag();
      if ((inner & 7) === wireGroupStart) open.push(inner >>> 3);
      else if ((inner & 7) !== wireGroupEnd) this.skip(inner);
      else if (open.pop() !== inner >>> 3) {
        throw new MalformedError(`Cannot read protobuf: another group ends at byte ${this.offset}`);
      }
    }
  }

  private advance(length: number): void {
    if (this.offset + length > this.end) throw truncated(this.offset);
    this.offset += length;
  }
}

/** Refuses a known field that came with another wire type than its own. */
export function expectWireType(tag: number, wireType: number): void {
  if ((tag & 7) !== wireType) {
    throw new MalformedError(
      `Cannot read protobuf: field ${tag >>> 3} has wire type ${tag & 7} instead of ${wireType}`,
    );
  }
}

function signed(hi: number, lo: number): number | bigint {
  const value = (hi | 0) * twoTo32 + lo;
  return Number.isSafeInteger(value) ? value : BigInt.asIntN(64, bits64(hi, lo));
}

function truncated(offset: number): MalformedError {
  return new MalformedError(`Cannot read protobuf: it ends inside a value at byte ${offset}`);
}
