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
}

type Fields = Readonly<Record<string, unknown>>;

/** Everything but a put. */
export async function* checkDeliveryStream({ client, stream, compression }: DeliveryStreamOptions): Steps {
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
  yield sourceStep(description);
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

function sourceStep(description: Fields): Step {
  const type = textIn(description, "DeliveryStreamType");
  if (type === "DirectPut" || type === "") return ok("source", "takes direct puts");
  const source = objectIn(objectIn(description, "Source"), "KinesisStreamSourceDescription");
  const arn = textIn(source, "KinesisStreamARN");
  const todo = `put into its source: --sink kinesis:${arn || "STREAM"}`;
  return failed("source", `takes no direct puts: its source is ${arn || type}`, todo);
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
