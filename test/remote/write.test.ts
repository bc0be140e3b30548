/** The byte walkers, through the real app, against the reference codecs and an oracle of the tests. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { fromBinary, toBinary } from "@bufbuild/protobuf";
import fc from "fast-check";
import { RequestSchema } from "../../src/remote/gen/io/prometheus/write/v2/types_pb.ts";
import { WriteRequestSchema } from "../../src/remote/gen/prometheus/remote_pb.ts";
import { arbitraryWriteV1, arbitraryWriteV2 } from "../support/arbitrary-write-request.ts";
import { assertReceived } from "../support/assert-received.ts";
import { mutateMessage, shapeV1, shapeV2 } from "../support/mutate-message.ts";
import { seededRandom } from "../support/seeded-random.ts";
import { expectedV1, expectedV2 } from "../support/write-request-oracle.ts";

test("every 1.0 request becomes the lines its message says, and the rest is refused", async () => {
  const property = fc.asyncProperty(arbitraryWriteV1, async ({ message, doubles }) => {
    const bytes = doubles.patch(toBinary(WriteRequestSchema, message));
    await assertReceived(bytes, 1, expectedV1(message, doubles));
  });
  await fc.assert(property, { numRuns: 300 });
});

test("every 2.0 request becomes the lines its message says, and the rest is refused", async () => {
  const property = fc.asyncProperty(arbitraryWriteV2, async ({ message, doubles }) => {
    const bytes = doubles.patch(toBinary(RequestSchema, message));
    await assertReceived(bytes, 2, expectedV2(message, doubles));
  });
  await fc.assert(property, { numRuns: 300 });
});

test("a 1.0 request in other bytes for the same message becomes the same lines", async () => {
  const property = fc.asyncProperty(arbitraryWriteV1, fc.integer(), async ({ message, doubles }, seed) => {
    const bytes = mutateMessage(toBinary(WriteRequestSchema, message), shapeV1, seededRandom(seed));
    const read = fromBinary(WriteRequestSchema, bytes);
    assert.deepEqual(expectedV1(read, doubles), expectedV1(message, doubles), "it is the same message");
    await assertReceived(doubles.patch(bytes), 1, expectedV1(read, doubles), false);
  });
  await fc.assert(property, { numRuns: 300 });
});

test("a 2.0 request in other bytes for the same message becomes the same lines", async () => {
  const property = fc.asyncProperty(arbitraryWriteV2, fc.integer(), async ({ message, doubles }, seed) => {
    const bytes = mutateMessage(toBinary(RequestSchema, message), shapeV2, seededRandom(seed));
    const read = fromBinary(RequestSchema, bytes);
    assert.deepEqual(expectedV2(read, doubles), expectedV2(message, doubles), "it is the same message");
    await assertReceived(doubles.patch(bytes), 2, expectedV2(read, doubles), false);
  });
  await fc.assert(property, { numRuns: 300 });
});
