/** A file that the command line names, as text. */
import { withFaults } from "../sink/file/fault.ts";
import { systemFiles } from "../sink/file/system.ts";

/** Rejects with what is wrong when it cannot be read or is longer than `bytesMax`. */
export async function readText(path: string, bytesMax: number): Promise<string> {
  const file = await withFaults(systemFiles).open(path);
  try {
    const { bytes } = await file.status();
    if (bytes > bytesMax) throw new RangeError(`${bytes} bytes are more than ${bytesMax}`);
    const all = new Uint8Array(bytes);
    let filled = 0;
    for (let count = -1; filled < bytes && count !== 0; filled += count)
      count = await file.read(all.subarray(filled), filled);
    return new TextDecoder().decode(all.subarray(0, filled));
  } finally {
    await file.close();
  }
}
