import { escapedBytesMax } from "../line/json-writer.ts";
import { ByteWriter } from "../wire/byte-writer.ts";
import { release } from "../wire/release.ts";

/** Lines are set aside in pieces of about this size: one buffer that grew to all of them would be there twice. */
export const pieceBytes = 2 * 1024 * 1024;
/** More is given back after a request that needed it. */
const keptBytesMax = 4 * 1024 * 1024;
/** Texts of one line that are each held against the limit of a line only: labels, exemplar labels, help and unit. */
const lineTextsMax = 4;

/** The lines of the request under way: those in `out`, and the pieces that were set aside before. */
export class LinePieces {
  readonly out: ByteWriter;
  private readonly pieces: Uint8Array[] = [];
  private asideBytes = 0;
  private joined: Uint8Array | undefined;

  /** `home`: memory to write into as long as there is room. */
  constructor(lineBytesMax: number, home?: Uint8Array) {
    this.out = new ByteWriter(pieceBytes + (lineTextsMax * escapedBytesMax + 1) * lineBytesMax, home);
  }

  get byteLength(): number {
    return this.asideBytes + this.out.length;
  }

  /** Between two lines: empties `out` where it holds enough, and answers whether it did. */
  setAside(): boolean {
    const { out, pieces } = this;
    if (out.length < pieceBytes) return false;
    pieces.push(out.bytes.slice(0, out.length));
    this.asideBytes += out.length;
    out.length = 0;
    return true;
  }

  /** All lines in one, valid until `clear`. The pieces go as they are copied. */
  join(): Uint8Array {
    const { out, pieces } = this;
    if (pieces.length === 0) return out.written();
    const joined = new Uint8Array(this.byteLength);
    let at = 0;
    for (const piece of pieces) {
      joined.set(piece, at);
      at += piece.length;
      release(piece);
    }
    joined.set(out.written(), at);
    pieces.length = 0;
    this.joined = joined;
    return joined;
  }

  /** Starts over, and gives back what a large request took. */
  clear(): void {
    this.out.clear(keptBytesMax);
    for (const piece of this.pieces) release(piece);
    this.pieces.length = 0;
    this.asideBytes = 0;
    if (this.joined !== undefined) release(this.joined);
    this.joined = undefined;
  }
}
