/**
 * A delivery stream: its state, its key, and whether what it does on the way to S3 goes with what we put.
 * https://docs.aws.amazon.com/firehose/latest/APIReference/API_DescribeDeliveryStream.html (2026-11)
 */
import type { AwsClient } from "../aws/client.ts";
import type { Compression } from "../compression.ts";
import { parseFirehoseStream } from "../sink/firehose.ts";
import { callJson, objectIn, objectsIn, textIn, unasked } from "./aws-answer.ts";
import { judgeDelivery } from "./delivery-settings.ts";
import { failed, ok, type Step, type Steps, warning } from "./step.ts";

export interface DeliveryStreamOptions {
  readonly client: AwsClient;
  /** Name or ARN. */
  readonly stream: string;
  readonly compression: Compression;
  /** The Kinesis stream that it is to read from; not set: we put into it. */
  readonly reads?: string;
}

type Fields = Readonly<Record<string, unknown>>;

/** Everything but a put. */
export async function* checkDeliveryStream(options: DeliveryStreamOptions): Steps {
  const { client, stream, compression, reads } = options;
  const { name } = parseFirehoseStream(stream);
  const answer = await callJson(client, "Firehose_20150804.DescribeDeliveryStream", {
    DeliveryStreamName: name,
  });
  if (answer.kind === "failed") {
    const action = "firehose:DescribeDeliveryStream";
    yield unasked("stream", action, "status, key, compression, prefix and processing", answer);
    return;
  }
  const description = objectIn(answer.value, "DeliveryStreamDescription");
  yield statusStep(description, name);
  yield reads === undefined ? directStep(description) : readsStep(description, reads);
  yield encryptionStep(objectIn(description, "DeliveryStreamEncryptionConfiguration"));
  const [destination] = objectsIn(description, "Destinations");
  const toS3 = objectIn(destination ?? {}, "ExtendedS3DestinationDescription");
  if (Object.keys(toS3).length === 0) {
    const message = "delivers to something else than S3, or does not say where";
    yield warning("delivery", message, "an archive of lines needs an S3 destination");
    return;
  }
  yield* judgeDelivery(toS3, compression);
}

function statusStep(description: Fields, name: string): Step {
  const status = textIn(description, "DeliveryStreamStatus");
  const message = `${name} is ${status}`;
  if (status === "ACTIVE") return ok("stream", message);
  const reason = textIn(objectIn(description, "FailureDescription"), "Details");
  if (status === "CREATING") return failed("stream", message, "wait until it is ACTIVE");
  return failed("stream", `${message}${reason && `: ${reason}`}`, "create it again, or name another one");
}

function directStep(description: Fields): Step {
  const type = textIn(description, "DeliveryStreamType");
  if (type === "DirectPut" || type === "") return ok("source", "takes direct puts");
  const arn = sourceArn(description);
  const todo = `put into its source: --sink kinesis:${arn || "STREAM"}`;
  return failed("source", `takes no direct puts: its source is ${arn || type}`, todo);
}

function readsStep(description: Fields, stream: string): Step {
  const arn = sourceArn(description);
  if (arn === stream || arn.endsWith(`:stream/${stream}`)) return ok("source", `reads from ${stream}`);
  const actual = arn === "" ? "it takes direct puts" : `it reads from ${arn}`;
  const todo =
    "name the delivery stream that reads from this stream, or create one: records stay in the stream only";
  return failed("source", `does not read from ${stream}: ${actual}`, todo);
}

function sourceArn(description: Fields): string {
  const source = objectIn(objectIn(description, "Source"), "KinesisStreamSourceDescription");
  return textIn(source, "KinesisStreamARN");
}

function encryptionStep(encryption: Fields): Step {
  const [status, type, key] = ["Status", "KeyType", "KeyARN"].map((name) => textIn(encryption, name));
  if (status === "ENABLED")
    return ok(
      "encryption",
      type === "CUSTOMER_MANAGED_CMK" ? `KMS with key ${key}` : "KMS with AWS' own key",
    );
  if (status === "ENABLING_FAILED" || status === "DISABLING_FAILED") {
    const details = textIn(objectIn(encryption, "FailureDescription"), "Details");
    return failed(
      "encryption",
      `${status}${details && `: ${details}`}`,
      "look at the KMS key and its grants",
    );
  }
  return ok("encryption", `none by the delivery stream (${status || "not said"})`);
}
