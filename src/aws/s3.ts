/**
 * One bucket of S3, or of a service that speaks its protocol. One attempt each; the retries are in ship.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/API_Operations_Amazon_Simple_Storage_Service.html
 */
import type { AwsClient } from "./client.ts";

export interface S3BucketOptions {
  readonly client: AwsClient;
  readonly bucket: string;
  /** The bucket in the path, not in the host's name; always so where the host has no room for a name. */
  readonly pathStyle: boolean;
}

export interface S3Bucket {
  /** Bucket name, for logs. */
  readonly bucket: string;
}

export function createS3Bucket({ bucket }: S3BucketOptions): S3Bucket {
  return { bucket };
}
