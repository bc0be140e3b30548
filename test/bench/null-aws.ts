/** An AWS without a network, in this process: every record of a put is durable at once. */
import { type AwsClient, createAwsClient, type Fetch } from "../../src/aws/client.ts";
import { systemClock } from "../../src/clock.ts";
import { createKinesisSink } from "../../src/sink/kinesis.ts";
import type { Sink } from "../../src/sink/sink.ts";
import { silentLog } from "../support/silent-log.ts";

export const nullCredentials = { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "wJalrXUtnFEMI/K7MDENG" };
export const nullRegion = "eu-central-1";

/** What Kinesis answers to a put of `count` records. */
export function durableAnswer(count: number): string {
  const record =
    '{"SequenceNumber":"49590338271490256608559692538361571095921575989136588898","ShardId":"shardId-0"}';
  return `{"FailedRecordCount":0,"Records":[${new Array<string>(count).fill(record).join(",")}]}`;
}

/** The same of Firehose. */
export function durableFirehoseAnswer(count: number): string {
  const record =
    '{"RecordId":"q7Jq0UOBoTx0VYvDvyPzRkJq0UOBoTx0VYvDvyPzRkJq0UOBoTx0VYvDvyPzRkJq0UOBoTx0VYvDvyPzRkJq"}';
  return `{"FailedPutCount":0,"RequestResponses":[${new Array<string>(count).fill(record).join(",")}]}`;
}

/** Our client; `fetch` goes out or does not. */
export function nullClient(fetch: Fetch, endpoint: URL): AwsClient {
  return createAwsClient({
    service: "kinesis",
    region: nullRegion,
    endpoint,
    credentials: {
      get: () => Promise.resolve({ ...nullCredentials, sessionToken: undefined, expirationMs: undefined }),
      invalidate: () => undefined,
    },
    fetch,
    clock: systemClock,
    log: silentLog,
    userAgent: "bench",
  });
}

/**
 * The real Kinesis sink and client over a `fetch` that answers by itself. Looking for the records in a body would cost
 * as much as writing it, so the answer is told how many there are: sink, client and fetch are called in one go.
 */
export function nullKinesis(): Sink & { readonly sentBytes: () => number } {
  const counts = new WeakMap<object, number>();
  let putting = 0;
  let sentBytes = 0;
  const fetch: Fetch = (_, { body }) => {
    const bytes = body as Uint8Array;
    sentBytes += bytes.length;
    return Promise.resolve(new Response(durableAnswer(counts.get(bytes) ?? 0)));
  };
  const client = nullClient(fetch, new URL("https://kinesis.invalid/"));
  const counting: AwsClient = {
    ...client,
    post(target, body, signal) {
      counts.set(body, putting);
      return client.post(target, body, signal);
    },
    request(request, signal) {
      if (request.body !== undefined) counts.set(request.body, putting);
      return client.request(request, signal);
    },
  };
  const sink = kinesisOver(counting);
  return {
    ...sink,
    put(records, signal) {
      putting = records.length;
      return sink.put(records, signal);
    },
    sentBytes: () => sentBytes,
  };
}

/** The real Kinesis sink, which spreads by chance. */
export function kinesisOver(client: AwsClient): Sink {
  return createKinesisSink({ client, stream: "bench", clock: systemClock, random: Math.random });
}
