/** The segment that is written to. Frames count once they are fsynced and the file stands under its name. */

import { crc32c } from "../../wire/crc32c.ts";
import { syncDirectory } from "../file/directory.ts";
import { FileFault, isFault } from "../file/fault.ts";
import { gather } from "../file/gather.ts";
import type { FileStatus, Files, OpenFile } from "../file/system.ts";
import { codecs, encodeFrameHeader, frameHeaderBytes } from "./frame.ts";
import type { StoredRecord } from "./record.ts";
import { encodeSegmentHeader, segmentHeaderBytes } from "./segment.ts";
import type { Segment } from "./segments.ts";

/** Pieces smaller than this are joined: a write has its price, and so has a copy. */
const joinBytesMax = 256 * 1024;

export interface ActiveSegmentOptions {
  readonly files: Files;
  readonly directory: string;
  readonly segment: Segment;
}

export class ActiveSegment {
  readonly segment: Segment;
  readonly #files: Files;
  readonly #directory: string;
  readonly #file: OpenFile;
  readonly #identity: FileStatus;
  #isNew = true;

  constructor({ files, directory, segment }: ActiveSegmentOptions, file: OpenFile, identity: FileStatus) {
    this.segment = segment;
    this.#files = files;
    this.#directory = directory;
    this.#file = file;
    this.#identity = identity;
  }

  /** Whether it holds frames that were acknowledged. */
  get hasFrames(): boolean {
    return this.segment.readableBytes > segmentHeaderBytes;
  }

  /**
   * Appends the records and fsyncs them. `moved`: they are not under the file's name, because someone renamed, cut or
   * removed it. Throws FileFault. After both the segment has to be given up: a failed fsync may have forgotten bytes
   * that the next one calls written.
   */
  async append(records: readonly StoredRecord[]): Promise<"durable" | "moved"> {
    const { segment } = this;
    const start = segment.readableBytes;
    let end = start;
    const pieces: Uint8Array[] = [];
    if (this.#isNew) {
      pieces.push(encodeSegmentHeader({ segment: segment.number, createdMs: segment.createdMs }));
      end = segmentHeaderBytes;
    }
    const durableBytes = Math.max(start, segmentHeaderBytes);
    for (const { data, ...record } of records) {
      const place = { segment: segment.number, offsetBytes: end, durableBytes, dataBytes: data.length };
      pieces.push(encodeFrameHeader({ ...record, ...place }), data);
      end += frameHeaderBytes + data.length;
    }
    await this.#writeAll(pieces, start);
    segment.bytes = end;
    await this.#file.datasync();
    if (this.#isNew) await syncDirectory(this.#files, this.#directory);
    if (!(await this.#isUnderItsName(end))) return "moved";
    this.#isNew = false;
    segment.readableBytes = end;
    segment.lastMs = records.at(-1)?.appendedMs ?? segment.lastMs;
    return "durable";
  }

  /** Marks the end, so that damage there is not taken for a write that never finished. Throws FileFault. */
  async seal(appendedMs: number): Promise<void> {
    const { number, readableBytes } = this.segment;
    const place = { segment: number, offsetBytes: readableBytes, durableBytes: readableBytes };
    const none = { dataBytes: 0, rawBytes: 0, lineCount: 0, codec: codecs.end };
    const mark = encodeFrameHeader({ ...place, ...none, appendedMs, dataCrc: crc32c(new Uint8Array(0)) });
    await this.#writeAll([mark], readableBytes);
    this.segment.bytes = readableBytes + mark.length;
    await this.#file.datasync();
  }

  /** Cuts off what was not acknowledged, as far as that works. */
  async cut(): Promise<void> {
    const { segment } = this;
    await this.#file.truncate(segment.readableBytes);
    segment.bytes = segment.readableBytes;
  }

  close(): Promise<void> {
    return this.#file.close();
  }

  async #writeAll(pieces: readonly Uint8Array[], start: number): Promise<void> {
    let position = start;
    for (const bytes of gather(pieces, joinBytesMax)) {
      for (let done = 0; done < bytes.length; ) {
        const written = await this.#file.write(bytes.subarray(done), position);
        if (written === 0)
          throw new FileFault("EIO", `cannot write to ${this.segment.path}: 0 bytes were taken`);
        done += written;
        position += written;
        // Also of a write that does not come to its end: what it wrote takes room until it is cut off.
        this.segment.bytes = Math.max(this.segment.bytes, position);
      }
    }
  }

  async #isUnderItsName(lengthBytes: number): Promise<boolean> {
    try {
      const { device, inode, bytes } = await this.#files.status(this.segment.path);
      return device === this.#identity.device && inode === this.#identity.inode && bytes >= lengthBytes;
    } catch (error) {
      if (isFault(error, "ENOENT", "ENOTDIR")) return false;
      throw error;
    }
  }
}

/** Creates the file of a new segment. Throws FileFault; then there is none. */
export async function createSegment(options: ActiveSegmentOptions): Promise<ActiveSegment> {
  const { files, segment } = options;
  const file = await files.create(segment.path);
  try {
    return new ActiveSegment(options, file, await file.status());
  } catch (error) {
    await Promise.allSettled([file.close(), files.remove(segment.path)]);
    throw error;
  }
}
