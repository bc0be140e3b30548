import assert from "node:assert/strict";
import { test } from "node:test";
import { plain } from "../../src/page/safe-text.ts";

test("texts are cut, and what was cut off is told", () => {
  assert.equal(plain("a".repeat(200)), "a".repeat(200));
  assert.equal(plain("a".repeat(201)), `${"a".repeat(199)}…`);
  assert.ok(plain("x".repeat(1_000_000)).length <= 200);
  assert.equal(plain("line\r\n\tline", 50), "line line");
});

test("what turns writing around, hides or breaks it is replaced", () => {
  const hostile = ["\u0000", "\u001b[31m", "\u202e", "\u2066", "\u200f", "\ufeff", "\ud800", "\u0085"];
  for (const text of hostile) assert.ok(plain(`a${text}b`).includes("a\ufffd"), JSON.stringify(text));
  assert.equal(plain("日本語 🙂 é"), "日本語 🙂 é");
});

test("what looks like a secret is not shown, nor half of it at the cut", () => {
  const texts = [
    "key AKIAIOSFODNN7EXAMPLE in use",
    "Authorization: Bearer abcdef0123456789",
    "Authorization: Basic dXNlcjpzZWNyZXQ=",
    "cannot reach http://user:hunter2@proxy:3128/",
    "GET /?X-Amz-Signature=0123456789abcdef&x=1",
    "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20261123, Signature=0123456789abcdef",
    'password: "hunter2hunter2"',
    "aws_secret_access_key = hunter2/hunter2",
  ];
  const secrets = /AKIAIOS|abcdef0123|dXNlc|hunter2|0123456789abcdef/;
  for (const text of texts) {
    assert.doesNotMatch(plain(text), secrets, text);
    for (let at = 150; at < 200; at++) assert.doesNotMatch(plain("-".repeat(at) + text), /AKIAIO|hunter2/);
  }
  assert.equal(plain("Signature does not match"), "Signature does not match");
});
