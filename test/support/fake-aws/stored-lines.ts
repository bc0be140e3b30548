/** From stored bytes back to the lines that senders were told are durable. */
import type { LinesOf } from "./fake-aws.ts";
import { inflated } from "./inflated.ts";
import type { LineCounts } from "./line-counts.ts";
import { sortedKeys } from "./s3-list.ts";
import type { Services } from "./services.ts";

/** The lines in the order they were stored in, each with its `\n`; the last one of a piece may lack it. */
export function linesOf(services: Services, of: LinesOf): string[] {
  const lines: string[] = [];
  for (const piece of piecesOf(services, of)) {
    const found = inflated(piece)
      .toString("utf8")
      .match(/[^\n]*\n|[^\n]+$/g);
    if (found !== null) for (const line of found) lines.push(line);
  }
  return lines;
}

/** The counts of lines; only there when hashes are kept instead of data. */
export function countsOf(services: Services, of: LinesOf): LineCounts {
  const { lines } = storeOf(services, of);
  if (lines !== undefined && !("bucket" in of && of.prefix !== undefined)) return lines;
  throw new RangeError(
    `no counts of ${JSON.stringify(of)}: start with keep: "line-hashes", and ask without prefix`,
  );
}

function storeOf(
  { kinesis, firehose, store }: Services,
  of: LinesOf,
): { readonly lines: LineCounts | undefined } {
  const found =
    "stream" in of
      ? kinesis.streams.get(of.stream)
      : "bucket" in of
        ? store.buckets.get(of.bucket)
        : firehose.streams.get(of.deliveryStream);
  if (found === undefined) throw new RangeError(`the fake has no ${JSON.stringify(of)}`);
  return found;
}

function piecesOf(services: Services, of: LinesOf): readonly Uint8Array[] {
  const { kinesis, firehose, store } = services;
  const { lines } = storeOf(services, of);
  if (lines !== undefined) throw new RangeError("only hashes of lines are kept: ask for their counts");
  if ("stream" in of) {
    return kinesis.streams.get(of.stream)!.shards.flatMap(({ records }) => records.map(({ data }) => data));
  }
  if ("bucket" in of) {
    const { objects } = store.buckets.get(of.bucket)!;
    const keys = sortedKeys(objects.keys()).filter((key) => key.startsWith(of.prefix ?? ""));
    return keys.map((key) => objects.get(key)!.body);
  }
  const { options, delivered, held } = firehose.streams.get(of.deliveryStream)!;
  const { objects } = store.buckets.get(options.bucket)!;
  return [...delivered.map((key) => objects.get(key)?.body ?? Buffer.alloc(0)), ...held];
}
