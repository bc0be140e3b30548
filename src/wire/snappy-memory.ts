import { snappyDecode, snappyDecodedLength } from "./snappy.ts";
import { snappyModule } from "./snappy-module.ts";

const pageBytes = 64 * 1024;
/** Larger messages are decoded by snappy.ts, into memory of their own. */
export const messageBytesMax = 4 * 1024 * 1024;
/** A block is hardly larger than its message. */
const blockBytesMax = messageBytesMax + messageBytesMax / 4;
/** What snappy.wat may touch behind the block and behind the message. */
const slackBytes = 16;
const blockStart = messageBytesMax + slackBytes;

/** Answers 1 where the elements of a block were well-formed and gave all bytes, or 0: see snappy.wat. */
type DecodeElements = (read: number, blockEnd: number, start: number, end: number) => number;

interface Room {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly decodeElements: DecodeElements;
}

let room: Room | undefined;
let roomTried = false;

/**
 * The message in a block, valid until the next one is decoded; one above `messageBytesMax` has a buffer of its own.
 * Throws MalformedError on every block that is not well-formed.
 *
 * The message of 307 bytes a sample costs 32 ns, by snappyDecode 100 to 110 (Bun, Node, Deno). Only the loop over the
 * elements is WebAssembly, 504 bytes of it; what it refuses is told by snappyDecode, which is its reference too, and
 * does it all for large messages, and where an engine has no WebAssembly with SIMD. The room is there once for all: a
 * message is walked in one go. Memory that was never written to is not resident.
 */
export function snappyMessage(block: Uint8Array): Uint8Array {
  const length = snappyDecodedLength(block);
  if (!roomTried) {
    roomTried = true;
    room = makeRoom();
  }
  if (room === undefined || length > messageBytesMax || block.length > blockBytesMax) {
    const message = new Uint8Array(length);
    snappyDecode(block, message);
    return message;
  }
  const { bytes, decodeElements } = room;
  let preambleBytes = 1;
  while (block[preambleBytes - 1]! >= 0x80) preambleBytes++;
  bytes.set(block, blockStart);
  const isWhole = decodeElements(blockStart + preambleBytes, blockStart + block.length, 0, length);
  const message = bytes.subarray(0, length);
  if (isWhole === 0) snappyDecode(block, message);
  return message;
}

function makeRoom(): Room | undefined {
  if (globalThis.WebAssembly === undefined) return undefined;
  const module = Uint8Array.from(atob(snappyModule), (letter) => letter.charCodeAt(0));
  if (!WebAssembly.validate(module)) return undefined;
  const pages = Math.ceil((blockStart + blockBytesMax + slackBytes) / pageBytes);
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages });
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(module), { room: { memory } });
  return { bytes: new Uint8Array(memory.buffer), decodeElements: exports["decode"] as DecodeElements };
}
