/**
 * CRC-32C (Castagnoli, RFC 3720 appendix B.4): the checksum of iSCSI, ext4 and SSE 4.2. Eight bytes a step over eight
 * tables: the runtimes offer only the other CRC-32.
 */
const polynomialReversed = 0x82f6_3b78;
const tables = Array.from({ length: 8 }, () => new Int32Array(256));
for (let byte = 0; byte < 256; byte++) {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? polynomialReversed : 0);
  tables[0]![byte] = crc;
}
for (let slice = 1; slice < tables.length; slice++) {
  for (let byte = 0; byte < 256; byte++) {
    const before = tables[slice - 1]![byte]!;
    tables[slice]![byte] = (before >>> 8) ^ tables[0]![before & 0xff]!;
  }
}
const [t0, t1, t2, t3, t4, t5, t6, t7] = tables as [
  ...[Int32Array, Int32Array, Int32Array, Int32Array],
  ...[Int32Array, Int32Array, Int32Array, Int32Array],
];

/** The CRC-32C of `bytes`, unsigned; `seed` is the CRC of what came before them. */
export function crc32c(bytes: Uint8Array, seed = 0): number {
  const { length } = bytes;
  const wholeLength = length - (length % 8);
  let crc = ~seed;
  let at = 0;
  for (; at < wholeLength; at += 8) {
    crc ^= bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
    crc =
      t7[crc & 0xff]! ^
      t6[(crc >>> 8) & 0xff]! ^
      t5[(crc >>> 16) & 0xff]! ^
      t4[crc >>> 24]! ^
      t3[bytes[at + 4]!]! ^
      t2[bytes[at + 5]!]! ^
      t1[bytes[at + 6]!]! ^
      t0[bytes[at + 7]!]!;
  }
  for (; at < length; at++) crc = (crc >>> 8) ^ t0[(crc ^ bytes[at]!) & 0xff]!;
  return ~crc >>> 0;
}
