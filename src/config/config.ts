/** Flags and environment become one frozen, validated object. The flags themselves: flags.ts. */

import type { Compression } from "../compression.ts";
import { ConfigError, withoutUserInfo } from "../errors.ts";
import type { LogFormat, LogLevel } from "../log.ts";
import {
  environmentName,
  type FlagName,
  type FlagValue,
  flagNames,
  flags,
  type SpoolFullPolicy,
} from "./flags.ts";
import { type ListenAddress, readStream, type SinkChoice, ValueError } from "./values.ts";

export type ConfigSource = "flag" | "environment" | "default";

export interface Config {
  readonly sink: SinkChoice;
  readonly listen: ListenAddress;
  /** Undefined: plain HTTP, open to all. */
  readonly webConfigFile: string | undefined;
  /** Of one client at a time; undefined: any number. */
  readonly clientRequestsMax: number | undefined;
  /** Of one client, on average; undefined: any number. */
  readonly clientRequestsPerSecondMax: number | undefined;
  /** Undefined: where AWS programs look for it. */
  readonly region: string | undefined;
  readonly lingerMs: number;
  readonly compression: Compression;
  readonly batchBytesMax: number;
  /** Undefined: what suits the sink. */
  readonly recordBytesMax: number | undefined;
  readonly putsInFlightMax: number;
  readonly pendingBytesMax: number;
  readonly ackTimeoutMs: number;
  readonly putTimeoutMs: number;
  readonly drainTimeoutMs: number;
  readonly bodyBytesMax: number;
  readonly decodedBytesMax: number;
  readonly rotateBytes: number;
  readonly rotateAgeMs: number;
  /** Undefined: lines go to the sink before the ack. */
  readonly spoolDirectory: string | undefined;
  readonly spoolBytesMax: number;
  /** 0: any age. */
  readonly spoolAgeMaxMs: number;
  readonly spoolFull: SpoolFullPolicy;
  readonly spoolCompression: "none" | "zstd";
  readonly shipLingerMs: number;
  readonly quarantineDirectory: string;
  readonly s3PathStyle: boolean;
  readonly kinesisSpread: "auto" | "off";
  readonly logLevel: LogLevel;
  readonly logFormat: LogFormat;
  /** Where each flag's value came from, by the flag's name. */
  readonly sources: Readonly<Record<FlagName, ConfigSource>>;
  /** Each flag's value as it was typed, or its default as it would be; undefined: neither. */
  readonly texts: Readonly<Record<FlagName, string | undefined>>;
}

interface Given<T> {
  readonly value: T;
  readonly text: string;
  readonly source: ConfigSource;
  /** How the user would recognize it: `--sink "file:x"` or `SINK="file:x"`. */
  readonly shown: string;
}

/** `texts` are the flags of the command line. Throws a ConfigError of one line that says what is allowed. */
export function readConfig(
  texts: ReadonlyMap<FlagName, string>,
  env: Readonly<Record<string, string | undefined>>,
): Config {
  const given = new Map<FlagName, Given<unknown>>();
  for (const name of flagNames) {
    const one = readGiven(name, texts.get(name), env[environmentName(name)]);
    if (one !== undefined) given.set(name, one);
  }
  const get = <N extends FlagName>(name: N) => given.get(name) as Given<FlagValue<N>> | undefined;
  const ackTimeout = get("ack-timeout")!;
  const linger = onlyOne(get("linger"), get("write-interval"), "default");
  // Every flag with a default has a value here.
  const value = <N extends FlagName>(name: N) => get(name)!.value;
  const sink = chooseSink(get("sink"), get("stream-name"), get("firehose"));
  const spoolDirectory = get("spool-dir")?.value ?? (sink.kind === "s3" ? "./spool" : undefined);
  for (const name of spoolFlags) assertOfUse(get(name), spoolDirectory !== undefined, "needs --spool-dir");
  assertOfUse(get("ship-linger"), sink.kind !== "s3", "is not for s3: --rotate-age is");
  return Object.freeze({
    sink: Object.freeze(sink),
    listen: Object.freeze(value("listen-addr")),
    webConfigFile: get("web-config-file")?.value,
    clientRequestsMax: get("client-requests")?.value,
    clientRequestsPerSecondMax: get("client-requests-per-second")?.value,
    region: get("region")?.value,
    lingerMs: atMost(linger!, ackTimeout, "a request must outlast the linger"),
    compression: get("compression")?.value ?? (sink.kind === "file" || sink.kind === "s3" ? "gzip" : "none"),
    batchBytesMax: atMost(
      get("batch-bytes")!,
      get("pending-bytes")!,
      "a full batch has to fit below the ceiling",
    ),
    recordBytesMax: get("record-bytes")?.value,
    putsInFlightMax: value("puts-in-flight"),
    pendingBytesMax: value("pending-bytes"),
    ackTimeoutMs: ackTimeout.value,
    putTimeoutMs: atMost(get("put-timeout")!, ackTimeout, "a request must outlast one put"),
    drainTimeoutMs: value("drain-timeout"),
    bodyBytesMax: value("body-bytes"),
    decodedBytesMax: value("decoded-bytes"),
    rotateBytes: value("rotate-bytes"),
    rotateAgeMs: value("rotate-age"),
    spoolDirectory,
    spoolBytesMax: value("spool-bytes"),
    spoolAgeMaxMs: value("spool-age"),
    spoolFull: value("spool-full"),
    spoolCompression: value("spool-compression"),
    shipLingerMs: value("ship-linger"),
    quarantineDirectory: value("quarantine-dir"),
    s3PathStyle: get("s3-path-style")?.value ?? false,
    kinesisSpread: value("kinesis-spread"),
    logLevel: value("log-level"),
    logFormat: value("log-format"),
    sources: ofEach((name) => get(name)?.source ?? "default"),
    texts: ofEach((name) => get(name)?.text),
  });
}

