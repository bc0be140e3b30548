/** From compressed pieces back to plain bytes. */
import { gunzipSync, zstdDecompressSync } from "node:zlib";

const gzipMagic = 0x1f8b;
const zstdMagic = 0xfd2fb528;
/** The lowest four bits are free. https://www.rfc-editor.org/rfc/rfc8878#section-3.1.2 */
const skippableMagic = 0x184d2a50;

/** The plain bytes of gzip members or zstd frames; all other bytes as they are. Throws on broken ones. */
export function inflated(data: Uint8Array): Buffer {
  const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  if (bytes.length >= 2 && bytes.readUInt16BE(0) === gzipMagic) return gunzipSync(bytes);
  if (bytes.length < 4 || bytes.readUInt32LE(0) !== zstdMagic) return bytes;
  // One by one: Node (24.21) and Deno (2.9) take the first frame only and say nothing about the others.
  const plain: Buffer[] = [];
  for (let at = 0; at < bytes.length; ) {
    const end = endOfFrame(bytes, at);
    if (bytes.readUInt32LE(at) === zstdMagic) plain.push(zstdDecompressSync(bytes.subarray(at, end)));
    at = end;
  }
  return plain.length === 1 ? plain[0]! : Buffer.concat(plain);
}

/** Where the frame that begins at `start` ends. https://www.rfc-editor.org/rfc/rfc8878#section-3.1.1 */
function endOfFrame(bytes: Buffer, start: number): number {
  const magic = bytes.readUInt32LE(start);
  if ((magic & ~0xf) >>> 0 === skippableMagic) return start + 8 + bytes.readUInt32LE(start + 4);
  if (magic !== zstdMagic) throw new RangeError(`no zstd frame at byte ${start} of ${bytes.length}`);
  const descriptor = bytes.readUInt8(start + 4);
  const oneSegment = (descriptor & 0x20) !== 0;
  const dictionaryBytes = [0, 1, 2, 4][descriptor & 3]!;
  const sizeBytes = [oneSegment ? 1 : 0, 2, 4, 8][descriptor >> 6]!;
  let at = start + 5 + (oneSegment ? 0 : 1) + dictionaryBytes + sizeBytes;
  for (let last = false; !last; ) {
    const header = bytes.readUIntLE(at, 3);
    last = (header & 1) === 1;
    // A run of one byte is stored as that byte.
    at += 3 + (((header >> 1) & 3) === 1 ? 1 : header >> 3);
  }
  return at + ((descriptor & 4) === 0 ? 0 : 4);
}
