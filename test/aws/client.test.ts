import assert from "node:assert/strict";
import { test } from "node:test";
import type { AwsAnswer } from "../../src/aws/client.ts";
import { type SignedRequest, sigV4Problem } from "../support/aws-sigv4.ts";
import {
  json,
  neverAborted,
  type StandInOptions,
  standIn,
  testCredentials,
} from "../support/aws-stand-in.ts";

const body = new TextEncoder().encode('{"StreamName":"metrics ü"}');
const target = "Kinesis_20131202.PutRecords";

/** The failure that `answer` leads to, with its verdict. */
async function failureOf(answer: StandInOptions["answer"]) {
  const answered = await standIn({ answer }).client.post(target, body, neverAborted);
  return failed(answered);
}

function failed(answer: AwsAnswer) {
  assert.equal(answer.kind, "failed");
  if (answer.kind !== "failed") throw new Error("unreachable");
  return answer;
}

for (const endpoint of [
  "https://kinesis.eu-west-1.amazonaws.com",
  "http://127.0.0.1:4567",
  "http://localhost:4566/proxy/kinesis%20a/b!(c)/",
]) {
  for (const sessionToken of [undefined, "token/+=="]) {
    const which = sessionToken === undefined ? "without" : "with";
    test(`a request to ${endpoint} ${which} a session token is signed as AWS describes it`, async () => {
      const credentials = { ...testCredentials, sessionToken };
      const { client, sent, clock } = standIn({ endpoint, credentials, answer: () => json({ ok: 1 }) });
      const answer = await client.post(target, body, neverAborted);
      assert.deepEqual(answer, { kind: "answered", value: { ok: 1 } });
      const { url, headers, body: sentBody } = sent[0]!;
      const { host, pathname, search } = new URL(url);
      const request: SignedRequest = {
        method: "POST",
        target: pathname + search,
        headers: { ...Object.fromEntries(headers), host },
        body: sentBody,
      };
      const { accessKeyId, secretAccessKey } = testCredentials;
      const expected = {
        accessKeyId,
        secretAccessKey,
        service: "kinesis",
        region: "eu-west-1",
        nowMs: clock.now(),
      };
      assert.equal(sigV4Problem(request, expected), undefined);
      assert.equal(headers.get("x-amz-target"), target);
      assert.equal(headers.get("content-type"), "application/x-amz-json-1.1");
      assert.equal(headers.get("user-agent"), "prometheus-remote-kinesis/test");
      assert.equal(headers.get("x-amz-security-token"), sessionToken ?? null);
      assert.deepEqual(sentBody, body);
    });
  }
}

const errors: readonly [what: string, answer: () => Response, code: string, message: string | RegExp][] = [
  ["__type", () => json({ __type: "XException", message: "m" }, 400), "XException", "m"],
  ["__type with a namespace", () => json({ __type: "a.b#X", Message: "m" }, 400), "X", "m"],
  ["a header", () => json({ message: "m" }, 400, { "x-amzn-ErrorType": "X:http://a/b#c" }), "X", "m"],
  ["a header with a namespace", () => json({}, 400, { "x-amzn-errortype": "a#X" }), "X", ""],
  ["a header for the message", () => json({ code: "X" }, 400, { "x-amzn-ErrorMessage": "m" }), "X", "m"],
  ["code", () => json({ code: "X", message: "m" }, 400), "X", "m"],
  ["a wrapped body", () => json({ Output: { __type: "n#X" }, Version: "1.0" }, 404), "X", ""],
  [
    "XML of kinesalite",
    () => new Response("<XException>\n <Message>m</Message>\n</XException>", { status: 403 }),
    "XException",
    "m",
  ],
  ["empty XML of kinesalite", () => new Response("<XException/>\n", { status: 404 }), "XException", ""],
  [
    "XML of other services",
    () =>
      new Response(
        "<?xml?><ErrorResponse><Error><Code>X</Code><Message>m</Message></Error></ErrorResponse>",
        { status: 403 },
      ),
    "X",
    "m",
  ],
  ["an empty body", () => new Response(null, { status: 500 }), "", ""],
  [
    "a page of a proxy",
    () => new Response("<html>\n<h1>Bad Gateway</h1>", { status: 502 }),
    "",
    "<html> <h1>Bad Gateway</h1>",
  ],
  ["JSON that is no object", () => json(null, 500), "", "null"],
  ["an endless message", () => json({ __type: "X", message: "m".repeat(10_000) }, 400), "X", /^m{500}…$/],
];
for (const [what, answer, code, message] of errors) {
  test(`an error named by ${what} is read`, async () => {
    const { failure } = await failureOf(answer);
    assert.equal(failure.code, code);
    if (typeof message === "string") assert.equal(failure.message, message);
    else assert.match(failure.message, message);
  });
}

for (const text of ["", "{", "[]", '"x"', "<html>"]) {
  test(`a 200 with the body ${JSON.stringify(text)} is no confirmation`, async () => {
    const { failure, verdict } = await failureOf(() => new Response(text));
    assert.equal(failure.code, "malformed-answer");
    assert.equal(verdict.kind, "retryable");
  });
}

