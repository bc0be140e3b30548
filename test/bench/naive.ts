/** Yardstick (b), the naive program: reference decoder, JSON.stringify per sample, one record for each. */
import { createRequire } from "node:module";
import { fromBinary } from "@bufbuild/protobuf";
import { AwsV4Signer } from "aws4fetch";
import { RequestSchema } from "../../src/remote/gen/io/prometheus/write/v2/types_pb.ts";
import { WriteRequestSchema } from "../../src/remote/gen/prometheus/remote_pb.ts";
import type { Contender } from "./measure.ts";
import { nullCredentials, nullRegion } from "./null-aws.ts";
import type { WriteBody } from "./requests.ts";
import type { Round } from "./rounds.ts";

// snappyjs comes without types.
const { uncompress } = createRequire(import.meta.url)("snappyjs") as {
  uncompress(bytes: Uint8Array): Uint8Array;
};
const recordsPerPut = 500;

interface Item {
  readonly value: number;
  readonly timestamp: bigint;
}

export const naive: Contender<Round> = {
  name: "naive",
  async run({ bodies }) {
    for (const body of bodies) {
      const lines = linesOf(body);
      for (let at = 0; at < lines.length; at += recordsPerPut) await put(lines.slice(at, at + recordsPerPut));
    }
  },
};

function linesOf({ version, body }: WriteBody): string[] {
  const lines: string[] = [];
  const add = (labels: Readonly<Record<string, string>>, samples: readonly Item[]) => {
    for (const { value, timestamp } of samples) {
      const time = Number(timestamp);
      lines.push(`${JSON.stringify({ name: labels["__name__"], time, value, labels })}\n`);
    }
  };
  const message = uncompress(body);
  if (version === 1) {
    for (const { labels, samples } of fromBinary(WriteRequestSchema, message).timeseries) {
      add(Object.fromEntries(labels.map(({ name, value }) => [name, value])), samples);
    }
    return lines;
  }
  const { symbols, timeseries } = fromBinary(RequestSchema, message);
  for (const { labelsRefs, samples } of timeseries) {
    const labels: Record<string, string> = {};
    for (let at = 0; at < labelsRefs.length; at += 2) {
      labels[symbols[labelsRefs[at]!]!] = symbols[labelsRefs[at + 1]!]!;
    }
    add(labels, samples);
  }
  return lines;
}

async function put(lines: readonly string[]): Promise<void> {
  const records = lines.map((line) => ({
    Data: Buffer.from(line).toString("base64"),
    PartitionKey: String(Math.random()),
  }));
  const signer = new AwsV4Signer({
    method: "POST",
    url: "https://kinesis.invalid/",
    headers: { "Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": "Kinesis_20131202.PutRecords" },
    body: JSON.stringify({ StreamName: "bench", Records: records }),
    ...nullCredentials,
    service: "kinesis",
    region: nullRegion,
  });
  await signer.sign();
}
