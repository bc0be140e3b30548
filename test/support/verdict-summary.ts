/** A verdict in one word, for tables in tests. */
import assert from "node:assert/strict";
import type { Verdict } from "../../src/aws/classify.ts";

/** `stored?`: retryable, and the service may have stored it. `throttled` never is. */
export type Expected = "again" | "stored?" | "throttled" | "blocked" | "refused";

export function summary(verdict: Verdict): Expected {
  if (verdict.kind !== "retryable") return verdict.kind;
  if (verdict.throttled) {
    assert.equal(verdict.unconfirmed, undefined);
    return "throttled";
  }
  return verdict.unconfirmed === true ? "stored?" : "again";
}
