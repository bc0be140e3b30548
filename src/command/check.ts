/** Walks the chain from the configuration to a put, and on the sender's side, and says what is wrong. */
import { type AwsChainOptions, checkAwsChain } from "../check/chain.ts";
import { checkDirectory, type DirectoryOptions, holderStep } from "../check/directory.ts";
import { checkHealth, instanceStep, type OwnInstanceOptions } from "../check/own-instance.ts";
import { checkPrometheus } from "../check/prometheus.ts";
import { isPassed, reportJson, stepText, sumText } from "../check/report.ts";
import { failed, ok, type Step, type Steps, skipped } from "../check/step.ts";
import { checkWebAccess } from "../check/web-access.ts";
import { systemClock } from "../clock.ts";
import { programName } from "../config/arguments.ts";
import { checkFlags } from "../config/check-flags.ts";
import type { Config } from "../config/config.ts";
import { readOwnFlag } from "../config/own-flag.ts";
import { ConfigError, describeError } from "../errors.ts";
import { createLog } from "../log.ts";
import type { Platform } from "../platform.ts";
import { firehoseRecordBytesMax } from "../sink/firehose.ts";
import { kinesisDataBytesMax } from "../sink/kinesis.ts";
import { version } from "../version.ts";
import { assertDirectoriesApart } from "./directories.ts";

/** Bound of a call to AWS or Prometheus: whoever waits at a terminal is told soon. */
const callTimeoutMs = 5_000;
/** Docker's own limit may be 3 s, and starting takes a part of it. */
const healthTimeoutMs = 2_000;
/** The paths that serve takes write requests on. */
const writePaths = ["/receive", "/api/v1/write"];

type CheckPlatform = Pick<Platform, "writeOut" | "writeErr" | "env" | "name">;

/** Exit code 0 when no step failed, 1 when one did. */
export async function runCheck(
  config: Config,
  platform: CheckPlatform,
  ownTexts: ReadonlyMap<string, string>,
): Promise<number> {
  const asJson = readOwnFlag(checkFlags, "json", ownTexts) ?? false;
  if (readOwnFlag(checkFlags, "health", ownTexts) ?? false) return health(config, platform, asJson);
  const steps: Step[] = [];
  try {
    for await (const step of allSteps(config, platform, ownTexts)) {
      steps.push(step);
      if (!asJson) platform.writeOut(stepText(step));
    }
  } catch (error) {
    // A typing error of the command line has its own exit code.
    if (error instanceof ConfigError && error.exitCode === 2) throw error;
    const step = failed("check", `this check itself failed: ${describeError(error)}`, "report this message");
    steps.push(step);
    if (!asJson) platform.writeOut(stepText(step));
  }
  const program = `${programName} ${version} (${platform.name})`;
  platform.writeOut(asJson ? reportJson(program, steps) : sumText(steps));
  return isPassed(steps) ? 0 : 1;
}

async function health(
  config: Config,
  { writeOut, writeErr }: CheckPlatform,
  asJson: boolean,
): Promise<number> {
  const { healthy, message } = await checkHealth(ownInstance(config, healthTimeoutMs));
  if (asJson) writeOut(`${JSON.stringify({ healthy, message })}\n`);
  else (healthy ? writeOut : writeErr)(`${healthy ? "healthy" : "not healthy"}: ${message}\n`);
  return healthy ? 0 : 1;
}

async function* allSteps(
  config: Config,
  platform: CheckPlatform,
  ownTexts: ReadonlyMap<string, string>,
): Steps {
  const prometheusUrl = readHttpUrl(readOwnFlag(checkFlags, "prometheus-url", ownTexts));
  const putsTestLine = readOwnFlag(checkFlags, "put-test-line", ownTexts) ?? false;
  const deliveryStream = readOwnFlag(checkFlags, "delivery-stream", ownTexts);
  if (deliveryStream !== undefined && config.sink.kind !== "kinesis")
    throw new ConfigError(2, `--delivery-stream is for --sink kinesis:STREAM, not for ${config.sink.kind}`);
  const { sink } = config;
  yield configurationStep(config);
  const { webConfigFile, listen } = config;
  yield* checkWebAccess({ hostname: listen.hostname, webConfigFile, clock: systemClock });
  yield await instanceStep(ownInstance(config, callTimeoutMs));
  if (sink.kind !== "file")
    yield* checkAwsChain(chainOptions(config, platform, { sink, putsTestLine, deliveryStream }));
  else {
    yield* checkDirectory(directory("archive", "--sink file:DIR", sink.directory));
    if (putsTestLine) yield skipped("put", "a file was written and fsynced there: a line would tell no more");
  }
  yield* ownDirectories(config);
  if (prometheusUrl === undefined) return;
  const own = { port: config.listen.port, paths: writePaths };
  yield* checkPrometheus({ url: prometheusUrl, own, fetch, clock: systemClock, timeoutMs: callTimeoutMs });
}

