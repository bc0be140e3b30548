/** Reads what sinks hold, record by record or file by file, into whole lines without their `\n`. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync, zstdDecompressSync } from "node:zlib";

const gzipMagic = 0x1f8b;
const zstdMagic = 0x28b5;

/** The lines of records or objects, each by itself plain, gzip or zstd. Throws where one does not end with a line. */
export function linesOfRecords(records: Iterable<Uint8Array>): string[] {
  const lines: string[] = [];
  for (const record of records) appendLines(lines, unpack(Buffer.from(record)), "a record");
  return lines;
}

/** The lines of every file of an archive directory, finished or open. */
export function linesOfDirectory(directory: string): string[] {
  const lines: string[] = [];
  const entries = readdirSync(directory, { recursive: true, withFileTypes: true });
  for (const entry of entries.filter((each) => each.isFile() && /\.ndjson/.test(each.name))) {
    const path = join(entry.parentPath, entry.name);
    appendLines(lines, unpack(readFileSync(path)), path);
  }
  return lines;
}

function appendLines(lines: string[], bytes: Buffer, where: string): void {
  const text = bytes.toString("utf8");
  if (text !== "" && !text.endsWith("\n"))
    throw new Error(`${where} ends within a line: ${text.slice(-200)}`);
  for (const line of text.split("\n").slice(0, -1)) lines.push(line);
}

function unpack(bytes: Buffer): Buffer {
  const magic = bytes.length < 2 ? 0 : bytes.readUInt16BE(0);
  if (magic === gzipMagic) return gunzipSync(bytes);
  return magic === zstdMagic ? zstdDecompressSync(bytes) : bytes;
}