test("an answer longer than its bound is given up, not read to the end", async () => {
  let pulled = 0;
  const endless = () =>
    new Response(
      new ReadableStream({
        pull(controller) {
          pulled++;
          controller.enqueue(new Uint8Array(1024 * 1024).fill(0x20));
        },
      }),
    );
  const { failure, verdict } = await failureOf(endless);
  assert.equal(failure.code, "malformed-answer");
  assert.equal(verdict.kind, "retryable");
  assert.ok(pulled < 10, `pulled ${pulled}`);
});

test("a body that breaks off is a network failure", async () => {
  const { failure, verdict } = await failureOf(
    () =>
      new Response(
        new ReadableStream({
          pull(controller) {
            controller.error(new TypeError("terminated"));
          },
        }),
      ),
  );
  assert.equal(failure.code, "network");
  assert.match(failure.message, /terminated/);
  assert.equal(verdict.kind, "retryable");
});

test("a connection that cannot be had is a network failure that keeps its cause", async () => {
  const { failure, verdict } = await failureOf(() => {
    throw new TypeError("fetch failed", { cause: new Error("connect ECONNREFUSED 127.0.0.1:1") });
  });
  assert.deepEqual([failure.code, failure.status], ["network", undefined]);
  assert.match(failure.message, /fetch failed: connect ECONNREFUSED/);
  assert.equal(verdict.kind, "retryable");
});

test("a redirect is not followed", async () => {
  const { failure, verdict } = await failureOf(
    () => new Response(null, { status: 307, headers: { Location: "http://127.0.0.1:1/" } }),
  );
  assert.equal(failure.status, 307);
  assert.equal(verdict.kind, "blocked");
});

test("an attempt ends at its deadline even if fetch never does", async () => {
  let aborted = false;
  const started = Promise.withResolvers<void>();
  const { client, clock } = standIn({
    answer: (_request, _count, signal) => {
      started.resolve();
      signal.addEventListener("abort", () => {
        aborted = true;
      });
      return new Promise(() => undefined);
    },
  });
  const put = client.post(target, body, neverAborted);
  await started.promise;
  clock.advance(9_999);
  assert.equal(aborted, false);
  clock.advance(1);
  const { failure, verdict } = failed(await put);
  assert.equal(failure.code, "timeout");
  assert.equal(verdict.kind, "retryable");
  assert.equal(aborted, true);
  assert.equal(clock.pending, 0);
});

test("an attempt ends when the caller gives it up while it is under way", async () => {
  const started = Promise.withResolvers<void>();
  const { client, clock } = standIn({
    answer: () => {
      started.resolve();
      return new Promise(() => undefined);
    },
  });
  const controller = new AbortController();
  const put = client.post(target, body, controller.signal);
  await started.promise;
  controller.abort(new Error("draining"));
  const { failure, verdict } = failed(await put);
  assert.deepEqual([failure.code, failure.message, verdict.kind], ["aborted", "draining", "retryable"]);
  assert.equal(clock.pending, 0);
});

test("an attempt that is given up before it is sent is never sent", async () => {
  const { client, clock, sent } = standIn({ answer: () => json({}) });
  const controller = new AbortController();
  const put = client.post(target, body, controller.signal);
  controller.abort("draining");
  assert.equal(failed(await put).failure.code, "aborted");
  assert.equal(failed(await client.post(target, body, controller.signal)).failure.code, "aborted");
  await new Promise((resolve) => setTimeout(resolve, 20));
  assert.equal(sent.length, 0);
  assert.equal(clock.pending, 0);
});

test("credentials that cannot be had are a failure of this attempt only", async () => {
  const { client, credentials } = standIn({ answer: () => json({}) });
  const get = credentials.get;
  credentials.get = () => Promise.reject(new Error("the role is gone"));
  const { failure, verdict } = failed(await client.post(target, body, neverAborted));
  assert.equal(failure.code, "credentials");
  assert.equal(verdict.kind, "retryable");
  credentials.get = get;
  assert.equal((await client.post(target, body, neverAborted)).kind, "answered");
});

test("an expired token drops the credentials, and the next attempt is signed with new ones", async () => {
  const { client, credentials, lines } = standIn({
    answer: (_request, count) => (count === 1 ? json({ __type: "ExpiredTokenException" }, 400) : json({})),
  });
  assert.equal(failed(await client.post(target, body, neverAborted)).verdict.kind, "retryable");
  assert.equal(credentials.invalidated, 1);
  assert.match(lines.join(""), /credentials refused/);
  assert.equal((await client.post(target, body, neverAborted)).kind, "answered");
});

test("a clock that is off is corrected by the Date of the answer", async () => {
  const serverMs = Date.parse("2026-11-23T07:30:00Z");
  const { client, clock, sent } = standIn({
    answer: (_request, count) =>
      count === 1
        ? json(
            {
              __type: "InvalidSignatureException",
              message: "Signature expired: 20261123T060000Z is now earlier",
            },
            400,
            { Date: new Date(serverMs).toUTCString() },
          )
        : json({}),
  });
  const { verdict } = failed(await client.post(target, body, neverAborted));
  assert.deepEqual([verdict.kind, verdict.recovery], ["retryable", "correct-clock"]);
  clock.advance(2_000);
  assert.equal((await client.post(target, body, neverAborted)).kind, "answered");
  assert.equal(sent[0]!.headers.get("x-amz-date"), "20261123T060000Z");
  assert.equal(sent[1]!.headers.get("x-amz-date"), "20261123T073002Z");
});
