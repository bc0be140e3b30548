/**
 * The open shards of a stream, and hash keys that lead to them.
 * https://docs.aws.amazon.com/kinesis/latest/APIReference/API_ListShards.html
 */
import { isObject } from "../../aws/answer.ts";
import { classifyFailure, type Verdict } from "../../aws/classify.ts";
import type { AwsClient } from "../../aws/client.ts";
import type { Random } from "../../clock.ts";

/** A shard that takes records: those whose hash key is in its range, both ends included. */
export interface Shard {
  readonly id: string;
  readonly startHash: bigint;
  readonly endHash: bigint;
}

export type ShardListing =
  | { readonly kind: "listed"; readonly shards: readonly Shard[] }
  | { readonly kind: "failed"; readonly verdict: Verdict };

/** Shards of one answer. */
const pageShards = 1_000;
/** More shards than any stream has; an answer that always names a next page must end somewhere. */
const pagesMax = 100;
const hashKeyMax = 2n ** 128n - 1n;

/** All open shards, by their ranges. `address`: StreamName or StreamARN. Never rejects for what the service does. */
export async function listOpenShards(
  client: Pick<AwsClient, "post">,
  address: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<ShardListing> {
  const filtered = { ...address, MaxResults: pageShards, ShardFilter: { Type: "AT_LATEST" } };
  let answer = await call(client, filtered, signal);
  // Services that stand in for Kinesis may know no filter; closed shards are told by themselves as well.
  if (answer.kind === "failed" && answer.verdict.kind === "refused")
    answer = await call(client, { ...address, MaxResults: pageShards }, signal);
  const shards = new Map<string, Shard>();
  for (let page = 1; ; page++) {
    if (answer.kind === "failed") return answer;
    const found = openShards(answer.value["Shards"]);
    if (found === undefined) return malformed("ListShards answered with shards that cannot be read");
    for (const shard of found) shards.set(shard.id, shard);
    const next = answer.value["NextToken"];
    if (typeof next !== "string" || next === "") break;
    if (page === pagesMax) return malformed(`ListShards answered with more than ${pagesMax} pages`);
    answer = await call(client, { NextToken: next, MaxResults: pageShards }, signal);
  }
  if (shards.size === 0) return malformed("ListShards named no open shard");
  const byRange = [...shards.values()].sort((a, b) => (a.startHash < b.startHash ? -1 : 1));
  return { kind: "listed", shards: byRange };
}

function call(
  client: Pick<AwsClient, "post">,
  request: Readonly<Record<string, unknown>>,
  signal: AbortSignal,
) {
  return client.post(
    "Kinesis_20131202.ListShards",
    new TextEncoder().encode(JSON.stringify(request)),
    signal,
  );
}

function malformed(message: string): ShardListing {
  const unread = { status: 200, code: "malformed-answer", serverDateMs: undefined, signedAtMs: undefined };
  return { kind: "failed", verdict: classifyFailure("kinesis", { ...unread, message }) };
}

/** Those of one answer that have no end; undefined where one of them cannot be read. */
function openShards(list: unknown): readonly Shard[] | undefined {
  if (!Array.isArray(list)) return undefined;
  const open: Shard[] = [];
  for (const each of list as readonly unknown[]) {
    if (!isObject(each)) return undefined;
    const { ShardId: id, HashKeyRange: range, SequenceNumberRange: sequence } = each;
    if (isObject(sequence) && (sequence["EndingSequenceNumber"] ?? "") !== "") continue;
    const startHash = isObject(range) ? hashKey(range["StartingHashKey"]) : undefined;
    const endHash = isObject(range) ? hashKey(range["EndingHashKey"]) : undefined;
    if (typeof id !== "string" || startHash === undefined || endHash === undefined || startHash > endHash)
      return undefined;
    open.push({ id, startHash, endHash });
  }
  return open;
}

function hashKey(text: unknown): bigint | undefined {
  if (typeof text !== "string" || !/^(?:0|[1-9]\d{0,38})$/.test(text)) return undefined;
  const key = BigInt(text);
  return key <= hashKeyMax ? key : undefined;
}

/**
 * A hash key of chance within the shard's range, in decimal: when the shard is split, its share is split with it.
 * https://docs.aws.amazon.com/kinesis/latest/APIReference/API_PutRecordsRequestEntry.html (ExplicitHashKey)
 */
export function hashKeyWithin({ startHash, endHash }: Shard, random: Random): string {
  let chance = 0n;
  for (let part = 0; part < 4; part++) chance = (chance << 32n) | BigInt(Math.floor(random() * 2 ** 32));
  return (startHash + (((endHash - startHash + 1n) * chance) >> 128n)).toString();
}
