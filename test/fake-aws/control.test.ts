import assert from "node:assert/strict";
import { test } from "node:test";
import { type FakeAws, startFakeAws } from "../support/fake-aws/fake-aws.ts";
import type { Fault } from "../support/fake-aws/fault.ts";
import { jsonCall, signedRequest } from "../support/fake-aws/signed-request.ts";

const StreamName = "metrics";

async function withFake(run: (fake: FakeAws) => Promise<void>): Promise<void> {
  const fake = await startFakeAws({ streams: [{ name: StreamName, shards: 2 }], buckets: ["archive"] });
  try {
    await run(fake);
    assert.deepEqual(fake.problems, []);
  } finally {
    await fake.close();
  }
}

async function put(fake: FakeAws, count: number): Promise<boolean[]> {
  const Records = Array.from({ length: count }, (_, i) => ({
    Data: Buffer.from(`${i}\n`).toString("base64"),
    PartitionKey: String(i),
  }));
  const { value } = await jsonCall(fake, "Kinesis_20131202.PutRecords", { StreamName, Records });
  return (value["Records"] as { ErrorCode?: string }[]).map(({ ErrorCode }) => ErrorCode === undefined);
}

async function control(fake: FakeAws, method: string, path: string, body?: unknown) {
  const init = body === undefined ? { method } : { method, body: JSON.stringify(body) };
  const response = await fetch(`${fake.url}/_fake/${path}`, init);
  const text = await response.text();
  return { status: response.status, text, value: text.startsWith("{") ? JSON.parse(text) : undefined };
}

test("faults are set, listed and ended by HTTP, and the same seed fails the same records", () =>
  withFake(async (fake) => {
    const fault = { kind: "entries", share: 0.5, seed: 7, count: 1 };
    const { value } = await control(fake, "POST", "faults", [fault, { kind: "slow", latencyMs: 1 }]);
    assert.deepEqual(value, { ids: [1, 2] });
    const first = await put(fake, 100);
    await control(fake, "POST", "faults", fault);
    assert.deepEqual(await put(fake, 100), first);
    assert.ok(first.includes(true) && first.includes(false));
    const { faults, streams, calls } = (await control(fake, "GET", "state")).value;
    assert.deepEqual(
      faults.map(({ id, hits }: { id: number; hits: number }) => [id, hits]),
      [
        [1, 1],
        [2, 2],
        [3, 1],
      ],
    );
    assert.equal(calls["kinesis.PutRecords"], 2);
    assert.equal(streams[StreamName].records, 2 * first.filter(Boolean).length);
    assert.equal((await control(fake, "DELETE", "faults/2")).status, 200);
    assert.equal((await control(fake, "DELETE", "faults/2")).status, 404);
    await control(fake, "DELETE", "faults");
    assert.deepEqual(fake.state().faults, []);
    const lines = (await control(fake, "GET", `lines/${StreamName}`)).text;
    assert.equal(lines.split("\n").length - 1, streams[StreamName].records);
  }));

test("what is no fault is refused with a sentence, and nothing of an array is set then", () =>
  withFake(async (fake) => {
    const wrong: readonly [unknown, RegExp][] = [
      [{ kind: "entrys" }, /kind "entrys" is none of entries, throttle/],
      [{ kind: "entries", share: "all" }, /entries\.share is "all", expected number/],
      [{ kind: "hang", shares: 1 }, /hang has no field shares/],
      [{ kind: "reset" }, /reset\.at is undefined, expected before-reading/],
      [[{ kind: "hang" }, { kind: "error" }], /error\.code/],
      ["hang", /a fault is an object/],
      [{ kind: "reshard", stream: "other" }, /no other/],
    ];
    for (const [fault, message] of wrong) {
      const { status, value } = await control(fake, "POST", "faults", fault);
      assert.equal(status, 400);
      assert.match(value.message, message);
    }
    assert.deepEqual(fake.state().faults, []);
    assert.equal((await control(fake, "GET", "nothing")).status, 404);
  }));

