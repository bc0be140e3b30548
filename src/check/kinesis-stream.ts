/**
 * A Kinesis stream: its state, room, key, and whether records may be put.
 * https://docs.aws.amazon.com/kinesis/latest/APIReference/API_DescribeStreamSummary.html,
 * https://docs.aws.amazon.com/kinesis/latest/APIReference/API_PutRecords.html (DryRun; both 2026-11)
 */
import type { AwsClient } from "../aws/client.ts";
import { listOpenShards } from "../sink/kinesis/shards.ts";
import { parseKinesisStream } from "../sink/kinesis.ts";
import { callJson, failedBy, isDenied, numberIn, objectIn, partsOf, textIn, unasked } from "./aws-answer.ts";
import { failed, ok, type Step, type Steps, skipped, warning } from "./step.ts";

export interface KinesisStreamOptions {
  readonly client: AwsClient;
  /** Name or ARN. */
  readonly stream: string;
  /** Bytes of a record as they are configured; undefined: what suits the stream. */
  readonly recordBytesMax: number | undefined;
  /** Whether records are to be spread over the shards. */
  readonly spreads: boolean;
}

type Fields = Readonly<Record<string, unknown>>;
type Address = Readonly<Record<string, string>>;

/** Everything but a put that is to be seen. */
export async function* checkKinesisStream(options: KinesisStreamOptions): Steps {
  const { name, arn } = parseKinesisStream(options.stream);
  const address: Address = arn === undefined ? { StreamName: name } : { StreamARN: arn };
  const action = "kinesis:DescribeStreamSummary";
  const answer = await callJson(options.client, "Kinesis_20131202.DescribeStreamSummary", address);
  if (answer.kind === "failed") {
    yield unasked("stream", action, "status, mode, limits and key", answer);
  } else {
    const summary = objectIn(answer.value, "StreamDescriptionSummary");
    yield statusStep(summary, name);
    yield limitsStep(summary, options);
    yield encryptionStep(summary);
  }
  yield await shardsStep(options, address);
}

function statusStep(summary: Fields, name: string): Step {
  const status = textIn(summary, "StreamStatus");
  const mode = textIn(objectIn(summary, "StreamModeDetails"), "StreamMode");
  const words =
    mode === "ON_DEMAND" ? "on-demand" : mode.toLowerCase().replaceAll("_", "-") || "unknown mode";
  const hours = numberIn(summary, "RetentionPeriodHours");
  const kept = hours === undefined ? "" : `, keeps records ${hours} h`;
  const message = `${name} is ${status}, ${words}${kept}`;
  if (status === "ACTIVE" || status === "UPDATING") return ok("stream", message);
  if (status === "CREATING") return failed("stream", message, "wait until it is ACTIVE");
  return failed(
    "stream",
    message,
    "records are put into an ACTIVE stream: create it again, or name another one",
  );
}

/** Of one shard, a second. https://docs.aws.amazon.com/streams/latest/dev/service-sizes-and-limits.html (2026-11) */
const shardRecords = 1_000;
const shardMebibytes = 1;
const recordKibibytesDefault = 1_024;

function limitsStep(summary: Fields, { recordBytesMax }: KinesisStreamOptions): Step {
  const shards = numberIn(summary, "OpenShardCount");
  const kibibytes = numberIn(summary, "MaxRecordSizeInKiB") ?? recordKibibytesDefault;
  const isOnDemand = textIn(objectIn(summary, "StreamModeDetails"), "StreamMode") === "ON_DEMAND";
  const room =
    shards === undefined
      ? "shards unknown"
      : isOnDemand
        ? `${counted(shards, "open shard")} at present, on-demand streams make room for twice the peak of 30 days`
        : `${counted(shards, "open shard")}: ${shards * shardMebibytes} MiB/s and ${shards * shardRecords} records/s`;
  const message = `${room}; records of at most ${kibibytes} KiB`;
  if (recordBytesMax !== undefined && recordBytesMax > kibibytes * 1024) {
    const todo = "lower --record-bytes, or raise the stream's limit (UpdateMaxRecordSize)";
    return failed("limits", `${message}, but --record-bytes is ${recordBytesMax}`, todo);
  }
  return ok("limits", message);
}

function encryptionStep(summary: Fields): Step {
  const type = textIn(summary, "EncryptionType");
  const key = textIn(summary, "KeyId");
  if (type !== "KMS") return ok("encryption", "none by the stream (EncryptionType NONE)");
  if (key === "alias/aws/kinesis") return ok("encryption", "KMS with AWS' own key (alias/aws/kinesis)");
  return ok("encryption", `KMS with key ${key}: whoever puts needs kms:GenerateDataKey on it`);
}

async function shardsStep({ client, spreads }: KinesisStreamOptions, address: Address): Promise<Step> {
  if (!spreads) return skipped("shards", "--kinesis-spread off: records go to shards by chance");
  const listing = await listOpenShards(client, address, new AbortController().signal);
  if (listing.kind === "listed")
    return ok(
      "shards",
      `${counted(listing.shards.length, "open shard")}, records are spread over them evenly`,
    );
  const { said, remedy = "run the check again" } = partsOf(listing.verdict.message);
  const toAllow =
    "allow kinesis:ListShards: it is optional, records are spread over the shards by chance without it";
  return warning("shards", said, /denied|not ?authorized/i.test(said) ? toAllow : remedy);
}

/**
 * Whether records may be put, without putting one. A service that does not know DryRun stores the record: it is empty,
 * so that no line comes of it.
 */
export async function dryRunStep({
  client,
  stream,
}: Pick<KinesisStreamOptions, "client" | "stream">): Promise<Step> {
  const { name, arn } = parseKinesisStream(stream);
  const answer = await callJson(client, "Kinesis_20131202.PutRecords", {
    ...(arn === undefined ? { StreamName: name } : { StreamARN: arn }),
    Records: [{ Data: "", PartitionKey: "prometheus-remote-kinesis-check" }],
    DryRun: true,
  });
  if (answer.kind === "answered") {
    const message =
      "kinesis:PutRecords is allowed; the service knows no DryRun and stored an empty record, no line";
    return ok("put", message);
  }
  const { failure, verdict } = answer;
  if (failure.code === "DryRunOperationException")
    return ok("put", "kinesis:PutRecords is allowed (DryRun: nothing was put)");
  if (isDenied(answer)) {
    return failed(
      "put",
      partsOf(verdict.message).said,
      `allow kinesis:PutRecords on stream ${arn ?? name} (and its KMS key)`,
    );
  }
  if (verdict.kind === "retryable" && verdict.throttled)
    return warning("put", partsOf(verdict.message).said, "the stream is at its limit: give it more room");
  if (verdict.kind === "refused")
    return warning("put", `not known: ${verdict.message}`, "use --put-test-line");
  return failedBy("put", verdict.message);
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
