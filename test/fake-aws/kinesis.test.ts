import assert from "node:assert/strict";
import { test } from "node:test";
import { createAwsClient } from "../../src/aws/client.ts";
import { systemClock } from "../../src/clock.ts";
import { createKinesisSink } from "../../src/sink/kinesis.ts";
import type { Outcome, Sink } from "../../src/sink/sink.ts";
import { fixedCredentials, keptLog, neverAborted } from "../support/aws-stand-in.ts";
import { type FakeAws, type FakeAwsOptions, startFakeAws } from "../support/fake-aws/fake-aws.ts";

const stream = "metrics";

/** Runs `run` with our own sink on a fake that has one stream; the fake must find nothing to complain about. */
async function withKinesis(
  options: FakeAwsOptions,
  run: (sink: Sink, fake: FakeAws) => Promise<void>,
): Promise<void> {
  const fake = await startFakeAws({ streams: [{ name: stream, shards: 4 }], ...options });
  const client = createAwsClient({
    service: "kinesis",
    region: fake.region,
    endpoint: new URL(fake.url),
    credentials: fixedCredentials({ ...fake.credentials, sessionToken: undefined, expirationMs: undefined }),
    fetch,
    clock: systemClock,
    log: keptLog().log,
    userAgent: "test",
    attemptTimeoutMs: 2_000,
  });
  try {
    await run(createKinesisSink({ client, stream, random: Math.random, clock: systemClock }), fake);
    assert.deepEqual(fake.problems, []);
  } finally {
    await fake.close();
  }
}

const line = (i: number) => `{"name":"a","time":${i}}\n`;
const record = (i: number) => new TextEncoder().encode(line(i));
const sorted = (lines: readonly string[]) => [...lines].sort((a, b) => (a < b ? -1 : 1));
const kinds = (outcomes: readonly Outcome[]) =>
  outcomes.map((each) => (each.kind === "retryable" && each.throttled ? "throttled" : each.kind));

test("what the sink puts is in the stream, byte for byte", () =>
  withKinesis({}, async (sink, fake) => {
    const records = Array.from({ length: 200 }, (_, i) => record(i));
    const outcomes = await sink.put(records, neverAborted);
    assert.deepEqual(new Set(kinds(outcomes)), new Set(["durable"]));
    assert.deepEqual(sorted(fake.lines({ stream })), sorted(records.map((_, i) => line(i))));
    assert.equal(fake.state().streams[stream]?.records, 200);
  }));

test("a share of the records fails in a 200, and those that did not fail are stored", () =>
  withKinesis({}, async (sink, fake) => {
    fake.fault({ kind: "entries", share: 0.5, count: 1, seed: 1 });
    const records = Array.from({ length: 100 }, (_, i) => record(i));
    const outcomes = await sink.put(records, neverAborted);
    const durable = records.flatMap((_, i) => (outcomes[i]?.kind === "durable" ? [line(i)] : []));
    assert.ok(durable.length > 20 && durable.length < 80, String(durable.length));
    assert.deepEqual(sorted(fake.lines({ stream })), sorted(durable));
    assert.deepEqual(new Set(kinds(await sink.put(records, neverAborted))), new Set(["durable"]));
  }));

for (const at of ["before-reading", "mid-body", "before-storing", "after-storing", "mid-answer"] as const) {
  test(`a connection that is reset ${at} confirms nothing`, () =>
    withKinesis({}, async (sink, fake) => {
      const handle = fake.fault({ kind: "reset", at });
      const [outcome] = await sink.put([record(1)], neverAborted);
      assert.ok(outcome?.kind === "retryable");
      assert.equal(outcome.reason, "network");
      handle.end();
      assert.deepEqual(kinds(await sink.put([record(2)], neverAborted)), ["durable"]);
      const stored = at === "after-storing" || at === "mid-answer";
      assert.equal(fake.lines({ stream }).includes(line(1)), stored);
    }));
}
