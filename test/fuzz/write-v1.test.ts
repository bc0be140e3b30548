import assert from "node:assert/strict";
import { test } from "node:test";
import { WriteRequestSchema } from "../../src/remote/gen/prometheus/remote_pb.ts";
import { fuzz } from "../support/fuzz.ts";
import {
  assertAllWritten,
  assertLines,
  generatedV1,
  goldenMessages,
  messageTaker,
  readByReference,
} from "../support/fuzz-write.ts";

const take = messageTaker(1);

test("no bytes make the 1.0 walker hang, fail otherwise than RequestError, or take what the reference refuses", () => {
  fuzz({ target: "write-v1", corpus: [...generatedV1(), ...goldenMessages().slice(0, 3)], check });
});

function check(bytes: Uint8Array): void {
  const ingested = take(bytes);
  if (ingested === undefined) return;
  assertLines(ingested);
  if (ingested.refused !== undefined) return;
  const { written } = ingested;
  const message = readByReference(WriteRequestSchema, bytes);
  if (message === undefined) return;
  assertAllWritten(written, message.timeseries);
  assert.equal(written.metadata, message.metadata.length);
}