function ofEach<T>(of: (name: FlagName) => T): Readonly<Record<FlagName, T>> {
  return Object.freeze(Object.fromEntries(flagNames.map((name) => [name, of(name)])) as Record<FlagName, T>);
}

/** What says how there is no spool without. */
const spoolFlags = ["spool-bytes", "spool-age", "spool-full", "spool-compression", "ship-linger"] as const;

/** Refuses what was typed where it changes nothing: whoever typed it believes that it does. */
function assertOfUse(given: Given<unknown> | undefined, isOfUse: boolean, problem: string): void {
  if (given === undefined || given.source === "default" || isOfUse) return;
  throw new ConfigError(2, `${given.shown} ${problem}`);
}

function readGiven<N extends FlagName>(
  name: N,
  flagText: string | undefined,
  environmentText: string | undefined,
): Given<FlagValue<N>> | undefined {
  // An empty variable is how compose files and unit files leave one unset.
  const fromEnvironment = environmentText === "" ? undefined : environmentText;
  const text = flagText ?? fromEnvironment ?? flags[name].default;
  if (text === undefined) return undefined;
  const source = flagText !== undefined ? "flag" : fromEnvironment !== undefined ? "environment" : "default";
  const shown = {
    flag: `--${name} ${quote(text)}`,
    environment: `${environmentName(name)}=${quote(text)}`,
    default: `--${name} ${quote(text)} (the default)`,
  }[source];
  const value = readOrExplain(shown, () => flags[name].read(text) as FlagValue<N>);
  return { value, text, source, shown };
}

function readOrExplain<T>(shown: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof ValueError)) throw error;
    throw new ConfigError(2, `${shown} is not ${error.message}`);
  }
}

function chooseSink(
  sink: Given<SinkChoice> | undefined,
  streamName: Given<string> | undefined,
  firehose: Given<boolean> | undefined,
): SinkChoice {
  const preset: SinkChoice = { kind: "file", directory: "./archive" };
  if (streamName === undefined) {
    const lonely = firehose?.value === true && (sink === undefined || rank(firehose) >= rank(sink));
    if (lonely)
      throw new ConfigError(2, `${firehose.shown} needs --stream-name; or give --sink firehose:STREAM`);
    return sink?.value ?? preset;
  }
  const spelled: Given<SinkChoice> = {
    ...streamName,
    get value() {
      const kind = firehose?.value === true ? "firehose" : "kinesis";
      return readOrExplain(streamName.shown, () => readStream(kind, streamName.value));
    },
  };
  return onlyOne(sink, spelled, undefined)!.value;
}

function rank({ source }: Given<unknown>): number {
  return { flag: 2, environment: 1, default: 0 }[source];
}

/** Of two spellings of one setting: the one of the stronger source. Both from the same source contradict. */
function onlyOne<T>(
  one: Given<T> | undefined,
  other: Given<T> | undefined,
  harmless: ConfigSource | undefined,
): Given<T> | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  if (rank(one) === rank(other) && one.source !== harmless) {
    throw new ConfigError(
      2,
      `${one.shown} and ${other.shown} say the same thing twice: give only one of them`,
    );
  }
  return rank(one) >= rank(other) ? one : other;
}

/** The value of `lesser`, which may not exceed `greater`: typed it is refused, as a default it gives way. */
function atMost(lesser: Given<number>, greater: Given<number>, reason: string): number {
  if (lesser.value <= greater.value || lesser.source === "default")
    return Math.min(lesser.value, greater.value);
  throw new ConfigError(2, `${lesser.shown} is not at most ${greater.shown}: ${reason}`);
}

/** As typed, on one line, not too long. */
function quote(text: string): string {
  const shown = withoutUserInfo(text);
  return JSON.stringify(shown.length > 200 ? `${shown.slice(0, 200)}…` : shown);
}
