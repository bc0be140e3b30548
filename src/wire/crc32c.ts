/**
 * CRC-32C (Castagnoli, RFC 3720 appendix B.4): the checksum of iSCSI, ext4 and SSE 4.2; the runtimes offer only the
 * other CRC-32. Sixteen bytes a step over sixteen tables, read as aligned words: 2.6 GB/s under Node and Bun where
 * eight bytes a step, read one by one, are 1.0 to 2.0.
 */
const polynomialReversed = 0x82f6_3b78;
/** What zero bytes make of each byte: as many of them as the table's number. */
const tables = Array.from({ length: 16 }, () => new Int32Array(256));
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
type Four = [Int32Array, Int32Array, Int32Array, Int32Array];
const [t0, t1, t2, t3, t4, t5, t6, t7, t8, t9, t10, t11, t12, t13, t14, t15] = tables as [
  ...Four,
  ...Four,
  ...Four,
  ...Four,
];
/** Below this the view of words costs more than it saves. */
const wordsBytesMin = 1024;

/** The CRC-32C of `bytes`, unsigned; `seed` is the CRC of what came before them. */
export function crc32c(bytes: Uint8Array, seed = 0): number {
  const { length } = bytes;
  if (length < wordsBytesMin) return ~byByte(bytes, 0, length, ~seed) >>> 0;
  const start = -bytes.byteOffset & 3;
  const stepCount = (length - start) >>> 4;
  const end = start + stepCount * 16;
  let crc = byByte(bytes, 0, start, ~seed);
  crc = byWord(new Int32Array(bytes.buffer, bytes.byteOffset + start, stepCount * 4), crc);
  return ~byByte(bytes, end, length, crc) >>> 0;
}

/** `words` are in the order of the machine: little-endian, as all are that the runtimes run on. */
function byWord(words: Int32Array, before: number): number {
  let crc = before;
  for (let at = 0; at < words.length; at += 4) {
    const first = crc ^ words[at]!;
    const second = words[at + 1]!;
    const third = words[at + 2]!;
    const fourth = words[at + 3]!;
    crc =
      t15[first & 0xff]! ^
      t14[(first >>> 8) & 0xff]! ^
      t13[(first >>> 16) & 0xff]! ^
      t12[first >>> 24]! ^
      t11[second & 0xff]! ^
      t10[(second >>> 8) & 0xff]! ^
      t9[(second >>> 16) & 0xff]! ^
      t8[second >>> 24]! ^
      t7[third & 0xff]! ^
      t6[(third >>> 8) & 0xff]! ^
      t5[(third >>> 16) & 0xff]! ^
      t4[third >>> 24]! ^
      t3[fourth & 0xff]! ^
      t2[(fourth >>> 8) & 0xff]! ^
      t1[(fourth >>> 16) & 0xff]! ^
      t0[fourth >>> 24]!;
  }
  return crc;
}

function byByte(bytes: Uint8Array, start: number, end: number, before: number): number {
  let crc = before;
  for (let at = start; at < end; at++) crc = (crc >>> 8) ^ t0[(crc ^ bytes[at]!) & 0xff]!;
  return crc;
}