test("a fault meets only the calls in its scope", () =>
  withFake(async (fake) => {
    const outcome = async () => (await put(fake, 1))[0];
    const scopes: readonly [Partial<Fault>, readonly boolean[]][] = [
      [{ skip: 1, count: 2 }, [true, false, false, true]],
      [{ service: "firehose" }, [true]],
      [{ service: "kinesis", operation: "PutRecord" }, [true]],
      [{ operation: ["PutRecords", "PutObject"] }, [false]],
      [{ forMs: 0 }, [true]],
      [{ afterMs: 60_000 }, [true]],
      [{ probability: 0 }, [true]],
    ];
    for (const [scope, expected] of scopes) {
      const handle = fake.fault({ kind: "entries", ...scope } as Fault);
      for (const passes of expected) assert.equal(await outcome(), passes, JSON.stringify(scope));
      assert.equal(handle.hits(), expected.filter((passes) => !passes).length);
      handle.end();
    }
  }));

test("a resharded stream takes records into the new shards, and says which are closed", () =>
  withFake(async (fake) => {
    await put(fake, 10);
    fake.command({ kind: "reshard", stream: StreamName });
    await put(fake, 100);
    const { shards } = fake.state().streams[StreamName]!;
    assert.deepEqual(
      Object.values(shards).map(({ open }) => open),
      [false, false, true, true, true, true],
    );
    const later = new Set(
      fake
        .records(StreamName)
        .slice(10)
        .map(({ shardId }) => shardId),
    );
    assert.deepEqual(later, new Set([2, 3, 4, 5].map((i) => `shardId-00000000000${i}`)));
  }));

test("records that hold the poison are refused alone, compressed or not", () =>
  withFake(async (fake) => {
    fake.fault({ kind: "poison", text: "7", scope: "entry" });
    assert.deepEqual(
      await put(fake, 20),
      Array.from({ length: 20 }, (_, i) => !String(i).includes("7")),
    );
  }));

test("tokens from the container endpoint end when they are told to, and new ones hold", () =>
  withFake(async (fake) => {
    const issue = async () => {
      const { AWS_CONTAINER_CREDENTIALS_FULL_URI: uri = "", AWS_CONTAINER_AUTHORIZATION_TOKEN: token = "" } =
        fake.containerEnv;
      const response = await fetch(uri, { headers: { Authorization: token } });
      const given = (await response.json()) as Record<"AccessKeyId" | "SecretAccessKey" | "Token", string>;
      return {
        accessKeyId: given.AccessKeyId,
        secretAccessKey: given.SecretAccessKey,
        sessionToken: given.Token,
      };
    };
    const list = async (credentials: Awaited<ReturnType<typeof issue>>) =>
      (await jsonCall(fake, "Kinesis_20131202.ListStreams", {}, credentials)).value["__type"];
    const first = await issue();
    assert.equal(await list(first), undefined);
    fake.command({ kind: "expire-tokens" });
    assert.equal(await list(first), "ExpiredTokenException");
    assert.equal(await list(await issue()), undefined);
    const s3 = await signedRequest(fake, {
      service: "s3",
      target: "/archive?list-type=2",
      credentials: first,
    });
    assert.match(s3.text, /<Code>ExpiredToken</);
  }));

test("every answer carries the fake's time, which can be shifted", () =>
  withFake(async (fake) => {
    fake.command({ kind: "shift-clock", minutes: 90 });
    const answer = await jsonCall(fake, "Kinesis_20131202.ListStreams", {});
    assert.equal(answer.value["__type"], "InvalidSignatureException");
    const { headers } = await fetch(`${fake.url}/_fake/state`);
    const ahead = Date.parse(headers.get("date") ?? "") - Date.now();
    assert.ok(Math.abs(ahead - 90 * 60_000) < 5_000, String(ahead));
  }));