async function* ownDirectories(config: Config): Steps {
  const { spoolDirectory, spoolBytesMax: bytesMax, quarantineDirectory } = config;
  if (spoolDirectory !== undefined) {
    const spool = { ...directory("spool", "--spool-dir", spoolDirectory), bytesMax };
    yield* checkDirectory(spool);
    yield await holderStep(spool);
  }
  yield* checkDirectory(directory("quarantine", "--quarantine-dir", quarantineDirectory));
}

function directory(name: string, flag: string, path: string): DirectoryOptions {
  return { name, flag, path, clock: systemClock, random: Math.random };
}

function chainOptions(
  config: Config,
  { env, name, writeErr }: CheckPlatform,
  asked: Pick<AwsChainOptions, "sink" | "putsTestLine" | "deliveryStream">,
): AwsChainOptions {
  const { region, sources, texts, compression, recordBytesMax, s3PathStyle } = config;
  // What goes wrong is told by the steps; the log is for those who ask for it.
  const level = sources["log-level"] === "default" ? "error" : config.logLevel;
  const log = createLog({ level, format: config.logFormat, clock: systemClock, write: writeErr });
  const shown = sources.region === "environment" ? `REGION=${texts.region}` : `--region ${texts.region}`;
  return {
    ...{ ...asked, env, fetch, clock: systemClock, log, random: Math.random, callTimeoutMs },
    ...{ compression, recordBytesMax, s3PathStyle, kinesisSpreads: config.kinesisSpread === "auto" },
    userAgent: `${programName}/${version} (${name})`,
    region: region === undefined ? undefined : { value: region, shown },
  };
}

function ownInstance({ listen, webConfigFile }: Config, timeoutMs: number): OwnInstanceOptions {
  return { hostname: listen.hostname, port: listen.port, tls: webConfigFile !== undefined, timeoutMs };
}

/** `http://prometheus:9090`, perhaps with user and password and with a path before /api. */
function readHttpUrl(text: string | undefined): URL | undefined {
  if (text === undefined) return undefined;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url !== undefined && /^https?:$/.test(url.protocol)) return url;
  throw new ConfigError(2, "--prometheus-url is not a URL like http://prometheus:9090");
}

/** As when the sink is opened. */
function assertRecordBytes({ recordBytesMax, sink }: Config): void {
  const limit = { kinesis: kinesisDataBytesMax, firehose: firehoseRecordBytesMax }[sink.kind as "kinesis"];
  if (recordBytesMax === undefined || limit === undefined || recordBytesMax <= limit) return;
  throw new ConfigError(
    2,
    `--record-bytes ${recordBytesMax} is not at most ${limit}, the limit of ${sink.kind}`,
  );
}

function configurationStep(config: Config): Step {
  const { sink, compression, listen, sources, spoolDirectory } = config;
  try {
    assertDirectoriesApart(config);
    assertRecordBytes(config);
  } catch (error) {
    return failed("configuration", describeError(error), "correct the flag or variable that it names");
  }
  const target = {
    file: () => `file:${"directory" in sink ? sink.directory : ""}`,
    s3: () => ("bucket" in sink ? `s3://${sink.bucket}/${sink.prefix}` : ""),
    kinesis: () => ("stream" in sink ? `kinesis:${sink.stream}` : ""),
    firehose: () => ("stream" in sink ? `firehose:${sink.stream}` : ""),
  }[sink.kind]();
  const source = sources.sink === "default" ? sources["stream-name"] : sources.sink;
  const from =
    source === "default" ? "the default" : `from the ${source === "flag" ? "command line" : source}`;
  const spool = spoolDirectory === undefined ? "no spool" : `spool in ${spoolDirectory}`;
  const where = `${listen.hostname ?? ""}:${listen.port}`;
  return ok(
    "configuration",
    `sink ${target} (${from}), compression ${compression}, ${spool}, listening on ${where}`,
  );
}
