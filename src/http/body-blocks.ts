import { release } from "../wire/release.ts";

/** A block is as long as all before it together, within these. */
const blockBytesMin = 4 * 1024;
export const blockBytesMax = 1024 * 1024;

/**
 * The bytes of a body as they come. What has come is never copied to make room for more, and chunks are copied at once:
 * kept for later, chunks of one byte would take a hundred times their size.
 */
export class BodyBlocks {
  private readonly take: (bytes: number) => void;
  private readonly blocks: Uint8Array[] = [];
  private last = new Uint8Array(0);
  private lastUsed = 0;
  private length = 0;
  private reserved = 0;

  /** `take` is asked before each block is made; what it throws comes out of `add`. */
  constructor(take: (bytes: number) => void) {
    this.take = take;
  }

  get byteLength(): number {
    return this.length;
  }

  add(chunk: Uint8Array): void {
    for (let at = 0; at < chunk.length; ) {
      if (this.lastUsed === this.last.length) this.grow(chunk.length - at);
      const count = Math.min(chunk.length - at, this.last.length - this.lastUsed);
      this.last.set(chunk.subarray(at, at + count), this.lastUsed);
      this.lastUsed += count;
      this.length += count;
      at += count;
    }
  }

  /** All bytes in one. The blocks go as they are copied. */
  join(): Uint8Array {
    if (this.blocks.length <= 1) return this.last.subarray(0, this.lastUsed);
    const whole = new Uint8Array(this.length);
    let at = 0;
    for (const block of this.blocks) {
      const used = block.subarray(0, Math.min(block.length, this.length - at));
      whole.set(used, at);
      at += used.length;
      release(block);
    }
    this.clear();
    return whole;
  }

  /** Gives everything back. */
  clear(): void {
    for (const block of this.blocks) release(block);
    this.blocks.length = 0;
    this.last = new Uint8Array(0);
    this.lastUsed = 0;
    this.length = 0;
  }

  private grow(expectedBytes: number): void {
    const bytes = Math.min(Math.max(this.reserved, expectedBytes, blockBytesMin), blockBytesMax);
    this.take(bytes);
    this.reserved += bytes;
    this.last = new Uint8Array(bytes);
    this.lastUsed = 0;
    this.blocks.push(this.last);
  }
}
