import assert from "node:assert/strict";
import { test } from "node:test";
import { tellOfExposure } from "../../src/command/web-access.ts";
import type { LogFields } from "../../src/log.ts";
import type { ClientAuth, TlsOptions } from "../../src/platform.ts";
import type { LoadedWebConfig } from "../../src/web-config/load.ts";
import { silentLog } from "../support/silent-log.ts";

/** What is said at the start when it listens on `hostname`. */
function told(hostname: string | undefined, held?: LoadedWebConfig): string {
  const said: string[] = [];
  const warn = (message: string, fields: LogFields = {}) => void said.push(`${message} ${fields["do"]}`);
  tellOfExposure(hostname, held, { ...silentLog, warn });
  return said.join("\n");
}

function webConfig(parts: { user?: boolean; token?: boolean; tls?: ClientAuth }): LoadedWebConfig {
  const none = { openPaths: new Set<string>(), headers: new Map(), rateLimit: undefined };
  const tls: TlsOptions | undefined = parts.tls && {
    ...{ cert: "", key: "", clientCa: "", clientAuth: parts.tls, clientAllowedSans: undefined },
    ...{ minVersion: "TLSv1.2", maxVersion: "TLSv1.3", preferServerCiphers: true },
    ...{ ciphers: undefined, curves: undefined },
  };
  return {
    tls,
    access: {
      ...none,
      users: new Map(parts.user ? [["alice", "hash"]] : []),
      tokens: new Map(parts.token ? [["prom", "hash"]] : []),
    },
  };
}

test("who listens to others without authentication is told so, and what to do", () => {
  for (const hostname of [undefined, "0.0.0.0", "::", "10.0.0.1", "example.com", "127.0.0.1.example.com"]) {
    assert.match(told(hostname), /no authentication --listen-addr 127\.0\.0\.1:9501 .* or --web-config-file/);
  }
  for (const tls of ["none", "request", "require", "verify-if-given"] as const) {
    assert.match(told(undefined, webConfig({ tls })), /no authentication/, tls);
  }
});

test("who sends passwords unencrypted is told so", () => {
  assert.match(told(undefined, webConfig({ user: true })), /unencrypted.*tls_server_config/);
  assert.match(told(undefined, webConfig({ token: true })), /unencrypted/);
});

test("nothing is said where nothing is open", () => {
  for (const hostname of ["127.0.0.1", "localhost", "::1", "127.1.2.3"]) assert.equal(told(hostname), "");
  assert.equal(told(undefined, webConfig({ tls: "require-and-verify" })), "");
  assert.equal(told(undefined, webConfig({ tls: "none", user: true })), "");
  assert.equal(told(undefined, webConfig({ tls: "none", token: true })), "");
});
