/** The links of the chain that belong to the sink: from AWS' endpoint, or the directory, to a put. */
import type { AwsClient, AwsService } from "../aws/client.ts";
import type { Compression } from "../compression.ts";
import { describeError } from "../errors.ts";
import { createFirehoseSink, parseFirehoseStream } from "../sink/firehose.ts";
import { createKinesisSink, parseKinesisStream } from "../sink/kinesis.ts";
import { type AwsAccess, type AwsAccessOptions, checkAwsAccess } from "./aws-access.ts";
import { type BucketOptions, checkBucket, putObjectStep, trialUploadStep } from "./bucket.ts";
import { checkDeliveryStream } from "./delivery-stream.ts";
import { checkKinesisStream, dryRunStep } from "./kinesis-stream.ts";
import { checkReach } from "./reach.ts";
import { failed, type Steps, skipped } from "./step.ts";
import { putTestLine, putTestLineFlag, testLine, testMetric } from "./test-line.ts";

/** A sink at AWS, as the command line names it. */
export type AwsSinkChoice =
  | { readonly kind: "kinesis"; readonly stream: string }
  | { readonly kind: "firehose"; readonly stream: string }
  | { readonly kind: "s3"; readonly bucket: string; readonly prefix: string };

export interface AwsChainOptions extends Omit<AwsAccessOptions, "regionOfStream"> {
  readonly sink: AwsSinkChoice;
  readonly compression: Compression;
  readonly recordBytesMax: number | undefined;
  readonly kinesisSpreads: boolean;
  readonly s3PathStyle: boolean;
  /** A delivery stream that reads from the Kinesis stream. */
  readonly deliveryStream: string | undefined;
  /** Consent to one line that stays. */
  readonly putsTestLine: boolean;
  readonly random: () => number;
}

/** From credentials to a put. What needs what is missing is told as skipped. */
export async function* checkAwsChain(options: AwsChainOptions): Steps {
  const { sink } = options;
  const regionOfStream =
    sink.kind === "kinesis"
      ? parseKinesisStream(sink.stream).region
      : sink.kind === "firehose"
        ? parseFirehoseStream(sink.stream).region
        : undefined;
  const access = yield* checkAwsAccess({ ...options, regionOfStream });
  if (access === undefined) {
    yield skipped("endpoint", "AWS cannot be asked without region and credentials");
    return;
  }
  const service: AwsService = sink.kind;
  let client: AwsClient;
  try {
    client = access.clientOf(service);
  } catch (error) {
    yield failed("endpoint", describeError(error), "correct the endpoint that is configured");
    return;
  }
  const { fetch, clock, callTimeoutMs: timeoutMs } = options;
  if (!(yield* checkReach({ endpoint: client.endpoint, fetch, clock, timeoutMs }))) {
    yield skipped(sink.kind === "s3" ? "bucket" : "stream", "its endpoint cannot be reached");
    yield skipped("put", "its endpoint cannot be reached");
    return;
  }
  if (sink.kind === "s3") yield* checkS3(options, sink, client);
  else if (sink.kind === "kinesis") {
    yield* checkKinesis(options, sink.stream, client);
    if (options.deliveryStream !== undefined) yield* checkReader(options, sink.stream, access);
  } else yield* checkFirehose(options, sink.stream, client);
}

async function* checkKinesis(options: AwsChainOptions, stream: string, client: AwsClient): Steps {
  const { recordBytesMax, kinesisSpreads: spreads, putsTestLine, clock, random, compression } = options;
  yield* checkKinesisStream({ client, stream, recordBytesMax, spreads });
  if (!putsTestLine) {
    yield await dryRunStep({ client, stream });
    return;
  }
  const line = testLine(`kinesis:${parseKinesisStream(stream).name}`, Math.round(clock.now()));
  yield await putTestLine(createKinesisSink({ client, stream, random, clock }), line, compression);
}

/** The delivery stream behind the Kinesis stream: what it does to our records counts as well. */
async function* checkReader(
  { deliveryStream, compression }: AwsChainOptions,
  stream: string,
  access: AwsAccess,
): Steps {
  if (deliveryStream === undefined) return;
  const { arn, name } = parseKinesisStream(stream);
  const client = access.clientOf("firehose");
  const reader = { client, stream: deliveryStream, compression, reads: arn ?? name };
  for await (const step of checkDeliveryStream(reader)) yield { ...step, name: `delivery ${step.name}` };
}

async function* checkFirehose(options: AwsChainOptions, stream: string, client: AwsClient): Steps {
  const { putsTestLine, clock, compression } = options;
  yield* checkDeliveryStream({ client, stream, compression });
  if (!putsTestLine) {
    const todo = `${putTestLineFlag} puts one line of the metric ${testMetric}, which stays in the archive`;
    yield skipped("put", "not tried: Firehose has no dry run", todo);
    return;
  }
  const line = testLine(`firehose:${parseFirehoseStream(stream).name}`, Math.round(clock.now()));
  yield await putTestLine(createFirehoseSink({ client, stream }), line, compression);
}

async function* checkS3(
  options: AwsChainOptions,
  { bucket, prefix }: Extract<AwsSinkChoice, { readonly kind: "s3" }>,
  client: AwsClient,
): Steps {
  const { s3PathStyle: pathStyle, random, clock, putsTestLine, compression } = options;
  const nowMs = Math.round(clock.now());
  const address: BucketOptions = { client, bucket, pathStyle, prefix, random, nowMs };
  yield* checkBucket(address);
  if (!putsTestLine) yield await trialUploadStep(address);
  else yield await putObjectStep(address, testLine(`s3://${bucket}/${prefix}`, nowMs), compression);
}
