import assert from "node:assert/strict";
import { test } from "node:test";
import type { AwsAnswer } from "../../../src/aws/client.ts";
import { hashKeyWithin, listOpenShards, type Shard } from "../../../src/sink/kinesis/shards.ts";
import { neverAborted } from "../../support/aws-stand-in.ts";

const last = 2n ** 128n - 1n;
const shard = (id: string, start: unknown, end: unknown, ending?: unknown) => ({
  ShardId: id,
  HashKeyRange: { StartingHashKey: start, EndingHashKey: end },
  SequenceNumberRange: {
    StartingSequenceNumber: "1",
    ...(ending === undefined ? {} : { EndingSequenceNumber: ending }),
  },
});

/** What comes of a listing whose calls are answered with `values` in turn, the last one again and again. */
async function listed(...values: readonly Readonly<Record<string, unknown>>[]) {
  let calls = 0;
  const post = async (): Promise<AwsAnswer> => {
    calls++;
    return await Promise.resolve({ kind: "answered", value: values[Math.min(calls, values.length) - 1]! });
  };
  return { listing: await listOpenShards({ post }, { StreamName: "s" }, neverAborted), calls };
}

test("open shards come back by their ranges, closed ones and repetitions do not", async () => {
  const { listing } = await listed(
    {
      Shards: [shard("c", "200", String(last)), shard("a", "0", "99"), shard("p", "0", "199", "49")],
      NextToken: "t",
    },
    { Shards: [shard("b", "100", "199", ""), shard("a", "0", "99", null)], NextToken: "" },
  );
  assert.ok(listing.kind === "listed");
  assert.deepEqual(
    listing.shards.map(({ id, startHash }) => [id, startHash]),
    [
      ["a", 0n],
      ["b", 100n],
      ["c", 200n],
    ],
  );
});

const unreadable: readonly [what: string, shards: unknown][] = [
  ["no list", undefined],
  ["nothing", []],
  ["only closed shards", [shard("a", "0", "9", "49")]],
  ["an entry that is no shard", ["a"]],
  ["a range from behind", [shard("a", "9", "1")]],
  ["a range above 2^128", [shard("a", "0", String(last + 1n))]],
  ["a range in hexadecimal", [shard("a", "0x0", "0xff")]],
  ["numbers for texts", [shard("a", 0, 99)]],
  ["a shard without a range", [{ ShardId: "a" }]],
  ["a shard without a name", [{ ...shard("a", "0", "9"), ShardId: undefined }]],
];
for (const [what, Shards] of unreadable) {
  test(`a listing with ${what} is a failure that may pass`, async () => {
    const { listing } = await listed({ Shards });
    assert.ok(listing.kind === "failed");
    assert.deepEqual([listing.verdict.kind, listing.verdict.reason], ["retryable", "malformed-answer"]);
  });
}

test("a listing that always names a next page ends", async () => {
  const { listing, calls } = await listed({ Shards: [shard("a", "0", "9")], NextToken: "more" });
  assert.equal(listing.kind, "failed");
  assert.equal(calls, 100);
});

test("hash keys lie in their shard's range, both ends included, and fill it evenly", () => {
  const whole: Shard = { id: "a", startHash: 0n, endHash: last };
  assert.equal(
    hashKeyWithin(whole, () => 0),
    "0",
  );
  assert.equal(
    hashKeyWithin(whole, () => 1 - 2 ** -32),
    String(last),
  );
  const one: Shard = { id: "a", startHash: last, endHash: last };
  for (const chance of [0, 0.5, 1 - 2 ** -53])
    assert.equal(
      hashKeyWithin(one, () => chance),
      String(last),
    );
  const part: Shard = { id: "a", startHash: 1_000n, endHash: 1_009n };
  const counts = new Array<number>(10).fill(0);
  for (let i = 0; i < 10_000; i++) {
    const at = Number(hashKeyWithin(part, Math.random)) - 1_000;
    assert.ok(at >= 0 && at <= 9, String(at));
    counts[at]!++;
  }
  // 1,000 each are expected; 800 is six standard deviations away.
  for (const count of counts) assert.ok(count > 800, counts.join(" "));
});
