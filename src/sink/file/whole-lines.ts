/**
 * After a power cut a file can have its length and not all of its bytes: pages written later are there, earlier ones
 * read as zeros. That happens only behind the last fsync, so those lines were never acknowledged.
 */
const newline = 0x0a;

/** Passes the lines on without those that hold a zero byte (JSON text has none); counts their bytes in `dropped`. */
export async function* dropLinesWithNul(
  chunks: AsyncIterable<Uint8Array>,
  dropped: { bytes: number },
): AsyncGenerator<Uint8Array> {
  /** The begin of a line whose end has not come yet. */
  let begun: Uint8Array[] = [];
  let isBad = false;
  for await (const chunk of chunks) {
    let start = 0;
    const lastNewline = chunk.lastIndexOf(newline);
    if (!isBad && lastNewline >= 0 && chunk.indexOf(0) < 0) {
      yield* begun;
      begun = [];
      yield chunk.subarray(0, lastNewline + 1);
      start = lastNewline + 1;
    }
    for (let end = chunk.indexOf(newline, start); end >= 0; end = chunk.indexOf(newline, start)) {
      const line = chunk.subarray(start, end + 1);
      if (isBad || line.includes(0)) {
        dropped.bytes += lengthOf(begun) + line.length;
      } else {
        yield* begun;
        yield line;
      }
      begun = [];
      isBad = false;
      start = end + 1;
    }
    const rest = chunk.subarray(start);
    if (isBad || rest.includes(0)) {
      isBad = true;
      dropped.bytes += lengthOf(begun) + rest.length;
      begun = [];
    } else if (rest.length > 0) {
      begun.push(rest);
    }
  }
  yield* begun;
}

function lengthOf(parts: readonly Uint8Array[]): number {
  return parts.reduce((sum, part) => sum + part.length, 0);
}
