/** The segments a spool has, oldest first, and how many bytes they take. */
import { join } from "node:path";
import { segmentName } from "./segment.ts";

export class Segment {
  readonly number: number;
  readonly path: string;
  /** Bytes it takes on the disk. */
  bytes: number;
  /** Readers stop here: what is fsynced in a segment of this process, the file's length in an older one. */
  readableBytes: number;
  /** Whether all that is readable was acknowledged. */
  readonly isOwn: boolean;
  /** Frames are still written to it. */
  isActive: boolean;
  readonly createdMs: number;
  /** When the last frame was put; undefined where nobody looked. */
  lastMs: number | undefined;
  /** Damaged places that were reported: from where to where. */
  readonly damage = new Map<number, number>();
  /** Damaged bytes could not be saved: the file is to be kept when its time is over. */
  mustBeKept = false;

  constructor(directory: string, number: number, origin: SegmentOrigin) {
    this.number = number;
    this.path = join(directory, segmentName(number));
    this.isOwn = origin.isOwn;
    this.isActive = origin.isOwn;
    this.createdMs = origin.createdMs;
    this.bytes = origin.bytes;
    this.readableBytes = origin.bytes;
  }
}

export interface SegmentOrigin {
  readonly isOwn: boolean;
  readonly createdMs: number;
  readonly bytes: number;
}

export class Segments {
  readonly #list: Segment[] = [];

  get count(): number {
    return this.#list.length;
  }

  get bytes(): number {
    return this.#list.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  get oldest(): Segment | undefined {
    return this.#list[0];
  }

  /** Adds one with a higher number than all others. */
  add(segment: Segment): void {
    this.#list.push(segment);
  }

  delete(segment: Segment): void {
    const at = this.#list.indexOf(segment);
    if (at >= 0) this.#list.splice(at, 1);
  }

  get(number: number): Segment | undefined {
    return this.#list.find((segment) => segment.number === number);
  }

  /** The oldest with a higher number. */
  after(number: number): Segment | undefined {
    return this.#list.find((segment) => segment.number > number);
  }

  [Symbol.iterator](): Iterator<Segment> {
    return [...this.#list][Symbol.iterator]();
  }
}
