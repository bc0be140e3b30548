import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync, zstdDecompressSync } from "node:zlib";

/** Runs `use` with a new directory and removes it afterwards. */
export async function withTemporaryDirectory(use: (directory: string) => Promise<void>): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), "archive-test-"));
  try {
    await use(directory);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** The paths of all files under the directory, relative to it, sorted. */
export async function filesUnder(directory: string): Promise<readonly string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return paths.map((path) => path.slice(directory.length + 1)).sort();
}

/** The lines of all finished files of an archive, and of open ones too where asked, each with its `\n`. */
export async function archiveLines(directory: string, which: "finished" | "all"): Promise<readonly string[]> {
  const lines: string[] = [];
  for (const path of await filesUnder(directory)) {
    const isFinished = /\.ndjson(\.gz|\.zst)?$/.test(path);
    const isOpen = /\.(part|recover)$/.test(path);
    if (!isFinished && !(isOpen && which === "all")) continue;
    const bytes = await readFile(join(directory, path));
    const plain = path.endsWith(".gz")
      ? gunzipSync(bytes)
      : path.endsWith(".zst")
        ? zstdDecompressSync(bytes)
        : bytes;
    lines.push(...(plain.toString("utf8").match(/[^\n]*\n|[^\n]+$/g) ?? []));
  }
  return lines;
}
