import assert from "node:assert/strict";
import { test } from "node:test";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { startFakeAws } from "../support/fake-aws/fake-aws.ts";
import { createLineCounts } from "../support/fake-aws/line-counts.ts";
import { jsonCall, signedRequest } from "../support/fake-aws/signed-request.ts";
import { seededRandom } from "../support/seeded-random.ts";

const line = (i: number) => `{"name":"ü","time":${i}}\n`;
/** One stored piece per way to compress: two members or frames each, as concatenated records make them. */
const pieces = [
  Buffer.from(line(1) + line(2)),
  Buffer.concat([gzipSync(line(3)), gzipSync(line(4) + line(5))]),
  Buffer.concat([zstdCompressSync(line(6)), zstdCompressSync(line(7))]),
  gzipSync(line(1)),
];
const expected = [1, 2, 3, 4, 5, 6, 7, 1].map(line);

for (const keep of ["data", "line-hashes"] as const) {
  test(`lines of records and objects are known again, plain and compressed, with ${keep} kept`, async () => {
    const fake = await startFakeAws({
      keep,
      streams: [{ name: "s" }],
      deliveryStreams: [{ name: "d", bucket: "delivered" }],
      buckets: ["b"],
    });
    try {
      const Records = pieces.map((piece) => ({ Data: piece.toString("base64") }));
      const keyed = Records.map((record) => ({ ...record, PartitionKey: "k" }));
      await jsonCall(fake, "Kinesis_20131202.PutRecords", { StreamName: "s", Records: keyed });
      // Firehose joins what it delivers: only pieces of one kind give a readable object.
      const plain = [{ Data: pieces[0]!.toString("base64") }];
      await jsonCall(fake, "Firehose_20150804.PutRecordBatch", { DeliveryStreamName: "d", Records: plain });
      for (const [i, body] of pieces.entries()) {
        // Twice, as after a lost answer: the same object under the same key is one object.
        for (const _ of [1, 2]) {
          await signedRequest(fake, { service: "s3", method: "PUT", target: `/b/${i}`, body });
        }
      }
      fake.command({ kind: "deliver" });
      assert.deepEqual(fake.problems, []);
      for (const place of [{ stream: "s" }, { bucket: "b" }]) {
        if (keep === "data") assert.deepEqual(fake.lines(place), expected);
        else {
          const counts = fake.lineCounts(place);
          const found = [1, 2, 7, 8].map((i) => counts.of(Buffer.from(line(i))));
          assert.deepEqual([counts.total, counts.repeated, ...found], [8, 1, 2, 1, 1, 0]);
          assert.throws(() => fake.lines(place), /only hashes/);
        }
      }
      if (keep === "data") assert.deepEqual(fake.lines({ deliveryStream: "d" }), [line(1), line(2)]);
      else assert.equal(fake.lineCounts({ deliveryStream: "d" }).total, 2);
      if (keep === "data") assert.throws(() => fake.lineCounts({ stream: "s" }), /line-hashes/);
    } finally {
      await fake.close();
    }
  });
}

test("counts of lines stay right while their table grows", () => {
  const counts = createLineCounts();
  const below = seededRandom(1);
  const lines = Array.from({ length: 150_000 }, (_, i) => Buffer.from(`${i} ${below(2 ** 30)}\n`));
  for (const each of lines) counts.add(each);
  for (const each of lines.slice(0, 1_000)) counts.add(each);
  assert.deepEqual([counts.total, counts.repeated], [151_000, 1_000]);
  assert.ok(lines.every((each, i) => counts.of(each) === (i < 1_000 ? 2 : 1)));
  assert.equal(counts.of(Buffer.from("other\n")), 0);
});
