/** The configuration in effect, for people: each setting, its value and where that came from. */
import type { Config, ConfigSource } from "./config.ts";
import { environmentName, type FlagName, flagNames, flags } from "./flags.ts";
import type { SinkChoice } from "./values.ts";

export interface Setting {
  /** `--sink`; of what has no flag the environment variable's name. */
  readonly name: string;
  /** As it would be typed; undefined: nothing is set, or it is a secret. */
  readonly value: string | undefined;
  readonly source: ConfigSource;
  /** The flag, or the variable, that says so. */
  readonly from: string | undefined;
  readonly help: string;
  /** It has a value that nobody is shown. */
  readonly hidden: boolean;
}

/** What AWS programs read from the environment and we with them. */
const awsVariables: Readonly<Record<string, "shown" | "hidden">> = {
  AWS_REGION: "shown",
  AWS_DEFAULT_REGION: "shown",
  AWS_PROFILE: "shown",
  AWS_ROLE_ARN: "shown",
  AWS_WEB_IDENTITY_TOKEN_FILE: "shown",
  AWS_ENDPOINT_URL: "shown",
  AWS_ENDPOINT_URL_KINESIS: "shown",
  AWS_ENDPOINT_URL_FIREHOSE: "shown",
  AWS_ENDPOINT_URL_S3: "shown",
  AWS_ENDPOINT_URL_STS: "shown",
  AWS_ACCESS_KEY_ID: "hidden",
  AWS_SECRET_ACCESS_KEY: "hidden",
  AWS_SESSION_TOKEN: "hidden",
};

/** Other spellings of a flag: shown in its place. */
const spellings: Partial<Record<FlagName, readonly FlagName[]>> = {
  sink: ["stream-name"],
  linger: ["write-interval"],
};
const otherSpellings: readonly FlagName[] = ["stream-name", "firehose", "write-interval"];

/** Every setting in effect, in the order of --help; what AWS reads from the environment behind them. */
export function settingsOf(config: Config, env: Readonly<Record<string, string | undefined>>): Setting[] {
  const names = flagNames.filter((name) => !otherSpellings.includes(name));
  const ofFlags = names.map((name) => settingOf(config, name));
  return config.sink.kind === "file" ? ofFlags : [...ofFlags, ...awsSettings(env)];
}

function settingOf(config: Config, name: FlagName): Setting {
  const spelled = spellings[name]?.find((other) => isStronger(config, other, name)) ?? name;
  const source = config.sources[spelled];
  const from = { flag: `--${spelled}`, environment: environmentName(spelled), default: undefined }[source];
  const value = derived(config)[name] ?? config.texts[spelled];
  return { name: `--${name}`, value, source, from, help: flags[name].help, hidden: false };
}

function isStronger({ sources }: Config, other: FlagName, name: FlagName): boolean {
  if (sources[other] === "default") return false;
  return sources[name] === "default" || sources[other] === "flag";
}

/** What is not, or not always, as it was typed: it follows from other settings. */
function derived(config: Config): Partial<Record<FlagName, string | undefined>> {
  const { sources, lingerMs } = config;
  return {
    sink: textOfSink(config.sink),
    compression: config.compression,
    "spool-dir": config.spoolDirectory,
    "s3-path-style": String(config.s3PathStyle),
    linger: sources["write-interval"] === "default" ? givenWay(config, "linger", lingerMs, "ms") : undefined,
    "put-timeout": givenWay(config, "put-timeout", config.putTimeoutMs, "ms"),
    "batch-bytes": givenWay(config, "batch-bytes", config.batchBytesMax, ""),
  };
}

/** A default that gave way to another setting; undefined: it did not. */
function givenWay(
  { sources, texts }: Config,
  name: FlagName,
  value: number,
  unit: string,
): string | undefined {
  const text = texts[name];
  if (sources[name] !== "default" || text === undefined || flags[name].read(text) === value) return undefined;
  return `${value}${unit}`;
}

/** As it is typed behind --sink. */
export function textOfSink(sink: SinkChoice): string {
  switch (sink.kind) {
    case "file":
      return `file:${sink.directory}`;
    case "s3":
      return `s3://${sink.bucket}/${sink.prefix}`;
    default:
      return `${sink.kind}:${sink.stream}`;
  }
}

function awsSettings(env: Readonly<Record<string, string | undefined>>): Setting[] {
  return Object.entries(awsVariables)
    .filter(([name]) => env[name] !== undefined && env[name] !== "")
    .map(([name, visibility]) => ({
      name,
      value: visibility === "hidden" ? undefined : env[name],
      source: "environment",
      from: name,
      help: "read as AWS programs do",
      hidden: visibility === "hidden",
    }));
}
