import assert from "node:assert/strict";
import { test } from "node:test";
import { type Credentials, createCredentialsSource, loadErrorCode } from "../../src/aws/credentials.ts";
import { keptLog, manualClock } from "../support/aws-stand-in.ts";

const hourMs = 3_600_000;

/** A source whose loads the test counts and answers; the third argument makes the nth fail. */
function counted(expiresInMs: number | undefined, fails: (load: number) => boolean = () => false) {
  const clock = manualClock();
  const { log, lines } = keptLog();
  const state = { loads: 0 };
  const load = async (): Promise<Credentials> => {
    state.loads++;
    await Promise.resolve();
    if (fails(state.loads)) throw new Error(`load ${state.loads} failed`);
    const expirationMs = expiresInMs === undefined ? undefined : clock.now() + expiresInMs;
    return { accessKeyId: `A${state.loads}`, secretAccessKey: "s", sessionToken: undefined, expirationMs };
  };
  return { clock, lines, state, source: createCredentialsSource({ load, clock, log }) };
}

const settled = () => new Promise((resolve) => setTimeout(resolve, 0));

test("many that ask at once cause one load, and credentials without expiry are kept", async () => {
  const { source, state, clock } = counted(undefined);
  const all = await Promise.all([source.get(), source.get(), source.get()]);
  assert.deepEqual(new Set(all.map(({ accessKeyId }) => accessKeyId)), new Set(["A1"]));
  clock.advance(1_000 * hourMs);
  assert.equal((await source.get()).accessKeyId, "A1");
  assert.equal(state.loads, 1);
});

test("credentials are renewed in the background five minutes before they expire", async () => {
  const { source, state, clock } = counted(hourMs);
  await source.get();
  clock.advance(hourMs - 300_001);
  assert.equal((await source.get()).accessKeyId, "A1");
  assert.equal(state.loads, 1);
  clock.advance(1);
  assert.equal((await source.get()).accessKeyId, "A1");
  await settled();
  assert.equal((await source.get()).accessKeyId, "A2");
  assert.equal(state.loads, 2);
});

test("expired credentials are waited for", async () => {
  const { source, clock } = counted(hourMs);
  await source.get();
  clock.advance(hourMs + 1);
  assert.equal((await source.get()).accessKeyId, "A2");
});

test("a renewal that fails leaves the old credentials, says so, and is not repeated at once", async () => {
  const { source, state, clock, lines } = counted(hourMs, (load) => load > 1);
  await source.get();
  clock.advance(hourMs + 1);
  for (let i = 0; i < 5; i++) assert.equal((await source.get()).accessKeyId, "A1");
  assert.equal(state.loads, 2);
  assert.match(lines.join(""), /cannot renew credentials.*load 2 failed/);
  clock.advance(10_000);
  await source.get();
  assert.equal(state.loads, 3);
});

test("credentials that always come close to their end are not loaded for every request", async () => {
  const { source, state, clock } = counted(60_000);
  for (let i = 0; i < 50; i++) {
    await source.get();
    await settled();
    clock.advance(100);
  }
  assert.equal(state.loads, 1);
});

test("refused credentials are dropped once, whoever says so how often", async () => {
  const { source, state } = counted(hourMs);
  const old = await source.get();
  source.invalidate(old);
  const fresh = await source.get();
  assert.equal(fresh.accessKeyId, "A2");
  source.invalidate(old);
  assert.equal(await source.get(), fresh);
  assert.equal(state.loads, 2);
});

test("a first load that fails is told to those who asked, and the next one starts anew", async () => {
  const { source } = counted(undefined, (load) => load === 1);
  await assert.rejects(source.get(), /load 1 failed/);
  assert.equal((await source.get()).accessKeyId, "A2");
});

test("a load that never ends is given up", async () => {
  const clock = manualClock();
  const load = () => new Promise<Credentials>(() => undefined);
  const source = createCredentialsSource({ load, clock, log: keptLog().log, loadTimeoutMs: 1_000 });
  const got = source.get();
  clock.advance(1_000);
  await assert.rejects(got, /no answer within 1000 ms/);
});

test("credentials that come back the same after they were refused say so, others do not", async () => {
  const clock = manualClock();
  let secretAccessKey = "s1";
  const load = () =>
    Promise.resolve({ accessKeyId: "A", secretAccessKey, sessionToken: "t", expirationMs: undefined });
  const source = createCredentialsSource({ load, clock, log: keptLog().log });
  const first = await source.get();
  assert.equal(first.refusedBefore, undefined);
  source.invalidate(first);
  const again = await source.get();
  assert.equal(again.refusedBefore, true);
  // A late refusal of the first says nothing of these.
  source.invalidate(first);
  assert.equal(await source.get(), again);
  secretAccessKey = "s2";
  source.invalidate(again);
  assert.equal((await source.get()).refusedBefore, undefined);
});

test("the code of the service behind a failed load is found, however deep it stands", () => {
  const said = Object.assign(new Error("denied"), {
    name: "AccessDenied",
    $metadata: { httpStatusCode: 403 },
  });
  assert.equal(loadErrorCode(said), "AccessDenied");
  assert.equal(
    loadErrorCode(new Error("chain", { cause: new Error("link", { cause: said }) })),
    "AccessDenied",
  );
  assert.equal(loadErrorCode(new Error("no network")), "");
  assert.equal(loadErrorCode("text"), "");
});

test("whoever wants to know is told of every load, of those that failed as well", async () => {
  const clock = manualClock();
  const told: (number | undefined)[] = [];
  let loads = 0;
  const load = async (): Promise<Credentials> => {
    if (++loads === 2) throw new Error("away");
    const expirationMs = clock.now() + hourMs;
    return await Promise.resolve({
      accessKeyId: "A",
      secretAccessKey: "s",
      sessionToken: undefined,
      expirationMs,
    });
  };
  const onLoad = (loaded: Credentials | undefined) => told.push(loaded?.expirationMs);
  const source = createCredentialsSource({ load, clock, log: keptLog().log, onLoad });
  const begunMs = clock.now();
  await source.get();
  for (const minutes of [61, 1]) {
    clock.advance(minutes * 60_000);
    await source.get();
  }
  assert.deepEqual(told, [begunMs + hourMs, undefined, begunMs + 62 * 60_000 + hourMs]);
});
