import assert from "node:assert/strict";
import { test } from "node:test";
import { basic, guarded, hashOf, until, users } from "../support/guarded-app.ts";
import { VirtualClock } from "../support/virtual-clock.ts";

test("rate_limit of the web config answers 503 with Retry-After, not to open paths", async () => {
  const clock = new VirtualClock();
  const rateLimit = { intervalMs: 2_000, burst: 2 };
  const server = guarded({ users, rateLimit, openPaths: new Set(["/-/healthy"]) }, { clock });
  const statuses = async (count: number) => {
    const answers = [];
    for (let at = 0; at < count; at++) answers.push(await server.get("/metrics"));
    return answers.map(({ status }) => status);
  };
  assert.deepEqual(await statuses(3), [401, 401, 503]);
  assert.equal((await server.get("/metrics")).headers.get("retry-after"), "2");
  assert.equal((await server.get("/-/healthy")).status, 200);
  await clock.advance(2_000);
  assert.deepEqual(await statuses(2), [401, 503]);
});

test("a client with too many requests under way gets 503; others, and those who look, do not", async () => {
  const server = guarded({}, { clientRequestsMax: 2 });
  const many = await Promise.all(Array.from({ length: 5 }, () => server.post("", "192.0.2.66")));
  assert.deepEqual(many.map(({ status }) => status).sort(), [204, 204, 503, 503, 503]);
  const refused = many.find(({ status }) => status === 503);
  assert.equal(refused?.headers.get("retry-after"), "1");
  assert.equal((await server.post("", "192.0.2.66")).status, 204);
  const [, , other, metrics] = await Promise.all([
    server.post("", "192.0.2.66"),
    server.post("", "192.0.2.66"),
    server.post("", "192.0.2.7"),
    server.get("/metrics", "", "192.0.2.66"),
  ]);
  assert.deepEqual([other?.status, metrics?.status], [204, 200]);
});

test("clients are users where there are users: two behind one address do not share a limit", async () => {
  const clock = new VirtualClock();
  const both = new Map([...users, ["bob", hashOf("b-pass")]]);
  const server = guarded({ users: both }, { clientRequestsPerSecondMax: 0.2, clock });
  const post = async (user: string, password: string) => {
    let status: number | undefined;
    void server.post(basic(user, password)).then((answer) => {
      status = answer.status;
    });
    await until(clock, () => status !== undefined);
    return status;
  };
  assert.equal(await post("alice", "a-pass"), 204);
  assert.equal(await post("alice", "a-pass"), 503);
  assert.equal(await post("bob", "b-pass"), 204);
  await clock.advance(5_000);
  assert.equal(await post("alice", "a-pass"), 204);
});
