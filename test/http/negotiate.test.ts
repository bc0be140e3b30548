import assert from "node:assert/strict";
import { test } from "node:test";
import { RequestError } from "../../src/errors.ts";
import { negotiate } from "../../src/http/negotiate.ts";

const v1 = "application/x-protobuf;proto=prometheus.WriteRequest";
const v2 = "application/x-protobuf;proto=io.prometheus.write.v2.Request";

/** Content-Type, Content-Encoding, version. */
const accepted: readonly (readonly [string | null, string | null, 1 | 2])[] = [
  [null, null, 1],
  ["", "", 1],
  ["application/x-protobuf", "snappy", 1],
  [v1, "snappy", 1],
  [v2, "snappy", 2],
  [v2, null, 2],
  ["APPLICATION/X-Protobuf", "SNAPPY", 1],
  ["  application/x-protobuf  ;  proto = io.prometheus.write.v2.Request  ", " snappy ", 2],
  ['application/x-protobuf; PROTO="io.prometheus.write.v2.Request"', "snappy", 2],
  ["application/x-protobuf; charset=utf-8; proto=io.prometheus.write.v2.Request", "snappy", 2],
  ["application/x-protobuf; proto=io.prometheus.write.v2.Request; charset=utf-8", "snappy", 2],
  ["application/x-protobuf;", "snappy", 1],
  [`${v2};`, "snappy", 2],
];

for (const [contentType, contentEncoding, version] of accepted) {
  test(`Content-Type ${contentType} with Content-Encoding ${contentEncoding} is ${version}.0`, () => {
    assert.equal(negotiate(contentType, contentEncoding), version);
  });
}

/** Content-Type, Content-Encoding, what the message names. */
const refused: readonly (readonly [string | null, string | null, string])[] = [
  ["application/json", "snappy", '"application/json"'],
  ["text/plain; charset=utf-8", null, '"text/plain'],
  ["application/x-protobufs", null, "x-protobufs"],
  ["application/protobuf", null, '"application/protobuf"'],
  [";", null, '";"'],
  ["application/x-protobuf;proto=prometheus.writerequest", null, '"prometheus.writerequest"'],
  ["application/x-protobuf;proto=io.prometheus.write.v3.Request", null, "v3"],
  ["application/x-protobuf;proto=", null, 'proto ""'],
  ["application/x-protobuf;proto", null, '"proto"'],
  [`${v1},${v2}`, null, "prometheus.WriteRequest,"],
  ["application/x-protobuf", "gzip", '"gzip"'],
  ["application/x-protobuf", "zstd", '"zstd"'],
  [v2, "identity", '"identity"'],
  [null, "snappy, gzip", '"snappy, gzip"'],
];

for (const [contentType, contentEncoding, named] of refused) {
  test(`Content-Type ${contentType} with Content-Encoding ${contentEncoding} is refused with 415`, () => {
    assert.throws(
      () => negotiate(contentType, contentEncoding),
      (error) => error instanceof RequestError && error.status === 415 && error.message.includes(named),
    );
  });
}

test("a very long Content-Type gives a short message", () => {
  const long = `application/x-protobuf;proto=${"x".repeat(10_000)}`;
  assert.throws(
    () => negotiate(long, null),
    (error) => error instanceof RequestError && error.message.length < 400,
  );
});
