/** Damaged bytes are put aside before their segment goes, so that a human or fsck can look at them. */
import { join } from "node:path";
import { ensureDirectory, syncDirectory } from "../file/directory.ts";
import { isFault } from "../file/fault.ts";
import type { Files } from "../file/system.ts";
import type { BadBytes } from "./scan.ts";
import { segmentName } from "./segment.ts";
import type { SegmentFile } from "./segment-file.ts";
import type { Segment } from "./segments.ts";

export const damagedDirectory = "damaged";
const copyBytes = 1024 * 1024;

/** Copies the bytes to `damaged/<segment>-<start>.bytes` and answers its path. Throws FileFault. */
export async function saveDamage(
  files: Files,
  directory: string,
  file: SegmentFile,
  { start, end }: Pick<BadBytes, "start" | "end">,
): Promise<string> {
  await ensureDamagedDirectory(files, directory);
  const path = join(directory, damagedDirectory, `${segmentName(file.number)}-${start}.bytes`);
  let copy: Awaited<ReturnType<Files["create"]>>;
  try {
    copy = await files.create(path);
  } catch (error) {
    // From an earlier run that came upon the same place.
    if (isFault(error, "EEXIST")) return path;
    throw error;
  }
  try {
    for (let at = start; at < end; ) {
      const bytes = await file.bytes(at, Math.min(at + copyBytes, end), end);
      if (bytes.length === 0) break;
      for (let done = 0; done < bytes.length; ) {
        done += await copy.write(bytes.subarray(done), at - start + done);
      }
      at += bytes.length;
    }
    await copy.datasync();
  } catch (error) {
    await Promise.allSettled([files.remove(path)]);
    throw error;
  } finally {
    await copy.close();
  }
  await syncDirectory(files, join(directory, damagedDirectory));
  return path;
}

/** Moves a whole segment there whose damaged bytes could not be copied. Throws FileFault. */
export async function keepSegment(files: Files, directory: string, segment: Segment): Promise<void> {
  await ensureDamagedDirectory(files, directory);
  await files.rename(segment.path, join(directory, damagedDirectory, segmentName(segment.number)));
}

async function ensureDamagedDirectory(files: Files, directory: string): Promise<void> {
  await ensureDirectory(files, join(directory, damagedDirectory));
  await syncDirectory(files, directory);
}
