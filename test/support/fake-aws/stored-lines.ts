/** From stored bytes back to the lines that senders were told are durable. */
import { inflated } from "./fault-book.ts";

/** The lines of pieces that were stored one after the other, each with its `\n`; a last one may lack it. */
export function linesOf(pieces: Iterable<Uint8Array>): string[] {
  const lines: string[] = [];
  for (const piece of pieces) {
    const found = inflated(piece)
      .toString("utf8")
      .match(/[^\n]*\n|[^\n]+$/g);
    if (found !== null) for (const line of found) lines.push(line);
  }
  return lines;
}
