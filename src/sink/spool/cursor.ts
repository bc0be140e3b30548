/**
 * The cursor's file, `cursor`: two slots of 4096 bytes that are written in turn, in place, so that the cursor moves on
 * a full disk too and a torn write leaves the other slot. The higher generation counts. Little-endian:
 *
 *      0  8  magic, ff 50 52 4b 43 55 52 53
 *      8  4  version of the format, 1
 *     12  4  length of the JSON text
 *     16  8  generation
 *     24  n  {"position":{"segment":1,"offsetBytes":32},"object":{"key":"…","end":{…}},"lastSegment":7}
 *   24+n  4  CRC-32C of all before
 *
 * `lastSegment` is the highest number any segment has had: none is used twice, also when all are gone.
 */
import { join } from "node:path";
import { ConfigError } from "../../errors.ts";
import { crc32c } from "../../wire/crc32c.ts";
import { syncDirectory } from "../file/directory.ts";
import { FileFault, isFault } from "../file/fault.ts";
import type { Files, OpenFile } from "../file/system.ts";
import { formatVersion } from "./segment.ts";
import type { ObjectPlan, SpoolCursor, SpoolPosition } from "./spool.ts";

export const cursorName = "cursor";
const slotBytes = 4096;
const slotHeaderBytes = 24;
const magic = [0xff, 0x50, 0x52, 0x4b, 0x43, 0x55, 0x52, 0x53] as const;
const twoTo32 = 2 ** 32;

export interface SavedCursor {
  readonly cursor: SpoolCursor;
  readonly lastSegment: number;
}

interface Slot extends SavedCursor {
  readonly generation: number;
}

export class CursorFile {
  readonly #path: string;
  readonly #file: OpenFile;
  #generation: number;

  constructor(path: string, file: OpenFile, generation: number) {
    this.#path = path;
    this.#file = file;
    this.#generation = generation;
  }

  /** Writes and fsyncs. Throws FileFault; the cursor before is then still what counts. */
  async save(saved: SavedCursor): Promise<void> {
    const generation = this.#generation + 1;
    const bytes = encodeSlot({ ...saved, generation });
    if (bytes === undefined) {
      throw new FileFault("EFBIG", `cannot write to ${this.#path}: the object's key does not fit`);
    }
    // A generation that failed is written again to the same slot: the other one holds what counts.
    await writeAt(this.#file, this.#path, bytes, (generation % 2) * slotBytes);
    await this.#file.datasync();
    this.#generation = generation;
  }

  close(): Promise<void> {
    return this.#file.close();
  }
}

/** Opens the cursor's file, or creates it. Throws FileFault; ConfigError for a format from the future. */
export async function openCursor(
  files: Files,
  directory: string,
): Promise<{ readonly file: CursorFile; readonly saved: SavedCursor | undefined; readonly isNew: boolean }> {
  const path = join(directory, cursorName);
  const slots = await readSlots(files, path);
  if (slots === undefined) {
    const file = await files.create(path);
    try {
      await writeAt(file, path, new Uint8Array(2 * slotBytes), 0);
      await file.sync();
      await syncDirectory(files, directory);
    } catch (error) {
      await Promise.allSettled([file.close(), files.remove(path)]);
      throw error;
    }
    return { file: new CursorFile(path, file, 0), saved: undefined, isNew: true };
  }
  const newest = newestOf(slots);
  const file = await files.openToWrite(path);
  try {
    // So that there is room for both slots when the disk is full.
    const { bytes } = await file.status();
    if (bytes < 2 * slotBytes) await writeAt(file, path, new Uint8Array(2 * slotBytes - bytes), bytes);
  } catch (error) {
    await file.close();
    throw error;
  }
  return { file: new CursorFile(path, file, newest?.generation ?? 0), saved: newest, isNew: false };
}

/** What the cursor's file says, without changing it; undefined: there is none, or it is damaged. */
export async function readCursor(files: Files, directory: string): Promise<SavedCursor | undefined> {
  return newestOf((await readSlots(files, join(directory, cursorName))) ?? []);
}

async function readSlots(files: Files, path: string): Promise<readonly Slot[] | undefined> {
  let file: OpenFile;
  try {
    file = await files.open(path);
  } catch (error) {
    if (isFault(error, "ENOENT")) return undefined;
    throw error;
  }
  try {
    const bytes = new Uint8Array(2 * slotBytes);
    for (let done = 0; done < bytes.length; ) {
      const count = await file.read(bytes.subarray(done), done);
      if (count === 0) break;
      done += count;
    }
    return [bytes.subarray(0, slotBytes), bytes.subarray(slotBytes)]
      .map((slot) => decodeSlot(slot, path))
      .filter((slot) => slot !== undefined);
  } finally {
    await file.close();
  }
}

function newestOf(slots: readonly Slot[]): Slot | undefined {
  return slots.toSorted((a, b) => b.generation - a.generation)[0];
}

function encodeSlot({ cursor, lastSegment, generation }: Slot): Uint8Array | undefined {
  const text = new TextEncoder().encode(JSON.stringify({ ...cursor, lastSegment }));
  if (slotHeaderBytes + text.length + 4 > slotBytes) return undefined;
  const bytes = new Uint8Array(slotBytes);
  bytes.set(magic);
  const view = new DataView(bytes.buffer);
  view.setUint32(8, formatVersion, true);
  view.setUint32(12, text.length, true);
  view.setUint32(16, generation % twoTo32, true);
  view.setUint32(20, Math.floor(generation / twoTo32), true);
  bytes.set(text, slotHeaderBytes);
  const end = slotHeaderBytes + text.length;
  view.setUint32(end, crc32c(bytes.subarray(0, end)), true);
  return bytes;
}

function decodeSlot(bytes: Uint8Array, path: string): Slot | undefined {
  if (magic.some((byte, at) => bytes[at] !== byte)) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const end = slotHeaderBytes + view.getUint32(12, true);
  if (end + 4 > bytes.length || view.getUint32(end, true) !== crc32c(bytes.subarray(0, end)))
    return undefined;
  const version = view.getUint32(8, true);
  if (version !== formatVersion) {
    const message = `cannot use the spool: ${path} has format ${version}, this program knows ${formatVersion}`;
    throw new ConfigError(1, `${message}; use the program that wrote it, or another --spool-dir`);
  }
  const generation = view.getUint32(20, true) * twoTo32 + view.getUint32(16, true);
  // The checksum says that these are our own words.
  const { position, object, lastSegment } = JSON.parse(
    new TextDecoder().decode(bytes.subarray(slotHeaderBytes, end)),
  ) as { position: SpoolPosition; object?: ObjectPlan; lastSegment: number };
  return { cursor: { position, object }, lastSegment, generation };
}

async function writeAt(file: OpenFile, path: string, bytes: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const written = await file.write(bytes.subarray(done), position + done);
    if (written === 0) throw new FileFault("EIO", `cannot write to ${path}: 0 bytes were taken`);
    done += written;
  }
}
