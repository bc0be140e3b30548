/** What people type for durations, byte sizes and addresses: one reader each, that says what is allowed. */

/** Reads one text; throws a ValueError that says what is allowed. */
export type ReadValue<T> = (text: string) => T;

/** A text that is not a value of its kind. The message continues "… is not": `a duration like 200ms`. */
export class ValueError extends Error {
  override readonly name = "ValueError";
}

interface Bounds {
  readonly min: string;
  readonly max: string;
}

const durationUnitsMs: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  μs: 1e-3,
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
};
const durationPart = /([0-9]+\.?[0-9]*|\.[0-9]+)(ns|us|µs|μs|ms|s|m|h)/g;

/** Milliseconds of a duration as Go writes it: `200ms`, `1m30s`. https://pkg.go.dev/time#ParseDuration */
export function readDurationMs(text: string): number {
  const parts = [...text.matchAll(durationPart)];
  const whole = parts.map(([part]) => part).join("") === text && parts.length > 0;
  if (text !== "0" && !whole) throw new ValueError("a duration like 200ms, 10s or 1m30s");
  return parts.reduce((sumMs, [, count, unit]) => sumMs + Number(count) * durationUnitsMs[unit!]!, 0);
}

const byteUnits: Readonly<Record<string, number>> = {
  "": 1,
  b: 1,
  kb: 1_000,
  mb: 1_000_000,
  gb: 1_000_000_000,
  kib: 2 ** 10,
  mib: 2 ** 20,
  gib: 2 ** 30,
};

/** Bytes of a size: `1000000`, `64KiB`, `1.5MiB` (powers of 1024), `4MB` (powers of 1000). */
export function readBytes(text: string): number {
  const match = /^([0-9]{1,15}(?:\.[0-9]{1,6})?) ?([a-z]*)$/i.exec(text);
  const unit = byteUnits[match?.[2]?.toLowerCase() ?? "none"];
  const bytes = Number(match?.[1]) * (unit ?? Number.NaN);
  if (!Number.isSafeInteger(bytes)) throw new ValueError("a size in bytes like 1000000, 64KiB or 4MB");
  return bytes;
}

/** Durations from `min` to `max`, both written as durations. */
export function durationMs(bounds: Bounds): ReadValue<number> {
  return within(readDurationMs, bounds);
}

/** Byte sizes from `min` to `max`, both written as sizes. */
export function bytes(bounds: Bounds): ReadValue<number> {
  return within(readBytes, bounds);
}

/** Whole numbers from `min` to `max`. */
export function count(bounds: Bounds): ReadValue<number> {
  return within((text) => {
    if (!/^[0-9]{1,9}$/.test(text)) throw new ValueError("a whole number");
    return Number(text);
  }, bounds);
}

function within(read: ReadValue<number>, { min, max }: Bounds): ReadValue<number> {
  return (text) => {
    const value = read(text);
    if (value < read(min) || value > read(max)) throw new ValueError(`between ${min} and ${max}`);
    return value;
  };
}

/** Numbers from `min` to `max`, with or without a fraction. */
export function decimal(bounds: Bounds): ReadValue<number> {
  return within((text) => {
    if (!/^[0-9]{1,12}(?:\.[0-9]{1,6})?$/.test(text)) throw new ValueError("a number like 1000 or 0.5");
    return Number(text);
  }, bounds);
}

/** One of a few words. */
export function oneOf<const T extends string>(...words: readonly T[]): ReadValue<T> {
  return (text) => {
    const word = words.find((candidate) => candidate === text);
    if (word === undefined) throw new ValueError(`one of ${words.join(", ")}`);
    return word;
  };
}

/** A truth value as Go's flag package reads it. */
export function readBoolean(text: string): boolean {
  if (/^(1|t|true)$/i.test(text)) return true;
  if (/^(0|f|false)$/i.test(text)) return false;
  throw new ValueError("true or false");
}

/** A text that matches `pattern`; `allowed` says so in words. */
export function matching(pattern: RegExp, allowed: string): ReadValue<string> {
  return (text) => {
    if (!pattern.test(text)) throw new ValueError(allowed);
    return text;
  };
}

export interface ListenAddress {
  /** Undefined: all addresses, IPv6 and IPv4. */
  readonly hostname: string | undefined;
  readonly port: number;
}

