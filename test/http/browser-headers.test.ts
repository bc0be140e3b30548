import assert from "node:assert/strict";
import { test } from "node:test";
import { browserHeaders, newNonce } from "../../src/http/browser-headers.ts";

test("a page runs the script with its nonce and nothing else, and nobody may frame it", () => {
  const policy = browserHeaders("abc")["Content-Security-Policy"] ?? "";
  const rules = new Map(policy.split("; ").map((rule) => [rule.split(" ")[0], rule]));
  assert.equal(rules.get("default-src"), "default-src 'none'");
  assert.equal(rules.get("script-src"), "script-src 'nonce-abc'");
  assert.equal(rules.get("style-src"), "style-src 'nonce-abc'");
  assert.equal(rules.get("frame-ancestors"), "frame-ancestors 'none'");
  assert.ok(!policy.includes("unsafe"));
  assert.equal(browserHeaders("abc")["X-Content-Type-Options"], "nosniff");
  assert.equal(browserHeaders("abc")["Referrer-Policy"], "no-referrer");
});

test("each nonce is new, 128 bits long and safe in a header", () => {
  const nonces = new Set(Array.from({ length: 1_000 }, () => newNonce()));
  assert.equal(nonces.size, 1_000);
  for (const nonce of nonces) assert.match(nonce, /^[0-9a-f]{32}$/);
});

test("a nonce is made of the bytes it is given", () => {
  assert.equal(
    newNonce((bytes) => bytes.set([0, 1, 255])),
    "0001ff".padEnd(32, "0"),
  );
});
