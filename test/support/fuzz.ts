/** A small mutation fuzzer: seeded, of bounded time, and it keeps what failed. */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { seededRandom } from "./seeded-random.ts";

export interface FuzzOptions {
  /** Names the folder of kept inputs, test/fuzz/kept/<target>. */
  readonly target: string;
  readonly corpus: readonly Uint8Array[];
  /** Throws where an invariant does not hold. */
  readonly check: (input: Uint8Array) => void;
}

type Random = (bound: number) => number;

/** One input takes microseconds; this much says that it hangs, even on a busy machine. */
const inputMsMax = 2_000;
const interesting = [0, 1, 0x0a, 0x12, 0x22, 0x2a, 0x2c, 0x5c, 0x7b, 0x7d, 0x7f, 0x80, 0xff];

/**
 * First checks all inputs that failed once, then mutations of the corpus for FUZZ_SECONDS (3 without it). An input
 * that fails is kept, and the error names it and the seed; FUZZ_SEED sets that.
 */
export function fuzz({ target, corpus, check }: FuzzOptions): void {
  const folder = join(import.meta.dirname, "..", "fuzz", "kept", target);
  const kept = existsSync(folder) ? readdirSync(folder).map((name) => join(folder, name)) : [];
  for (const path of kept) checkInTime(new Uint8Array(readFileSync(path)), check);
  const seed = Number(process.env["FUZZ_SEED"] ?? Math.floor(Math.random() * 2 ** 31));
  const endMs = performance.now() + 1_000 * Number(process.env["FUZZ_SECONDS"] ?? 3);
  const random = seededRandom(seed);
  let inputs = 0;
  while (performance.now() < endMs) {
    const input = mutate(corpus, random);
    inputs++;
    try {
      checkInTime(input, check);
    } catch (error) {
      mkdirSync(folder, { recursive: true });
      const path = join(folder, createHash("sha256").update(input).digest("hex").slice(0, 16));
      writeFileSync(path, input);
      throw new Error(`Input ${inputs} with FUZZ_SEED=${seed} failed, kept as ${path}`, { cause: error });
    }
  }
  console.log(`fuzz ${target}: FUZZ_SEED=${seed}, ${kept.length} kept and ${inputs} new inputs`);
}

function checkInTime(input: Uint8Array, check: (input: Uint8Array) => void): void {
  const startedMs = performance.now();
  check(input);
  const tookMs = performance.now() - startedMs;
  if (tookMs > inputMsMax) throw new Error(`${input.length} bytes took ${Math.round(tookMs)} ms`);
}

function mutate(corpus: readonly Uint8Array[], random: Random): Uint8Array {
  let bytes: Uint8Array = corpus[random(corpus.length)]!.slice();
  for (let count = 1 + random(random(2) === 0 ? 2 : 8); count > 0; count--) {
    bytes = mutateOnce(bytes, corpus, random);
  }
  return bytes;
}

function mutateOnce(bytes: Uint8Array, corpus: readonly Uint8Array[], random: Random): Uint8Array {
  const at = random(bytes.length + 1);
  const end = Math.min(bytes.length, at + 1 + random(random(2) === 0 ? 4 : 64));
  const byte = random(2) === 0 ? interesting[random(interesting.length)]! : random(256);
  switch (random(7)) {
    case 0:
      if (at < bytes.length) bytes[at]! ^= 1 << random(8);
      return bytes;
    case 1:
      if (at < bytes.length) bytes[at] = byte;
      return bytes;
    case 2:
      return splice(bytes, at, end, new Uint8Array(0));
    case 3:
      return splice(bytes, at, at, bytes.slice(at, end));
    case 4:
      return splice(bytes, at, at, new Uint8Array(1 + random(6)).fill(byte));
    case 5: {
      const other = corpus[random(corpus.length)]!;
      const from = random(other.length + 1);
      return splice(bytes, at, random(2) === 0 ? at : end, other.subarray(from, from + 1 + random(200)));
    }
    default:
      return random(4) === 0 ? bytes.slice(0, at) : splice(bytes, at, end, bytes.slice(0, end - at));
  }
}

function splice(bytes: Uint8Array, start: number, end: number, inserted: Uint8Array): Uint8Array {
  const result = new Uint8Array(bytes.length - (end - start) + inserted.length);
  result.set(bytes.subarray(0, start));
  result.set(inserted, start);
  result.set(bytes.subarray(end), start + inserted.length);
  return result;
}
