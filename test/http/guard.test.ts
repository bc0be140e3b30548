import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { systemClock } from "../../src/clock.ts";
import { createGuard, type GuardOptions } from "../../src/http/guard.ts";
import { createMetrics } from "../../src/metrics.ts";
import { basic, guarded, hashOf, tokenHash, until, users } from "../support/guarded-app.ts";
import { silentLog } from "../support/silent-log.ts";
import { VirtualClock } from "../support/virtual-clock.ts";

test("without a web config and limits there is no guard", () => {
  const options = {
    clock: systemClock,
    log: silentLog,
    metrics: createMetrics({ version: "", runtime: "" }).guard,
  };
  const none = {
    clientRequestsMax: undefined,
    clientRequestsPerSecondMax: undefined,
    verifyBcrypt: undefined,
  };
  assert.equal(createGuard({ ...options, ...none, access: () => undefined }), undefined);
});

test("with users everything takes a password, and the answer says how to give one", async () => {
  const server = guarded({ users });
  for (const path of ["/", "/metrics", "/-/healthy", "/-/ready", "/nothing"]) {
    const answer = await server.get(path);
    assert.equal(answer.status, 401, path);
    assert.match(answer.headers.get("www-authenticate") ?? "", /^Basic realm="prometheus-remote-kinesis"/);
  }
  assert.equal((await server.post()).status, 401);
  assert.equal((await server.get("/-/healthy", basic("alice", "a-pass"))).status, 200);
  assert.equal((await server.post(basic("alice", "a-pass"))).status, 204);
  assert.equal((await server.post(basic("alice", "b-pass"))).status, 401);
  assert.equal((await server.post(basic("bob", "a-pass"))).status, 401);
  assert.equal((await server.post(basic("alice", ""))).status, 401);
});

test("a password is hashed once; after that what is right and what is wrong is known", async () => {
  const server = guarded({ users });
  for (let round = 0; round < 3; round++) {
    assert.equal((await server.get("/metrics", basic("alice", "a-pass"))).status, 200);
    assert.equal((await server.get("/metrics", basic("alice", "wrong!"))).status, 401);
    assert.equal((await server.get("/metrics", basic("bob", "a-pass"))).status, 401);
  }
  assert.equal(server.hashed.length, 3);
});

test("an unknown user is hashed as expensively as the most expensive known one", async () => {
  const expensive = hashOf("c-pass", "12");
  const server = guarded({ users: new Map([...users, ["carol", expensive]]) });
  await server.get("/metrics", basic("bob", "x"));
  assert.equal(server.hashed.length, 1);
  assert.match(server.hashed[0]?.[1] ?? "", /^\$2b\$12\$[a-z./A-Z0-9]{53}$/);
});

test("many requests at once with one password share one hash", async () => {
  const server = guarded({ users });
  const answers = await Promise.all(Array.from({ length: 50 }, () => server.post(basic("alice", "a-pass"))));
  assert.deepEqual([...new Set(answers.map(({ status }) => status))], [204]);
  assert.equal(server.hashed.length, 1);
});

test("passwords that are wrong never drive out what is known to be right", async () => {
  const server = guarded({ users }, { clock: quickClock() });
  await server.get("/metrics", basic("alice", "a-pass"));
  for (let at = 0; at < 1_100; at++) await server.get("/metrics", basic("alice", `wrong-${at}`));
  const { length } = server.hashed;
  assert.equal((await server.get("/metrics", basic("alice", "a-pass"))).status, 200);
  assert.equal(server.hashed.length, length);
});

/** Real time, without its pauses. */
function quickClock(): GuardOptions["clock"] {
  return { ...systemClock, after: (delayMs, run) => systemClock.after(delayMs > 5_000 ? delayMs : 0, run) };
}

test("one address cannot make others wait for its guesses: it gets 503, they have their turn", async () => {
  const clock = new VirtualClock();
  const hash: PromiseWithResolvers<boolean>[] = [];
  const server = guarded(
    { users },
    {
      clock,
      verifyBcrypt: () => {
        hash.push(Promise.withResolvers());
        return hash.at(-1)!.promise;
      },
    },
  );
  const statuses: number[] = [];
  const ask = (password: string, address: string) =>
    void server.get("/metrics", basic("alice", password), address).then(({ status, headers }) => {
      statuses.push(status);
      if (status === 503) assert.match(headers.get("retry-after") ?? "", /^[1-9]/);
    });
  for (let at = 0; at < 9; at++) ask(`guess-${at}`, "192.0.2.66");
  await until(clock, () => statuses.length === 1 && hash.length === 1);
  ask("a-pass", "192.0.2.1");
  // Before it can wait its keyed hash has to be known: WebCrypto works in other threads.
  await sleep(100);
  // The addresses take turns: one more guess, then the friend, though seven guesses came before.
  hash[0]!.resolve(false);
  await until(clock, () => hash.length === 2);
  hash[1]!.resolve(false);
  await until(clock, () => hash.length === 3);
  assert.equal(server.hashed[2]?.[0], "a-pass");
  hash[2]!.resolve(true);
  await until(clock, () => statuses.includes(200) && hash.length === 4);
  await clock.advance(60_000);
  await until(clock, () => statuses.length === 9);
  hash[3]!.resolve(false);
  await until(clock, () => statuses.length === 10);
  const count = (wanted: number) => statuses.filter((status) => status === wanted).length;
  assert.deepEqual([count(200), count(401), count(503)], [1, 3, 6]);
});

