import type { Clock } from "../clock.ts";

const hourMs = 3_600_000;
/** About 20 MB. Past it everything is forgotten, and written once more. */
const knownMax = 200_000;

/**
 * Which metadata lines are already durable in the hour under way. Senders of remote write 2.0 repeat a series' metadata
 * with every sample; written each time it would double the archive. It is forgotten with the hour, so that every hour
 * of the archive has its own.
 */
export class KnownMetadata {
  private readonly clock: Pick<Clock, "now">;
  private readonly known = new Set<string>();
  private hour = 0;

  constructor(clock: Pick<Clock, "now">) {
    this.clock = clock;
  }

  /** Starts a request. */
  begin(): void {
    const hour = Math.floor(this.clock.now() / hourMs);
    if (hour === this.hour && this.known.size <= knownMax) return;
    this.hour = hour;
    this.known.clear();
  }

  has(key: string): boolean {
    return this.known.has(key);
  }

  /** Only of lines that are durable: whoever is told "known" gets its 2xx for them. */
  remember(keys: Iterable<string>): void {
    for (const key of keys) this.known.add(key);
  }
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
