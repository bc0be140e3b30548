/** Reads an archive directory as anyone would: every file in it, in order of name, unpacked, line by line. */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { gunzipSync, zstdDecompressSync } from "node:zlib";

export interface ArchivedLine {
  readonly name: string;
  readonly time: number;
  readonly value: number | null;
  readonly labels: Readonly<Record<string, string>>;
}

/** The parsed lines of all files under `directory`. */
export async function readArchiveLines(directory: string): Promise<ArchivedLine[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const lines: ArchivedLine[] = [];
  for (const path of paths.filter((each) => /\.(ndjson|jsonl|json)(\.gz|\.zst)?$/.test(each)).sort()) {
    const text = unpack(path, await readFile(path)).toString();
    for (const line of text.split("\n")) if (line !== "") lines.push(JSON.parse(line) as ArchivedLine);
  }
  return lines;
}

function unpack(path: string, bytes: Buffer): Buffer {
  if (path.endsWith(".gz")) return gunzipSync(bytes);
  return path.endsWith(".zst") ? zstdDecompressSync(bytes) : bytes;
}
