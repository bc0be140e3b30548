import { snappyDecode, snappyDecodedLength } from "./snappy.ts";
import { snappyModule } from "./snappy-module.ts";
import { loadModule } from "./wasm.ts";

/** Larger messages are decoded by snappy.ts, into memory of their own. */
export const messageBytesMax = 4 * 1024 * 1024;
/** A block is hardly larger than its message. */
const blockBytesMax = messageBytesMax + messageBytesMax / 4;
/** What snappy.wat may touch behind the block and behind the message. */
const slackBytes = 16;
const blockOffset = messageBytesMax + slackBytes;

/** Answers 1 where the elements of a block were well-formed and gave all bytes, or 0: see snappy.wat. */
type DecodeElements = (read: number, blockEnd: number, start: number, end: number) => number;

/** Where blocks are decoded. */
export interface SnappyRoom {
  /** All of the memory. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly messageStart: number;
  readonly blockStart: number;
  readonly decodeElements: DecodeElements;
}

/** Bytes that a room takes. */
export const snappyRoomBytes = blockOffset + blockBytesMax + slackBytes;

/**
 * The message in a block, valid until the next one is decoded; one above `messageBytesMax` has a buffer of its own.
 * Throws MalformedError on every block that is not well-formed.
 *
 * The message of 307 bytes a sample costs 32 ns, by snappyDecode 100 to 110 (Bun, Node, Deno). Only the loop over the
 * elements is WebAssembly, 504 bytes of it; what it refuses is told by snappyDecode, which is its reference too, and
 * does it all for large messages, and where there is no room, since the engine has no WebAssembly with SIMD. Memory
 * that was never written to is not resident.
 */
export function snappyMessage(block: Uint8Array, room: SnappyRoom | undefined): Uint8Array {
  const length = snappyDecodedLength(block);
  if (room === undefined || length > messageBytesMax || block.length > blockBytesMax) {
    const message = new Uint8Array(length);
    snappyDecode(block, message);
    return message;
  }
  const { bytes, messageStart, blockStart, decodeElements } = room;
  let preambleBytes = 1;
  while (block[preambleBytes - 1]! >= 0x80) preambleBytes++;
  bytes.set(block, blockStart);
  const isWhole = decodeElements(
    blockStart + preambleBytes,
    blockStart + block.length,
    messageStart,
    messageStart + length,
  );
  const message = bytes.subarray(messageStart, messageStart + length);
  if (isWhole === 0) snappyDecode(block, message);
  return message;
}

/** A room in the `snappyRoomBytes` from `start` on. The module must be one that the engine takes: see `loadModule`. */
export function createSnappyRoom(memory: WebAssembly.Memory, start: number): SnappyRoom {
  const { exports } = new WebAssembly.Instance(loadModule(snappyModule), { room: { memory } });
  return {
    bytes: new Uint8Array(memory.buffer),
    messageStart: start,
    blockStart: start + blockOffset,
    decodeElements: exports["decode"] as DecodeElements,
  };
}