/** An address to listen on: `:9501`, `127.0.0.1:9501`, `[::1]:9501`, `localhost:0`. */
export function readListenAddress(text: string): ListenAddress {
  const match = /^(?:\[([0-9a-f:.]+(?:%[\w.-]+)?)\]|([^\s:[\]/]*)):([0-9]{1,5})$/i.exec(text);
  const port = Number(match?.[3]);
  if (match === null || port > 65_535) {
    throw new ValueError("an address like :9501, 127.0.0.1:9501 or [::1]:9501");
  }
  return { hostname: match[1] ?? (match[2] || undefined), port };
}

export type SinkChoice =
  | { readonly kind: "file"; readonly directory: string }
  | { readonly kind: "kinesis"; readonly stream: string }
  | { readonly kind: "firehose"; readonly stream: string }
  /** `prefix` is empty or ends with `/`. */
  | { readonly kind: "s3"; readonly bucket: string; readonly prefix: string };

/** https://docs.aws.amazon.com/kinesis/latest/APIReference/API_CreateStream.html; the ARN does as well. */
const kinesisStream = /^(arn:[a-z-]+:kinesis:[a-z0-9-]+:\d{12}:stream\/)?[a-zA-Z0-9_.-]{1,128}$/;
/** https://docs.aws.amazon.com/firehose/latest/APIReference/API_CreateDeliveryStream.html */
const firehoseStream = /^(arn:[a-z-]+:firehose:[a-z0-9-]+:\d{12}:deliverystream\/)?[a-zA-Z0-9_.-]{1,64}$/;

/** Where to archive: `kinesis:STREAM`, `firehose:STREAM`, `s3://BUCKET/PREFIX`, `file:DIR`. */
export function readSink(text: string): SinkChoice {
  const [, scheme, rest] = /^([a-z0-9]+):(.*)$/s.exec(text) ?? [];
  if (scheme === "s3") return readS3(rest!);
  if (scheme === "kinesis" || scheme === "firehose") return readStream(scheme, rest!);
  if (scheme !== "file" || rest === "") {
    throw new ValueError("one of kinesis:STREAM, firehose:STREAM, s3://BUCKET/PREFIX or file:DIR");
  }
  const directory = rest!.replace(/^\/\/(?=\/)/, "");
  if (directory.startsWith("//") || directory.includes("\0"))
    throw new ValueError("a local directory like file:./archive");
  return { kind: "file", directory };
}

/** A local directory, relative or absolute. */
export function readDirectory(text: string): string {
  if (text === "" || text.includes("\0")) throw new ValueError("a local directory like ./spool");
  return text;
}

/** A local file, relative or absolute. */
export function readFileName(text: string): string {
  if (text === "" || text.includes("\0")) throw new ValueError("a local file like ./web-config.yml");
  return text;
}

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html */
const bucketName = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;
/** Keys are at most 1,024 bytes; ours add about 150 to the prefix. */
const prefixCharsMax = 512;

function readS3(rest: string): SinkChoice {
  const [, bucket = "", path = ""] = /^\/\/([^/]*)(?:\/(.*))?$/s.exec(rest) ?? [];
  if (!bucketName.test(bucket) || bucket.includes("..")) {
    throw new ValueError("a bucket like s3://my-bucket/prometheus: 3 to 63 of a-z, 0-9, '.', '-'");
  }
  // Safe characters only: what others have to be escaped in some tool on the way.
  if (
    !/^(?:[\w!.*'()=-][\w!.*'()=/-]*)?$/.test(path) ||
    path.includes("//") ||
    // A URL has no such folders: they would be resolved on the way.
    path.split("/").some((folder) => folder === "." || folder === "..") ||
    path.length > prefixCharsMax
  ) {
    throw new ValueError("a prefix like prometheus/prod: letters, digits, '/', and !-_.*'()= only");
  }
  return { kind: "s3", bucket, prefix: path === "" || path.endsWith("/") ? path : `${path}/` };
}

/** A stream by its name or ARN. */
export function readStream(kind: "kinesis" | "firehose", stream: string): SinkChoice {
  const [pattern, lengthMax] = kind === "kinesis" ? [kinesisStream, 128] : [firehoseStream, 64];
  if (!pattern.test(stream)) {
    throw new ValueError(
      `a ${kind} stream: its ARN, or a name of 1 to ${lengthMax} of a-z, A-Z, 0-9, '_', '.', '-'`,
    );
  }
  return { kind, stream };
}
