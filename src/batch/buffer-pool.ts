import { release } from "../wire/release.ts";

/** The smallest buffer; each size is twice the one below, up to that of a whole batch. */
const smallestBytes = 16 * 1024;

/**
 * Buffers that batches use one after the other, so that their bytes are not garbage each time. Who gives a buffer back
 * must be done with it: the next batch writes into it.
 */
export class BufferPool {
  private readonly largestBytes: number;
  private readonly keptBytesMax: number;
  private readonly free = new Map<number, Uint8Array[]>();
  private kept = 0;

  /** Keeps free buffers of at most `keptBytesMax` in all; larger ones than `largestBytes` are not kept. */
  constructor(largestBytes: number, keptBytesMax: number) {
    this.largestBytes = largestBytes;
    this.keptBytesMax = keptBytesMax;
  }

  /** Bytes of the buffers that wait to be used again. */
  get keptBytes(): number {
    return this.kept;
  }

  /** A buffer of at least `bytes`, with anything in it. */
  take(bytes: number): Uint8Array {
    if (bytes > this.largestBytes) return new Uint8Array(bytes);
    let size = Math.min(smallestBytes, this.largestBytes);
    while (size < bytes) size = Math.min(size * 2, this.largestBytes);
    const buffer = this.free.get(size)?.pop();
    if (buffer === undefined) return new Uint8Array(size);
    this.kept -= size;
    return buffer;
  }

  give(buffer: Uint8Array): void {
    const size = buffer.length;
    if (this.kept + size > this.keptBytesMax || !this.isSize(size)) {
      release(buffer);
      return;
    }
    this.kept += size;
    const free = this.free.get(size);
    if (free === undefined) this.free.set(size, [buffer]);
    else free.push(buffer);
  }

  private isSize(bytes: number): boolean {
    if (bytes === this.largestBytes) return true;
    return (
      bytes >= smallestBytes &&
      bytes < this.largestBytes &&
      Number.isInteger(Math.log2(bytes / smallestBytes))
    );
  }
}
