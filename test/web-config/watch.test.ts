import assert from "node:assert/strict";
import { test } from "node:test";
import { ConfigError } from "../../src/errors.ts";
import { createMetrics } from "../../src/metrics.ts";
import type { LoadedWebConfig } from "../../src/web-config/load.ts";
import { watchWebConfig } from "../../src/web-config/watch.ts";
import { silentLog } from "../support/silent-log.ts";
import { VirtualClock } from "../support/virtual-clock.ts";

function withUsers(...users: readonly string[]): LoadedWebConfig {
  const none = { tokens: new Map(), openPaths: new Set<string>(), headers: new Map(), rateLimit: undefined };
  return { tls: undefined, access: { ...none, users: new Map(users.map((user) => [user, "hash"])) } };
}

/** A watch over `found`, which tests change: what it holds, or an error. */
function watched() {
  const clock = new VirtualClock();
  const metrics = createMetrics({ version: "test", runtime: "test" });
  const applied: number[] = [];
  const errors: string[] = [];
  const state: { found: LoadedWebConfig | Error; refuse?: string; loads: number } = {
    found: withUsers("a"),
    loads: 0,
  };
  const end = watchWebConfig({
    first: withUsers("a"),
    async load() {
      state.loads++;
      if (state.found instanceof Error) throw state.found;
      return state.found;
    },
    async apply({ access }) {
      if (state.refuse !== undefined) throw new ConfigError(1, state.refuse);
      applied.push(access.users.size);
    },
    clock,
    log: { ...silentLog, error: (_message, fields) => void errors.push(String(fields?.["reason"])) },
    metrics: metrics.webConfig,
  });
  const isGood = async () =>
    /^prometheus_remote_kinesis_web_config_last_reload_successful 1$/m.test(await metrics.text());
  return { clock, applied, errors, state, end, isGood };
}

test("a web config that changes is taken over once, within two seconds", async () => {
  const { clock, applied, state, end, isGood } = watched();
  await clock.advance(20_000);
  assert.deepEqual(applied, []);
  state.found = withUsers("a", "b");
  await clock.advance(20_000);
  assert.deepEqual(applied, [2]);
  assert.equal(await isGood(), true);
  end();
});

test("one that is wrong never holds, is told once, and counted until it is right again", async () => {
  const { clock, applied, errors, state, end, isGood } = watched();
  state.found = new ConfigError(1, "web.yml:1: is no YAML");
  await clock.advance(30_000);
  assert.deepEqual([applied, errors], [[], ["web.yml:1: is no YAML"]]);
  assert.equal(await isGood(), false);
  // The old one again: nothing to take over, and nothing wrong any more.
  state.found = withUsers("a");
  await clock.advance(5_000);
  assert.deepEqual([applied, await isGood()], [[], true]);
  state.found = new ConfigError(1, "web.yml:1: is no YAML");
  await clock.advance(5_000);
  assert.equal(errors.length, 2);
  end();
});

test("what cannot be taken over is tried again, and told once", async () => {
  const { clock, applied, errors, state, end, isGood } = watched();
  state.refuse = "the key is not the one of the certificate";
  state.found = withUsers("a", "b");
  await clock.advance(30_000);
  assert.deepEqual([applied, errors, await isGood()], [[], [state.refuse], false]);
  delete state.refuse;
  await clock.advance(5_000);
  assert.deepEqual([applied, await isGood()], [[2], true]);
  end();
});

test("once it is ended it looks no more", async () => {
  const { clock, state, end } = watched();
  await clock.advance(5_000);
  end();
  const { loads } = state;
  await clock.advance(60_000);
  assert.equal(state.loads, loads);
  assert.equal(clock.pendingTimers, 0);
});
