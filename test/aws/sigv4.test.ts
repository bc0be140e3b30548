import assert from "node:assert/strict";
import { test } from "node:test";
import { sigV4Problem } from "../support/aws-sigv4.ts";

// A GET of AWS' published test suite ("get-vanilla"): someone else's oracle for the verifier itself.
const vanilla = {
  method: "GET",
  target: "/",
  headers: {
    host: "example.amazonaws.com",
    "x-amz-date": "20150830T123600Z",
    authorization:
      "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, " +
      "SignedHeaders=host;x-amz-date, " +
      "Signature=5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31",
  },
  body: new Uint8Array(),
};
const expected = {
  accessKeyId: "AKIDEXAMPLE",
  secretAccessKey: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
  service: "service",
  region: "us-east-1",
  nowMs: Date.parse("2015-08-30T12:36:00Z"),
};

test("the verifier accepts AWS' own example of a signature", () => {
  assert.equal(sigV4Problem(vanilla, expected), undefined);
});

test("the verifier refuses another key, another body, another time and an unsigned header", () => {
  assert.match(sigV4Problem(vanilla, { ...expected, secretAccessKey: "x" }) ?? "", /does not match/);
  assert.match(sigV4Problem({ ...vanilla, body: new Uint8Array(1) }, expected) ?? "", /does not match/);
  assert.match(sigV4Problem(vanilla, { ...expected, nowMs: expected.nowMs + 301_000 }) ?? "", /expired/);
  const headers = { ...vanilla.headers, "x-amz-target": "A.B" };
  assert.match(sigV4Problem({ ...vanilla, headers }, expected) ?? "", /not signed: x-amz-target/);
});
