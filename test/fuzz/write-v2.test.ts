import { test } from "node:test";
import { RequestSchema } from "../../src/remote/gen/io/prometheus/write/v2/types_pb.ts";
import { fuzz } from "../support/fuzz.ts";
import {
  assertAllWritten,
  assertLines,
  generatedV2,
  messageTaker,
  readByReference,
} from "../support/fuzz-write.ts";

const take = messageTaker(2);

test("no bytes make the 2.0 walker hang, fail otherwise than RequestError, or take what the reference refuses", () => {
  fuzz({ target: "write-v2", corpus: generatedV2(), check });
});

function check(bytes: Uint8Array): void {
  const ingested = take(bytes);
  if (ingested === undefined) return;
  assertLines(ingested);
  if (ingested.refused !== undefined) return;
  const { written } = ingested;
  const message = readByReference(RequestSchema, bytes);
  if (message === undefined) return;
  assertAllWritten(written, message.timeseries);
}
