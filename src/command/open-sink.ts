/** From the configuration to the sink it names. AWS code is loaded only where it is needed. */
import type { Config } from "../config/config.ts";
import { ConfigError } from "../errors.ts";
import type { Sink } from "../sink/sink.ts";
import type { Surroundings } from "./surroundings.ts";

/** A sink that takes records, as the command line names it: all but S3, which takes objects. */
export type RecordSinkChoice = Exclude<Config["sink"], { readonly kind: "s3" }>;

/** Opens the sink. Rejects with a ConfigError that says what was tried when there is no way to reach it. */
export async function openSink(surroundings: Surroundings, choice: RecordSinkChoice): Promise<Sink> {
  const { config, clock, random, log, metrics } = surroundings;
  if (choice.kind === "file") {
    const { openFileSink } = await import("../sink/file.ts");
    const { directory } = choice;
    const { compression, rotateBytes, rotateAgeMs } = config;
    return openFileSink({ directory, compression, rotateBytes, rotateAgeMs, clock, random, log });
  }
  const { connectAws } = await import("./connect-aws.ts");
  if (choice.kind === "kinesis") {
    const { createKinesisSink, kinesisDataBytesMax, parseKinesisStream } = await import("../sink/kinesis.ts");
    assertRecordBytes(config, kinesisDataBytesMax, choice);
    const { stream } = choice;
    const client = await connectAws(surroundings, "kinesis", parseKinesisStream(stream).region);
    const onShards = (count: number) => metrics.kinesisShards.set(count);
    const spread = config.kinesisSpread === "auto" ? { log, onShards } : undefined;
    return createKinesisSink({ client, stream, clock, random, spread });
  }
  const { createFirehoseSink, firehoseRecordBytesMax, parseFirehoseStream } = await import(
    "../sink/firehose.ts"
  );
  assertRecordBytes(config, firehoseRecordBytesMax, choice);
  const { stream } = choice;
  return createFirehoseSink({
    client: await connectAws(surroundings, "firehose", parseFirehoseStream(stream).region),
    stream,
  });
}

/** Before credentials are looked for: the command line is wrong wherever the program runs. */
function assertRecordBytes({ recordBytesMax }: Config, limit: number, { kind, stream }: StreamChoice): void {
  if (recordBytesMax === undefined || recordBytesMax <= limit) return;
  const allowed = `at most ${limit}, the limit of ${kind}:${stream}`;
  throw new ConfigError(2, `--record-bytes ${recordBytesMax} is not ${allowed}`);
}

type StreamChoice = Exclude<RecordSinkChoice, { readonly kind: "file" }>;
