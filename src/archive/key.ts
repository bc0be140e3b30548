/**
 * What an object of the archive is called, so that its name alone tells whether to read it:
 *
 *     <prefix>YYYY/MM/DD/HH/<name>-YYYY-MM-DD-HH-MM-SS-<min>-<max>-<unique>.ndjson[.gz|.zst]
 *
 * The folders and the first time are when its oldest lines arrived, in UTC: as Firehose does it, so that the same table
 * definition reads both. All its lines arrived in that hour. `min` and `max` are the least and the greatest `time` of
 * its lines, in ms since the epoch, both included; a time before 1970 is written with `n` in place of the minus. They
 * say `none` when no line has a time (metadata alone). `unique` is 16 hex digits of chance.
 *
 * Keys sort by arrival, to the second, as texts. Times of samples are not padded and take no part in that order: they
 * are 13 digits from 2001 to 2286, and readers compare them as numbers. A reader of a range of sample times lists the
 * hours from its start on (samples arrive after they are made, perhaps long after) and keeps the keys whose range meets
 * its own.
 *
 * Firehose: https://docs.aws.amazon.com/firehose/latest/dev/s3-object-name.html (2026-11)
 */
import type { Compression } from "../compression.ts";

/** Sample times from `minMs` to `maxMs`, both included, in ms since the epoch; 64 bits. */
export interface TimeRange {
  readonly minMs: bigint;
  readonly maxMs: bigint;
}

export interface ObjectKey {
  /** Before the folders: empty, or ends with `/`. */
  readonly prefix: string;
  /** What wrote it: our name, or the delivery stream's. */
  readonly name: string;
  /** When its oldest lines arrived, in ms since the epoch; whole seconds. */
  readonly arrivalMs: number;
  /** Undefined: no line has a time. */
  readonly times: TimeRange | undefined;
  readonly unique: string;
  readonly compression: Compression;
}

/** What a key tells. `times` is `unknown` in keys of Firehose: only the object itself tells. */
export interface ParsedKey extends Omit<ObjectKey, "times" | "compression"> {
  readonly times: TimeRange | undefined | "unknown";
  /** `unknown`: no ending says it. Firehose stores records that we compressed so, unless it is told the ending. */
  readonly compression: Compression | "unknown";
}

/** The bytes that a key adds to its prefix and name, at most. */
export const keyBytesMax = 128;

const endings: Readonly<Record<Compression, string>> = { none: "", gzip: ".gz", zstd: ".zst" };
const latestMs = Date.UTC(9999, 11, 31, 23, 59, 59);

/** The key of an object. Throws RangeError when its parts cannot be read back from it. */
export function formatObjectKey({ prefix, name, arrivalMs, times, unique, compression }: ObjectKey): string {
  const sound =
    (prefix === "" || prefix.endsWith("/")) &&
    /^[\w.]+(?:-[\w.]+)*$/.test(name) &&
    /^[0-9a-f]{16}$/.test(unique);
  if (!sound || (times !== undefined && times.minMs > times.maxMs))
    throw new RangeError(`No key can be made of prefix ${prefix}, name ${name}, unique ${unique}`);
  // A clock that is far off must not keep lines from the archive.
  const seconds = new Date(Math.min(Math.max(arrivalMs, 0), latestMs)).toISOString().slice(0, 19);
  const folders = seconds.slice(0, 13).replaceAll(/[-T]/g, "/");
  const range = times === undefined ? "none-none" : `${timeText(times.minMs)}-${timeText(times.maxMs)}`;
  const stem = `${name}-${seconds.replaceAll(/[T:]/g, "-")}-${range}-${unique}`;
  return `${prefix}${folders}/${stem}.ndjson${endings[compression]}`;
}

const arrival = String.raw`(\d{4})-(\d\d)-(\d\d)-(\d\d)-(\d\d)-(\d\d)`;
const time = String.raw`(none|0|n?[1-9]\d{0,18})`;
const ours = new RegExp(String.raw`^(.+)-${arrival}-${time}-${time}-([0-9a-f]{16})\.ndjson(\.gz|\.zst)?$`);
const firehoses = new RegExp(
  String.raw`^(.+)-\d+-${arrival}-([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})((?:\.[0-9a-z!\-_.*'()]+)?)$`,
);

/** What a key of ours or of Firehose's tells; undefined for all others. */
export function parseObjectKey(key: string): ParsedKey | undefined {
  const slash = key.lastIndexOf("/") + 1;
  const base = key.slice(slash);
  const prefix = key.slice(0, slash).replace(/(^|\/)\d{4}\/\d\d\/\d\d\/\d\d\/$/, "$1");
  const own = ours.exec(base);
  const match = own ?? firehoses.exec(base);
  if (match === null) return undefined;
  const arrivalMs = readArrival(match);
  if (arrivalMs === undefined) return undefined;
  const shared = { prefix, name: match[1]!, arrivalMs };
  if (own === null) {
    return { ...shared, times: "unknown", unique: match[8]!, compression: firehoseCompression(match[9]!) };
  }
  const times = readTimes(match[8]!, match[9]!);
  if (times === "malformed") return undefined;
  const ending = match[11] ?? "";
  const compression = ending === ".gz" ? "gzip" : ending === ".zst" ? "zstd" : "none";
  return { ...shared, times, unique: match[10]!, compression };
}

/** Whether an object may hold samples of [minMs, maxMs]. */
export function mayHold({ times }: Pick<ParsedKey, "times">, { minMs, maxMs }: TimeRange): boolean {
  if (times === "unknown") return true;
  return times !== undefined && times.minMs <= maxMs && times.maxMs >= minMs;
}

function timeText(timeMs: bigint): string {
  return timeMs < 0n ? `n${-timeMs}` : String(timeMs);
}

function readTime(text: string): bigint {
  return text.startsWith("n") ? -BigInt(text.slice(1)) : BigInt(text);
}

function readTimes(min: string, max: string): TimeRange | undefined | "malformed" {
  if (min === "none" || max === "none") return min === max ? undefined : "malformed";
  const [minMs, maxMs] = [readTime(min), readTime(max)];
  const is64 = BigInt.asIntN(64, minMs) === minMs && BigInt.asIntN(64, maxMs) === maxMs;
  return is64 && minMs <= maxMs ? { minMs, maxMs } : "malformed";
}

/** Undefined for a date that there is not, like a 30th of February. */
function readArrival(match: readonly string[]): number | undefined {
  const [year, month, day, hour, minute, second] = match.slice(2, 8);
  const iso = `${year}-${month}-${day}T${hour}:${minute}:${second}.000Z`;
  const arrivalMs = Date.parse(iso);
  return !Number.isNaN(arrivalMs) && new Date(arrivalMs).toISOString() === iso ? arrivalMs : undefined;
}

function firehoseCompression(ending: string): Compression | "unknown" {
  if (ending.endsWith(".gz")) return "gzip";
  return ending.endsWith(".zst") ? "zstd" : "unknown";
}
