import assert from "node:assert/strict";
import { test } from "node:test";
import { neverConnected } from "../../src/aws/never-connected.ts";
import { loopbackServer } from "../support/loopback.ts";

const thrownBy = async (url: string): Promise<unknown> => {
  try {
    await fetch(url, { method: "POST", body: "x" });
  } catch (error) {
    return error;
  }
  return assert.fail("the request was answered");
};

test("a refused connection and a name that does not exist are known to have sent nothing", async () => {
  const { url, close } = await loopbackServer((_, response) => response.end());
  await close();
  assert.equal(neverConnected(await thrownBy(url)), true);
  assert.equal(neverConnected(await thrownBy("http://no-such-host.invalid/")), true);
});

test("a certificate that nobody vouches for ends a request before it is sent", () => {
  const error = new TypeError("fetch failed", {
    cause: Object.assign(new Error("self-signed certificate"), { code: "DEPTH_ZERO_SELF_SIGNED_CERT" }),
  });
  assert.equal(neverConnected(error), true);
});

test("a connection that is reset once the request is there counts as sent", async () => {
  const { url, close } = await loopbackServer((_, _response, raw) => raw.socket.destroy());
  try {
    assert.equal(neverConnected(await thrownBy(url)), false);
  } finally {
    await close();
  }
  assert.equal(
    neverConnected(Object.assign(new Error("read"), { code: "ECONNRESET", syscall: "read" })),
    false,
  );
  assert.equal(neverConnected("something"), false);
});
