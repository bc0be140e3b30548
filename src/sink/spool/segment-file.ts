/** A segment's file as readers see it: big blocks are read ahead, headers and data are views into them. */
import type { Files, OpenFile } from "../file/system.ts";
import { decodeFrameHeader, type FrameHeader, frameHeaderBytes } from "./frame.ts";

const blockBytes = 1024 * 1024;
/** For single headers there is no reason to read far ahead. */
export const peekBytes = 4096;
/** What a disk fails to read it fails to read by the page. */
const pageBytes = 4096;

export class SegmentFile {
  readonly number: number;
  readonly #file: OpenFile;
  readonly #aheadBytes: number;
  #readsAroundFaults = false;
  #block = new Uint8Array(0);
  #blockStart = 0;

  constructor(number: number, file: OpenFile, aheadBytes: number) {
    this.number = number;
    this.#file = file;
    this.#aheadBytes = aheadBytes;
  }

  /** The bytes from `start` to `end`; fewer where the file ends before. Never changed afterwards. */
  async bytes(start: number, end: number, readableBytes: number): Promise<Uint8Array> {
    const blockEnd = this.#blockStart + this.#block.length;
    if (start < this.#blockStart || end > blockEnd) {
      const from = start >= this.#blockStart && start < blockEnd ? start : undefined;
      const kept = from === undefined ? undefined : this.#block.subarray(from - this.#blockStart);
      const length = Math.min(Math.max(end - start, this.#aheadBytes), Math.max(readableBytes, end) - start);
      const block = new Uint8Array(length);
      if (kept !== undefined) block.set(kept);
      const count = await this.#fill(block, kept?.length ?? 0, start);
      this.#block = block.subarray(0, count);
      this.#blockStart = start;
    }
    return this.#block.subarray(start - this.#blockStart, end - this.#blockStart);
  }

  /** The header of the frame that starts at `offsetBytes`; undefined: none does. */
  async header(offsetBytes: number, readableBytes: number): Promise<FrameHeader | undefined> {
    if (offsetBytes + frameHeaderBytes > readableBytes) return undefined;
    const bytes = await this.bytes(offsetBytes, offsetBytes + frameHeaderBytes, readableBytes);
    return decodeFrameHeader(bytes, 0, { segment: this.number, offsetBytes });
  }

  /** From now on pages that cannot be read count as zeros. Rejects with a FileFault when not even the first can. */
  async readAroundFaults(): Promise<void> {
    await this.#file.read(new Uint8Array(pageBytes), 0);
    this.#readsAroundFaults = true;
  }

  close(): Promise<void> {
    return this.#file.close();
  }

  async #fill(block: Uint8Array, done: number, start: number): Promise<number> {
    let filled = done;
    while (filled < block.length) {
      const count = await this.#read(block.subarray(filled), start + filled);
      if (count === 0) break;
      filled += count;
    }
    return filled;
  }

  async #read(block: Uint8Array, position: number): Promise<number> {
    try {
      return await this.#file.read(block, position);
    } catch (error) {
      if (!this.#readsAroundFaults) throw error;
      const page = block.subarray(0, pageBytes - (position % pageBytes));
      return await this.#file.read(page, position).catch(() => page.fill(0).length);
    }
  }
}

/** Opens a segment's file for reading. */
export async function openSegmentFile(
  files: Files,
  path: string,
  number: number,
  aheadBytes = blockBytes,
): Promise<SegmentFile> {
  return new SegmentFile(number, await files.open(path), aheadBytes);
}
