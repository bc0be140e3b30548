import type { Clock } from "../clock.ts";

const hourMs = 3_600_000;
/** About 20 MB. What comes after them is written each time. */
const knownMax = 200_000;
/** 16-bit words of a key. */
const keyWords = 5;

/**
 * Which metadata lines are already durable in the hour under way. Senders of remote write 2.0 repeat a series' metadata
 * with every sample; written each time it would double the archive. It is forgotten with the hour, so that every hour
 * of the archive has its own.
 */
export class KnownMetadata {
  private readonly clock: Pick<Clock, "now">;
  private readonly known = new Set<string>();
  private readonly requested = new Set<string>();
  private hour = 0;
  /** Counts the times that all was forgotten, from 1 on: what was durable is so as long as this stays. */
  period = 1;

  constructor(clock: Pick<Clock, "now">) {
    this.clock = clock;
  }

  /** Starts a request. */
  begin(): void {
    this.requested.clear();
    const hour = Math.floor(this.clock.now() / hourMs);
    if (hour === this.hour && this.known.size < knownMax) return;
    this.hour = hour;
    this.known.clear();
    this.period++;
  }

  /** Whether its line is durable. */
  isDurable(key: string): boolean {
    return this.known.has(key);
  }

  /** Whether its line is durable, or was noted in the request under way. */
  has(key: string): boolean {
    return this.known.has(key) || this.requested.has(key);
  }

  /** The request under way holds its line. */
  note(key: string): void {
    if (this.requested.size < knownMax) this.requested.add(key);
  }

  /** What was noted, to be remembered once it is durable; small, since many requests may wait for that. */
  noted(): Uint16Array {
    const words = new Uint16Array(this.requested.size * keyWords);
    let at = 0;
    for (const key of this.requested) {
      for (let i = 0; i < keyWords; i++) words[at++] = key.charCodeAt(i);
    }
    this.requested.clear();
    return words;
  }

  /** Only of lines that are durable: whoever is told "known" gets its 2xx for them. */
  remember(noted: Uint16Array): void {
    for (let at = 0; at < noted.length && this.known.size < knownMax; at += keyWords) {
      this.known.add(String.fromCharCode(...noted.subarray(at, at + keyWords)));
    }
  }
}

/** What was noted but for these lines. */
export function withoutLines(noted: Uint16Array, lines: readonly Uint8Array[]): Uint16Array {
  const left = new Set(lines.map((line) => metadataKey(line, 0, line.length)));
  const kept: number[] = [];
  for (let at = 0; at < noted.length; at += keyWords) {
    const words = noted.subarray(at, at + keyWords);
    if (!left.has(String.fromCharCode(...words))) kept.push(...words);
  }
  return Uint16Array.from(kept);
}

/**
 * 64 bits over the bytes [start, end), with their length: for a hundred thousand lines the chance that any two share a
 * key is below 10^-9. (A sender could make two lines collide, but it could as well send wrong metadata.) Two
 * multiplicative hashes that start and mix differently.
 */
export function metadataKey(bytes: Uint8Array, start: number, end: number): string {
  let a = 0x9e37_79b9;
  let b = 0x85eb_ca6b;
  for (let i = start; i < end; i++) {
    const byte = bytes[i]!;
    a = Math.imul(a ^ byte, 0x0100_0193);
    b = Math.imul((b << 5) ^ (b >>> 27) ^ byte, 0x9e37_79b1);
  }
  a ^= b >>> 15;
  b ^= a >>> 13;
  return String.fromCharCode(a >>> 16, a & 0xffff, b >>> 16, b & 0xffff, (end - start) & 0xffff);
}
