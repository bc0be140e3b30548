/** Protocol Buffers bytes by hand: for messages that no encoder would write. */

export type Part = Uint8Array | readonly number[];

export function concat(...parts: readonly Part[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/** A varint of `value`, lengthened by `extraBytes` zeros that say nothing. */
export function varint(value: number | bigint, extraBytes = 0): Uint8Array {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, BigInt(value));
  for (; rest > 0x7fn; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80);
  bytes.push(Number(rest));
  for (let i = 0; i < extraBytes; i++) {
    bytes[bytes.length - 1]! |= 0x80;
    bytes.push(0);
  }
  return Uint8Array.from(bytes);
}

export function zigzag(value: number | bigint): Uint8Array {
  const wide = BigInt(value);
  return varint((wide << 1n) ^ (wide >> 63n));
}

export function tag(field: number, wireType: number): Uint8Array {
  return varint(field * 8 + wireType);
}

export function varintField(field: number, value: number | bigint): Uint8Array {
  return concat(tag(field, 0), varint(value));
}

/** A string, bytes, embedded message or packed field. */
export function bytesField(field: number, ...content: readonly (Part | string)[]): Uint8Array {
  const bytes = concat(...content.map((part) => (typeof part === "string" ? utf8(part) : part)));
  return concat(tag(field, 2), varint(bytes.length), bytes);
}

/** Eight little-endian bytes of these 64 bits: a double whose NaN is never a number. */
export function fixed64Field(field: number, bits: bigint): Uint8Array {
  return concat(tag(field, 1), fixed64(bits));
}

export function fixed64(bits: bigint): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, bits, true);
  return bytes;
}

export function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** As many copies of `unit` as fit in `byteLength`. */
export function repeated(unit: Part, byteLength: number): Uint8Array {
  const bytes = new Uint8Array(Math.floor(byteLength / unit.length) * unit.length);
  bytes.set(unit);
  for (let length = unit.length; length < bytes.length; length *= 2) bytes.copyWithin(length, 0, length);
  return bytes;
}

/** Labels of remote write 1.0, as fields of a TimeSeries. */
export function labelsV1(labels: Readonly<Record<string, string>>): Uint8Array {
  return concat(...Object.entries(labels).map(([name, value]) => labelV1(name, value)));
}

export function labelV1(name: string | Uint8Array, value: string | Uint8Array): Uint8Array {
  return bytesField(1, bytesField(1, name), bytesField(2, value));
}

/** Symbols of remote write 2.0, as fields of a Request. */
export function symbolsV2(...symbols: readonly (string | Uint8Array)[]): Uint8Array {
  return concat(...symbols.map((symbol) => bytesField(4, symbol)));
}
