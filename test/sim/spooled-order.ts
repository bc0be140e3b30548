/** In which order lines left the spool, told from the frames that a shipper reads. */
import type { Spool, SpoolFrame } from "../../src/sink/spool/spool.ts";

interface Frame {
  /** Bytes of lines read before it. */
  readonly startBytes: number;
  /** Its lines that no put has tried yet. */
  readonly untried: Set<string>;
}

const decoder = new TextDecoder();

export class SpooledOrder {
  private readonly frames = new Map<string, Frame>();
  private readonly framesOf = new Map<string, Frame[]>();
  private oldest: Frame[] = [];
  private bytes = 0;

  /** The same spool; what is read of it is noted. */
  observe(spool: Spool): Spool {
    return {
      sink: spool.sink,
      directory: spool.directory,
      get cursor() {
        return spool.cursor;
      },
      read: async (from, signal) => {
        const frame = await spool.read(from, signal);
        if (frame !== undefined) this.note(frame);
        return frame;
      },
      moveCursor: (cursor) => spool.moveCursor(cursor),
      status: () => spool.status(),
      close: () => spool.close(),
    };
  }

  /** How many frames have held the line. */
  framesWith(line: string): number {
    return this.framesOf.get(line)?.length ?? 0;
  }

  /** Where the line stood first, in bytes of lines. */
  placeOf(line: string): number | undefined {
    return this.framesOf.get(line)?.[0]?.startBytes;
  }

  /** A put tries these lines; the answer is how many bytes of lines went before their turn. */
  tried(lines: readonly string[]): number {
    let ahead = 0;
    for (const line of lines) {
      const frames = this.framesOf.get(line) ?? [];
      for (const { untried } of frames) untried.delete(line);
      const [frame] = frames;
      // Of a line that was sent twice nobody knows which frame this one is from.
      if (frame === undefined || frames.length > 1) continue;
      while (this.oldest.length > 0 && this.oldest[0]!.untried.size === 0) this.oldest.shift();
      ahead = Math.max(ahead, frame.startBytes - (this.oldest[0]?.startBytes ?? frame.startBytes));
    }
    return ahead;
  }

  private note({ start, lines }: SpoolFrame): void {
    const key = `${start.segment}:${start.offsetBytes}`;
    if (this.frames.has(key)) return;
    const texts = decoder.decode(lines).split("\n").slice(0, -1);
    const frame = { startBytes: this.bytes, untried: new Set(texts) };
    this.bytes += lines.length;
    this.frames.set(key, frame);
    this.oldest.push(frame);
    for (const text of texts) this.framesOf.set(text, [...(this.framesOf.get(text) ?? []), frame]);
  }
}
