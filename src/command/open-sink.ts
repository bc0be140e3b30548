/** From the configuration to the sink it names. AWS code is loaded only where it is needed. */
import type { Clock, Random } from "../clock.ts";
import { programName } from "../config/arguments.ts";
import type { Config } from "../config/config.ts";
import { ConfigError } from "../errors.ts";
import type { Log } from "../log.ts";
import type { Platform } from "../platform.ts";
import type { Sink } from "../sink/sink.ts";
import { version } from "../version.ts";

export interface OpenSinkOptions {
  readonly config: Config;
  readonly platform: Platform;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

/** Opens the sink. Rejects with a ConfigError that says what was tried when there is no way to reach it. */
export async function openSink(options: OpenSinkOptions): Promise<Sink> {
  const sink = await openByKind(options);
  const { recordBytesMax } = options.config;
  if (recordBytesMax !== undefined && recordBytesMax > sink.limits.recordBytesMax) {
    await sink.close();
    const allowed = `at most ${sink.limits.recordBytesMax}, the limit of ${sink.name}`;
    throw new ConfigError(2, `--record-bytes ${recordBytesMax} is not ${allowed}`);
  }
  return sink;
}

async function openByKind({ config, platform, clock, random, log }: OpenSinkOptions): Promise<Sink> {
  const { sink, compression, rotateBytes, rotateAgeMs } = config;
  if (sink.kind === "file") {
    const { openFileSink } = await import("../sink/file.ts");
    const { directory } = sink;
    return openFileSink({ directory, compression, rotateBytes, rotateAgeMs, clock, random, log });
  }
  if (sink.kind === "s3") throw new ConfigError(2, "--sink s3:// is not there yet; use firehose:STREAM");
  const { resolveAws } = await import("../aws/resolve.ts");
  const connect = (service: "kinesis" | "firehose", regionOfStream: string | undefined) => {
    const { region = regionOfStream } = config;
    if (regionOfStream !== undefined && region !== regionOfStream) {
      const there = `the stream's ARN names ${regionOfStream}`;
      const given = config.sources.region === "environment" ? "REGION" : "--region";
      throw new ConfigError(2, `${given} ${region} is not where the stream is: ${there}; leave ${given} out`);
    }
    return resolveAws({
      service,
      region,
      env: platform.env,
      fetch,
      clock,
      log,
      userAgent: `${programName}/${version} (${platform.name})`,
      attemptTimeoutMs: config.putTimeoutMs,
    });
  };
  if (sink.kind === "kinesis") {
    const { createKinesisSink, parseKinesisStream } = await import("../sink/kinesis.ts");
    const { region } = parseKinesisStream(sink.stream);
    return createKinesisSink({ client: await connect("kinesis", region), stream: sink.stream, random });
  }
  const { createFirehoseSink, parseFirehoseStream } = await import("../sink/firehose.ts");
  const { region } = parseFirehoseStream(sink.stream);
  return createFirehoseSink({ client: await connect("firehose", region), stream: sink.stream });
}
