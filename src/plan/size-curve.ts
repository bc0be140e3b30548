/** How many bytes lines become when they are compressed: measured at some sizes, read off between. */
import { type Compress, compressorOf } from "../batch/compress.ts";
import type { Compression } from "../compression.ts";
import type { LinesBuffer } from "./lines-buffer.ts";

/** From one measured number of lines to the next. */
const step = 4;
/** Small pieces differ from each other: so many of each size are compressed. */
const piecesMax = 4;
/** So small that it matters which lines they are: whether they fit in a payload unit. */
const smallBytes = 24 * 1024;

interface Point {
  readonly rawBytes: number;
  readonly bytes: number;
}

export class SizeCurve {
  private readonly points: readonly Point[];
  private readonly compress: Compress | undefined;

  private constructor(points: readonly Point[], compress: Compress | undefined) {
    this.points = points;
    this.compress = compress;
  }

  /** Compresses pieces of `lines`, from one line to all of them. */
  static async measure(lines: LinesBuffer, compression: Compression): Promise<SizeCurve> {
    const compress = compressorOf(compression);
    if (compress === undefined) return new SizeCurve([{ rawBytes: 1, bytes: 1 }], compress);
    const counts: number[] = [];
    for (let count = 1; count < lines.count; count *= step) counts.push(count);
    counts.push(lines.count);
    const points = await Promise.all(
      counts.map(async (count) => {
        const pieces = Math.min(piecesMax, Math.floor(lines.count / count));
        let rawBytes = 0;
        let bytes = 0;
        for (let piece = 0; piece < pieces; piece++) {
          const raw = lines.slice(Math.floor((piece * lines.count) / pieces), count);
          rawBytes += raw.length;
          bytes += (await compress(raw)).length;
        }
        return { rawBytes: rawBytes / pieces, bytes: bytes / pieces };
      }),
    );
    return new SizeCurve(points, compress);
  }

  /** Bytes of these lines: few are really compressed, for many the curve is as good. */
  async bytesOfLines(raw: Uint8Array): Promise<number> {
    if (this.compress === undefined || raw.length > smallBytes) return this.bytesOf(raw.length);
    return (await this.compress(raw)).length;
  }

  /** Bytes of `rawBytes` of lines; below one line, and above all that were measured, in proportion. */
  bytesOf(rawBytes: number): number {
    const { points } = this;
    const next = points.findIndex((point) => point.rawBytes >= rawBytes);
    const high = points[next] ?? points.at(-1)!;
    const low = points[next - 1];
    if (next < 0 || low === undefined) return (rawBytes / high.rawBytes) * high.bytes;
    const share = (rawBytes - low.rawBytes) / (high.rawBytes - low.rawBytes);
    return low.bytes + share * (high.bytes - low.bytes);
  }
}
