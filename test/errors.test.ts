import assert from "node:assert/strict";
import { test } from "node:test";
import { describeError, withoutUserInfo } from "../src/errors.ts";

test("an error is described with its causes", () => {
  const refused = new Error("connection refused");
  const fetchFailed = new TypeError("fetch failed", { cause: refused });
  assert.equal(
    describeError(new Error("cannot put", { cause: fetchFailed })),
    "cannot put: fetch failed: connection refused",
  );
  assert.equal(describeError(new Error("cannot put", { cause: 5 })), "cannot put: 5");
  assert.equal(describeError("text"), "text");
  assert.equal(describeError(new RangeError()), "RangeError");
});

test("a cause that the message tells already is not told twice", () => {
  const cause = new Error("/archive is a file; name a directory", { cause: new Error("ENOTDIR: open") });
  const error = new Error(`cannot archive to file:/archive: ${cause.message}`, { cause });
  assert.equal(describeError(error), error.message);
});

test("what stands before the host of a URL is not shown", () => {
  assert.equal(withoutUserInfo("https://user:pass@host/x"), "https://…@host/x");
  assert.equal(withoutUserInfo("a http://u:p/w@h b"), "a http://…@h b");
  assert.equal(withoutUserInfo("s3://bucket/prefix me@x"), "s3://bucket/prefix me@x");
});
