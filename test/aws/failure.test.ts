import assert from "node:assert/strict";
import { test } from "node:test";
import { type AwsClient, createAwsClient } from "../../src/aws/client.ts";
import { type Credentials, createCredentialsSource } from "../../src/aws/credentials.ts";
import {
  json,
  keptLog,
  manualClock,
  neverAborted,
  standIn,
  testCredentials,
} from "../support/aws-stand-in.ts";

const body = new TextEncoder().encode("{}");
const post = async (client: AwsClient, signal = neverAborted) => {
  const answer = await client.post("Kinesis_20131202.PutRecords", body, signal);
  assert.ok(answer.kind === "failed");
  return answer.verdict;
};
const thrown = (code: string, syscall: string) =>
  new TypeError("fetch failed", { cause: Object.assign(new Error(`${syscall} ${code}`), { code, syscall }) });

const rows: readonly [what: string, answer: () => Response | Promise<Response>, unconfirmed: boolean][] = [
  ["a refused connection", () => Promise.reject(thrown("ECONNREFUSED", "connect")), false],
  ["a name that is not found", () => Promise.reject(thrown("ENOTFOUND", "getaddrinfo")), false],
  ["a reset connection", () => Promise.reject(thrown("ECONNRESET", "read")), true],
  ["a failure that says nothing", () => Promise.reject(new TypeError("fetch failed")), true],
  ["a 500", () => json({ __type: "InternalFailure" }, 500), true],
  ["a 503 of a proxy", () => new Response("busy", { status: 503 }), true],
  ["a 200 without JSON", () => new Response("<html>"), true],
  ["a throttled call", () => json({ __type: "ProvisionedThroughputExceededException" }, 400), false],
  ["an expired token", () => json({ __type: "ExpiredTokenException" }, 400), false],
  ["a 408", () => new Response("", { status: 408 }), false],
];
for (const [what, answer, unconfirmed] of rows) {
  test(`${what} ${unconfirmed ? "may" : "cannot"} have stored the records`, async () => {
    const verdict = await post(standIn({ answer }).client);
    assert.ok(verdict.kind === "retryable");
    assert.equal(verdict.unconfirmed === true, unconfirmed);
  });
}

test("what is given up under way may be stored, what is given up before is not", async () => {
  const controller = new AbortController();
  const { client } = standIn({
    answer: () => {
      controller.abort(new Error("draining"));
      return new Promise<Response>(() => undefined);
    },
  });
  const underWay = await post(client, controller.signal);
  assert.ok(underWay.kind === "retryable" && underWay.unconfirmed === true);
  const before = await post(client, controller.signal);
  assert.ok(before.kind === "retryable" && before.unconfirmed === undefined);
});

test("how long an answer asks to wait comes with its verdict", async () => {
  const headers = { "Retry-After": "4", Date: "Mon, 23 Nov 2026 06:00:00 GMT" };
  const verdict = await post(standIn({ answer: () => json({}, 503, headers) }).client);
  assert.ok(verdict.kind === "retryable");
  assert.equal(verdict.retryAfterMs, 4_000);
});

/** A client whose credentials come from `load`. */
function loading(load: () => Promise<Credentials>, answer: () => Response): AwsClient {
  const clock = manualClock();
  const { log } = keptLog();
  return createAwsClient({
    service: "kinesis",
    region: "eu-west-1",
    endpoint: new URL("https://kinesis.eu-west-1.amazonaws.com"),
    credentials: createCredentialsSource({ load, clock, log }),
    fetch: () => Promise.resolve(answer()),
    clock,
    log,
    userAgent: "test",
  });
}

test("a token that stays expired however often it is loaded is for the operator", async () => {
  const client = loading(
    () => Promise.resolve(testCredentials),
    () => json({ __type: "ExpiredTokenException", message: "expired" }, 400),
  );
  assert.equal((await post(client)).kind, "retryable");
  assert.equal((await post(client)).kind, "blocked");
  assert.equal((await post(client)).kind, "blocked");
});

test("a role that may not be assumed blocks, a token service that is down does not", async () => {
  const said = (name: string) =>
    new Error("no credentials", { cause: Object.assign(new Error("said"), { name, $metadata: {} }) });
  const failing = (name: string) =>
    loading(
      () => Promise.reject(said(name)),
      () => assert.fail("nothing is sent"),
    );
  const denied = await post(failing("AccessDenied"));
  assert.deepEqual([denied.kind, denied.reason], ["blocked", "credentials"]);
  assert.match(denied.message, /trust policy/);
  const down = await post(failing("IDPCommunicationError"));
  assert.ok(down.kind === "retryable" && down.unconfirmed === undefined);
});
