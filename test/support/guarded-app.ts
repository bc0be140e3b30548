/** The real app behind the real guard, with a bcrypt that takes no time. */
import assert from "node:assert/strict";
import { systemClock } from "../../src/clock.ts";
import type { VerifyBcrypt } from "../../src/http/auth-bcrypt.ts";
import { createGuard, type GuardOptions } from "../../src/http/guard.ts";
import type { LogFields } from "../../src/log.ts";
import { createMetrics } from "../../src/metrics.ts";
import type { Access } from "../../src/web-config/load.ts";
import { silentLog } from "./silent-log.ts";
import { testApp } from "./test-app.ts";
import type { VirtualClock } from "./virtual-clock.ts";
import { oneSample, writeHeadersV1 } from "./write-request.ts";

/** The shape of a bcrypt hash; here its last 6 characters are the password. */
const anyHash = "$2b$04$abcdefghijklmnopqrstuu8iy3zIDD5p3IP66KCJ1kP0vkOMFW0qm";
export const tokenHash = "1be2e452b46d7a0d9656bbb1f768e824ed8de2b8b1fb7b4c0d8b0e0a3d8f7b1c";

const nobody: Access = {
  users: new Map(),
  tokens: new Map(),
  openPaths: new Set(),
  headers: new Map(),
  rateLimit: undefined,
};

export interface Guarded {
  get(path: string, authorization?: string, address?: string): Promise<Response>;
  post(authorization?: string, address?: string): Promise<Response>;
  /** What was hashed, in order: password and hash. */
  readonly hashed: (readonly [string, string])[];
  readonly logged: string[];
  metric(name: string): Promise<string | undefined>;
  access: Access;
}

/** The real app behind a guard whose bcrypt is `verify`: by default `hashOf` is what a password has. */
export function guarded(first: Partial<Access>, options: Partial<GuardOptions> = {}): Guarded {
  const hashed: (readonly [string, string])[] = [];
  const logged: string[] = [];
  const log = {
    ...silentLog,
    warn: (message: string, fields: LogFields = {}) => {
      logged.push(`${message} ${JSON.stringify(fields)}`);
    },
  };
  const verify: VerifyBcrypt =
    options.verifyBcrypt ?? (async (password, hash) => hash.endsWith(text(password)));
  const metrics = createMetrics({ version: "test", runtime: "test" });
  const state = { access: { ...nobody, ...first } };
  const guard = createGuard({
    access: () => state.access,
    clientRequestsMax: undefined,
    clientRequestsPerSecondMax: undefined,
    clock: systemClock,
    log,
    metrics: metrics.guard,
    ...options,
    verifyBcrypt: (password, hash) => {
      hashed.push([text(password), hash]);
      return verify(password, hash);
    },
  });
  const { app } = testApp({ guard });
  const fetch = async (init: RequestInit, path: string, authorization = "", address = "192.0.2.1") => {
    const headers = new Headers(init.headers);
    if (authorization !== "") headers.set("authorization", authorization);
    return app.fetch(new Request(`http://receiver.test${path}`, { ...init, headers }), { address });
  };
  const body = new Uint8Array(oneSample("up", "1", 1));
  return {
    hashed,
    logged,
    get: (path, ...rest) => fetch({}, path, ...rest),
    post: (...rest) => fetch({ method: "POST", body, headers: writeHeadersV1 }, "/receive", ...rest),
    metric: async (name) => (await metrics.text()).split("\n").find((line) => line.startsWith(name)),
    get access() {
      return state.access;
    },
    set access(access) {
      state.access = access;
    },
  };
}

function text(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

export function basic(user: string, password: string): string {
  return `Basic ${btoa(String.fromCharCode(...new TextEncoder().encode(`${user}:${password}`)))}`;
}

/** A hash that the password has, as the guard's bcrypt sees it. */
export function hashOf(password: string, cost = "04"): string {
  return anyHash.replace("$04$", `$${cost}$`).replace(/.{6}$/, password);
}

export const users = new Map([["alice", hashOf("a-pass")]]);

/** Lets happen what needs no time until `done`: WebCrypto works beside the event loop. */
export async function until(clock: VirtualClock, done: () => boolean): Promise<void> {
  for (let turns = 0; !done(); turns++) {
    assert.ok(turns < 100_000, "it never happened");
    await clock.advance(turns % 10 === 9 ? 1 : 0);
  }
}
