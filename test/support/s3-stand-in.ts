/** A bucket whose service is a script. */
import { createS3Bucket } from "../../src/aws/s3.ts";
import { type StandInOptions, standIn } from "./aws-stand-in.ts";

export type BucketStandInOptions = StandInOptions & {
  readonly bucket?: string;
  readonly pathStyle?: boolean;
};

export function bucketStandIn(options: BucketStandInOptions) {
  const { bucket = "archive", pathStyle = false } = options;
  const stood = standIn({ service: "s3", ...options });
  return { ...stood, s3: createS3Bucket({ client: stood.client, bucket, pathStyle }) };
}

export function xml(text: string, status = 200, headers: Readonly<Record<string, string>> = {}): Response {
  return new Response(`<?xml version="1.0" encoding="UTF-8"?>\n${text}`, { status, headers });
}
