import { MalformedError } from "../errors.ts";

/**
 * Decoder of the snappy block format. https://github.com/google/snappy/blob/main/format_description.txt
 *
 * A block is the decoded length (varint) and then elements, told apart by the low 2 bits of their first byte:
 * 0 literal, 1 copy with 1 byte more of offset, 2 copy with 2 bytes of offset, 3 copy with 4 bytes of offset.
 */

/** No element gives more than 64 bytes for 3 (a copy of length 64 with a 2-byte offset). */
const expansionBytes = 64;
const expansionPerBytes = 3;
/** How the framing format starts: what senders get that take the wrong one of a library's two encoders. */
const framingStart = [0xff, 0x06, 0x00, 0x00, 0x73, 0x4e, 0x61, 0x50, 0x70, 0x59];
/** Runs up to this length are copied word by word: calling into the engine costs more. */
const wordsRunMax = 64;

/**
 * The decoded length a block declares, in bytes. Throws MalformedError where the block is empty, the length is not
 * a 32-bit varint, or is more than the rest of the block can decode to — so before anything is allocated for it.
 */
export function snappyDecodedLength(block: Uint8Array): number {
  if (framingStart.every((byte, i) => block[i] === byte)) {
    throw new MalformedError("Cannot decode snappy: it is in the framing format; send the block format");
  }
  let length = 0;
  for (let i = 0; i < 5; i++) {
    const byte = block[i];
    if (byte === undefined) throw new MalformedError("Cannot decode snappy: it ends inside its length");
    length += (byte & 0x7f) * 2 ** (7 * i);
    if (byte >= 0x80) continue;
    if (length > 0xffff_ffff) break;
    const decodableMax = Math.ceil(((block.length - i - 1) * expansionBytes) / expansionPerBytes);
    if (length > decodableMax) {
      throw new MalformedError(
        `Cannot decode snappy: it declares ${length} bytes, but its ${block.length} bytes cannot hold so many`,
      );
    }
    return length;
  }
  throw new MalformedError("Cannot decode snappy: its declared length does not fit 32 bits");
}

/**
 * Decodes a whole block into the start of `output` and answers how many bytes that were: exactly the declared
 * length, which `output` must have room for. Throws MalformedError on every block that is not well-formed.
 */
export function snappyDecode(block: Uint8Array, output: Uint8Array): number {
  const declared = snappyDecodedLength(block);
  if (declared > output.length) throw new RangeError(`No room for ${declared} bytes in ${output.length}`);
  const blockEnd = block.length;
  const blockWords = blockEnd - 4;
  const from = new DataView(block.buffer, block.byteOffset, blockEnd);
  const to = new DataView(output.buffer, output.byteOffset, output.length);
  const wordsMax = output.length - 4;
  let read = 1;
  while (block[read - 1]! >= 0x80) read++;
  let written = 0;
  while (read < blockEnd) {
    const tag = block[read++]!;
    const kind = tag & 3;
    if (kind === 0) {
      let length = (tag >>> 2) + 1;
      if (length > 60) {
        const lengthBytes = length - 60;
        if (read + lengthBytes > blockEnd) throw truncated(read);
        length = littleEndian(block, read, lengthBytes) + 1;
        read += lengthBytes;
      }
      if (length > blockEnd - read) throw truncated(read);
      if (length > declared - written) throw tooLong(read, declared);
      const end = written + length;
      if (length <= wordsRunMax && end <= wordsMax && read + length <= blockWords) {
        for (let i = written, k = read; i < end; i += 4, k += 4) to.setInt32(i, from.getInt32(k, true), true);
      } else {
        output.set(block.subarray(read, read + length), written);
      }
      read += length;
      written = end;
      continue;
    }
    let length: number;
    let distance: number;
    if (kind === 1) {
      if (read >= blockEnd) throw truncated(read);
      length = ((tag >>> 2) & 7) + 4;
      distance = ((tag >>> 5) << 8) | block[read++]!;
    } else {
      const offsetBytes = kind === 2 ? 2 : 4;
      if (read + offsetBytes > blockEnd) throw truncated(read);
      length = (tag >>> 2) + 1;
      distance = littleEndian(block, read, offsetBytes);
      read += offsetBytes;
    }
    if (distance === 0 || distance > written) {
      throw new MalformedError(`Cannot decode snappy: a copy at byte ${read} reaches before the start`);
    }
    if (length > declared - written) throw tooLong(read, declared);
    const end = written + length;
    if (distance >= 4 && end <= wordsMax) {
      for (let i = written; i < end; i += 4) to.setInt32(i, to.getInt32(i - distance, true), true);
    } else {
      // Byte by byte where the copy overlaps itself: that repeats the pattern, as the format wants it.
      for (let i = written; i < end; i++) output[i] = output[i - distance]!;
    }
    written += length;
  }
  if (written !== declared) {
    throw new MalformedError(`Cannot decode snappy: it ends after ${written} of ${declared} declared bytes`);
  }
  return written;
}

function littleEndian(bytes: Uint8Array, offset: number, length: number): number {
  let value = 0;
  for (let i = length - 1; i >= 0; i--) value = value * 256 + bytes[offset + i]!;
  return value;
}

function truncated(offset: number): MalformedError {
  return new MalformedError(`Cannot decode snappy: it ends inside an element at byte ${offset}`);
}

function tooLong(offset: number, declared: number): MalformedError {
  return new MalformedError(
    `Cannot decode snappy: byte ${offset} decodes past the declared ${declared} bytes`,
  );
}