test("when the users change, what was known of them is forgotten; when only others change, it is not", async () => {
  const server = guarded({ users });
  await server.get("/metrics", basic("alice", "a-pass"));
  server.access = {
    ...server.access,
    users: new Map(users),
    headers: new Map([["X-Frame-Options", "deny"]]),
  };
  const answer = await server.get("/metrics", basic("alice", "a-pass"));
  assert.deepEqual([answer.status, answer.headers.get("x-frame-options")], [200, "deny"]);
  assert.equal(server.hashed.length, 1);
  server.access = { ...server.access, users: new Map([["alice", hashOf("n-pass")]]) };
  assert.equal((await server.get("/metrics", basic("alice", "a-pass"))).status, 401);
  assert.equal((await server.get("/metrics", basic("alice", "n-pass"))).status, 200);
});

test("a bearer token is known by its SHA-256", async () => {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode("0123456789abcdef"));
  const hash = Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
  const server = guarded({
    tokens: new Map([
      ["other", tokenHash],
      ["prom", hash],
    ]),
  });
  assert.equal((await server.post("Bearer 0123456789abcdef")).status, 204);
  assert.equal((await server.post("bearer 0123456789abcdef")).status, 204);
  const wrong = [
    "Bearer 0123456789abcdeg",
    "Bearer",
    `Bearer ${hash}`,
    basic("prom", "0123456789abcdef"),
    "Digest a=b",
  ];
  for (const header of wrong) {
    const answer = await server.post(header);
    assert.equal(answer.status, 401, header);
    assert.equal(answer.headers.get("www-authenticate"), 'Bearer realm="prometheus-remote-kinesis"');
  }
  assert.deepEqual(server.hashed, []);
});

test("Authorization headers that are no credentials are wrong ones", async () => {
  const server = guarded({ users });
  for (const header of [
    "Basic",
    "Basic !!!",
    "Basic YQ",
    `Basic ${btoa("nocolon")}`,
    "Basic a b",
    "x".repeat(9_000),
  ]) {
    assert.equal((await server.get("/metrics", header)).status, 401, header.slice(0, 20));
  }
  assert.deepEqual(server.hashed, []);
});

test("what is said of refused requests names no user and no password", async () => {
  const server = guarded({ users });
  const answer = await server.get("/metrics?password=s3cret", basic("typed-s3cret", "s3cret"));
  assert.doesNotMatch(await answer.text(), /s3cret/);
  assert.deepEqual(server.logged, ['refused a request: wrong credentials {"status":401,"peer":"192.0.2.1"}']);
  assert.match(
    (await server.metric("prometheus_remote_kinesis_requests_unauthorized_total{")) ?? "",
    /wrong"} 1$/,
  );
});

test("a health check without credentials is turned away, but neither logged nor counted", async () => {
  const server = guarded({ users });
  for (const path of ["/-/healthy", "/-/ready"]) assert.equal((await server.get(path)).status, 401);
  assert.deepEqual(server.logged, []);
  assert.equal((await server.get("/-/healthy", basic("alice", "wrong!"))).status, 401);
  await server.get("/metrics");
  assert.equal(server.logged.length, 2);
  assert.match(
    (await server.metric('prometheus_remote_kinesis_requests_unauthorized_total{reason="missing"')) ?? "",
    / 1$/,
  );
});

test("paths without authentication are open exactly as they stand there", async () => {
  const server = guarded({ users, openPaths: new Set(["/-/healthy"]) });
  assert.equal((await server.get("/-/healthy")).status, 200);
  assert.equal((await server.get("/-/healthy?x=1")).status, 200);
  const others = ["/-/ready", "/-/healthy/", "//-/healthy", "/-/healthy/../metrics", "/metrics?/-/healthy"];
  for (const path of [
    ...others,
    "/-/healthy%2f..%2f..%2fmetrics",
    "/metrics#/-/healthy",
    "/-/healthy;/metrics",
  ]) {
    assert.equal((await server.get(path)).status, 401, path);
  }
});

test("headers of the web config are on every answer, a refusal too", async () => {
  const headers = new Map([["Strict-Transport-Security", "max-age=60"]]);
  const server = guarded({ users, headers });
  for (const answer of [
    await server.get("/metrics"),
    await server.get("/metrics", basic("alice", "a-pass")),
    await server.post(basic("alice", "a-pass")),
    await server.get("/nothing", basic("alice", "a-pass")),
  ]) {
    assert.equal(answer.headers.get("strict-transport-security"), "max-age=60");
  }
});
