/** Every flag: value, default, unit, meaning and reader. Help and config are made of this. */

import { compressions } from "../compression.ts";
import { logLevels } from "../log.ts";
import {
  bytes,
  count,
  decimal,
  durationMs,
  matching,
  oneOf,
  type ReadValue,
  readBoolean,
  readDirectory,
  readFileName,
  readListenAddress,
  readSink,
} from "./values.ts";

export interface Flag<T> {
  /** What stands for the value in --help; undefined for a flag that is true when it is given. */
  readonly placeholder: string | undefined;
  readonly help: string;
  /** Read like a value that was typed. Undefined: the default depends on others, as `help` says. */
  readonly default: string | undefined;
  readonly read: ReadValue<T>;
}

const duration = (
  text: string | undefined,
  bounds: { min: string; max: string },
  help: string,
): Flag<number> => ({
  placeholder: "DURATION",
  help,
  default: text,
  read: durationMs(bounds),
});
const size = (
  text: string | undefined,
  bounds: { min: string; max: string },
  help: string,
): Flag<number> => ({
  placeholder: "BYTES",
  help,
  default: text,
  read: bytes(bounds),
});

/** What happens when the spool is full. */
export const spoolFullPolicies = ["refuse", "drop-oldest"] as const;
export type SpoolFullPolicy = (typeof spoolFullPolicies)[number];

const linger = { min: "0", max: "20s" };
// Go senders wait 30 s for an answer by default, and Bun closes a silent connection after 255 s.
const wait = { min: "1ms", max: "4m" };

export const flags = {
  sink: {
    placeholder: "SINK",
    help: "where to archive: kinesis:STREAM, firehose:STREAM, s3://BUCKET/PREFIX or file:DIR (default file:./archive)",
    default: undefined,
    read: readSink,
  },
  "stream-name": {
    placeholder: "NAME",
    help: "same as --sink kinesis:NAME, or with --firehose as --sink firehose:NAME",
    default: undefined,
    // Which names are allowed depends on --firehose.
    read: (text: string) => text,
  },
  firehose: {
    placeholder: undefined,
    help: "with --stream-name: the stream is a Firehose delivery stream (default false)",
    default: undefined,
    read: readBoolean,
  },
  "listen-addr": {
    placeholder: "ADDRESS",
    help: "HOST:PORT to listen on; no host means all addresses",
    default: ":9501",
    read: readListenAddress,
  },
  "web-config-file": {
    placeholder: "FILE",
    help: "TLS, users and tokens in Prometheus' web config format, reloaded when it changes (default none)",
    default: undefined,
    read: readFileName,
  },
  "client-requests": {
    placeholder: "N",
    help: "write requests of one client (user, else address) at a time; more get 503 (default any number)",
    default: undefined,
    read: count({ min: "1", max: "1000000" }),
  },
  "client-requests-per-second": {
    placeholder: "N",
    help: "write requests of one client a second, on average; more get 503 (default any number)",
    default: undefined,
    read: decimal({ min: "0.001", max: "1000000" }),
  },
  region: {
    placeholder: "REGION",
    help: "AWS region (default: AWS_REGION, AWS_DEFAULT_REGION, then the AWS config files)",
    default: undefined,
    read: matching(/^[a-z0-9-]{1,64}$/, "an AWS region like eu-central-1"),
  },
  linger: duration("200ms", linger, "how long a batch waits for more lines before it is put"),
  "write-interval": duration(undefined, linger, "same as --linger"),
  compression: {
    placeholder: "none|gzip|zstd",
    help: "of records, objects or finished files (default gzip for file and s3, none for kinesis and firehose)",
    default: undefined,
    read: oneOf(...compressions),
  },
  "batch-bytes": size(
    "4MiB",
    { min: "1KiB", max: "256MiB" },
    "bytes of lines at which a batch is put at once",
  ),
  "record-bytes": size(
    undefined,
    { min: "1KiB", max: "10MiB" },
    "most bytes of one Kinesis or Firehose record (default: what suits the sink)",
  ),
  "puts-in-flight": {
    placeholder: "N",
    help: "puts under way at the same time",
    default: "4",
    read: count({ min: "1", max: "256" }),
  },
  "pending-bytes": size(
    "128MiB",
    { min: "64KiB", max: "64GiB" },
    "bytes of lines not yet durable beyond which the answer is 503",
  ),
  "ack-timeout": duration("25s", wait, "how long a request waits to become durable before the answer is 503"),
  "put-timeout": duration("10s", wait, "how long one put may take"),
  "drain-timeout": duration(
    "25s",
    { min: "1ms", max: "1h" },
    "how long to wait for pending lines at the end",
  ),
  "body-bytes": size("32MiB", { min: "1KiB", max: "1GiB" }, "largest request body as sent; above it 413"),
  "decoded-bytes": size(
    "32MiB",
    { min: "1KiB", max: "1GiB" },
    "largest request once uncompressed; above it 400",
  ),
  "rotate-bytes": size(
    "128MiB",
    { min: "1KiB", max: "64GiB" },
    "file, s3: bytes of lines after which a file or object is finished",
  ),
  "rotate-age": duration(
    "5m",
    { min: "100ms", max: "24h" },
    "file, s3: age after which a file or object is finished",
  ),
  "spool-dir": {
    placeholder: "DIR",
    help: "answer once lines are fsynced here, and ship them to the sink from here (default none; for s3 ./spool)",
    default: undefined,
    read: readDirectory,
  },
  "spool-bytes": size("8GiB", { min: "1MiB", max: "8192GiB" }, "most bytes of the spool"),
  "spool-age": duration(
    "0",
    { min: "0", max: "8760h" },
    "age of the oldest spooled lines beyond which the spool counts as full; 0: any age",
  ),
  "spool-full": {
    placeholder: spoolFullPolicies.join("|"),
    help: "when the spool is full: answer 503, or remove the oldest lines, which loses them",
    default: "refuse",
    read: oneOf(...spoolFullPolicies),
  },
  "spool-compression": {
    placeholder: "none|zstd",
    help: "of the spool's frames",
    default: "zstd",
    read: oneOf("none", "zstd"),
  },
  "ship-linger": duration(
    "1s",
    { min: "0", max: "1h" },
    "kinesis, firehose, file with a spool: how long spooled lines wait for company before they are put",
  ),
  "quarantine-dir": {
    placeholder: "DIR",
    help: "where lines go that the sink refuses for good",
    default: "./quarantine",
    read: readDirectory,
  },
  "s3-path-style": {
    placeholder: undefined,
    help: "s3: the bucket in the path, as most S3-compatible services need it (default false)",
    default: undefined,
    read: readBoolean,
  },
  "kinesis-spread": {
    placeholder: "auto|off",
    help: "kinesis: spread records over the open shards evenly (auto: where ListShards is allowed), or by chance",
    default: "auto",
    read: oneOf("auto", "off"),
  },
  "log-level": {
    placeholder: logLevels.join("|"),
    help: "least level that is logged",
    default: "info",
    read: oneOf(...logLevels),
  },
  "log-format": {
    placeholder: "text|json",
    help: "form of a log line",
    default: "text",
    read: oneOf("text", "json"),
  },
} as const satisfies Record<string, Flag<unknown>>;

export type FlagName = keyof typeof flags;
export type FlagValue<N extends FlagName> = ReturnType<(typeof flags)[N]["read"]>;
export const flagNames = Object.keys(flags) as readonly FlagName[];

/** `--stream-name` can also be given as `STREAM_NAME`. */
export function environmentName(name: string): string {
  return name.toUpperCase().replaceAll("-", "_");
}
