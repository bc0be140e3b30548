import assert from "node:assert/strict";
import { test } from "node:test";
import { listenError } from "../../src/runtime/listen-error.ts";

test("a listen that failed is told in words that say what to change, whatever the runtime calls it", () => {
  const cases: readonly [code: string, says: RegExp][] = [
    ["EADDRINUSE", /^cannot listen on host:9501: address already in use; .*--listen-addr$/],
    ["EACCES", /^cannot listen on host:9501: permission denied; .*--listen-addr$/],
    ["ENOTFOUND", /^cannot listen on host:9501: no such host name; .*--listen-addr$/],
    ["EINVAL", /^cannot listen on host:9501: no such host name or address; .*--listen-addr$/],
  ];
  for (const [code, says] of cases) {
    const cause = Object.assign(new Error(`${code}: listen`), { code });
    const error = listenError({ hostname: "host", port: 9501 }, cause);
    assert.match(error.message, says);
    assert.equal(error.exitCode, 1);
  }
});

test("a listen that failed for an unknown reason keeps it, and IPv6 addresses are in brackets", () => {
  const cause = new Error("odd");
  const error = listenError({ hostname: "::1", port: 1 }, cause);
  assert.equal(error.message, "cannot listen on [::1]:1");
  assert.equal(error.cause, cause);
});
