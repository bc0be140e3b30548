/** Room on the file system that a path is on. */
import { statfs } from "node:fs/promises";

export interface Space {
  /** What this user may still write. */
  readonly freeBytes: number;
  readonly totalBytes: number;
}

/** Undefined where the file system does not tell. */
export async function spaceAt(path: string): Promise<Space | undefined> {
  try {
    const { bsize, bavail, blocks } = await statfs(path);
    const [freeBytes, totalBytes] = [bavail * bsize, blocks * bsize];
    // Some network file systems say nothing by saying zero.
    return totalBytes > 0 ? { freeBytes, totalBytes } : undefined;
  } catch {
    return undefined;
  }
}
