/** A web config file as Prometheus' exporter toolkit defines it, and what we add: docs/security.md has every key. */
import { ConfigError } from "../errors.ts";
import { readTlsSettings, type TlsSettings } from "./tls-settings.ts";
import { type Fields, readYaml } from "./yaml-fields.ts";

export interface RateLimit {
  /** Between two requests, on average, in ms. */
  readonly intervalMs: number;
  /** Requests at once after a pause. */
  readonly burst: number;
}

export interface WebConfig {
  /** Undefined: plain HTTP. */
  readonly tls: TlsSettings | undefined;
  /** For every answer. */
  readonly headers: ReadonlyMap<string, string>;
  /** For all requests together; undefined: no limit. */
  readonly rateLimit: RateLimit | undefined;
  /** bcrypt hashes of passwords, by user. */
  readonly users: ReadonlyMap<string, string>;
  /** SHA-256 of bearer tokens in lower-case hex, by the name of who has it. */
  readonly tokens: ReadonlyMap<string, string>;
  /** Files with one bearer token each, by the name of who has it. */
  readonly tokenFiles: ReadonlyMap<string, string>;
  /** Paths that need no password or token. */
  readonly openPaths: readonly string[];
}

/** Of headers that can be set: the values that are allowed, undefined for any. */
const headerValues: Readonly<Record<string, readonly string[] | undefined>> = {
  "Strict-Transport-Security": undefined,
  "X-Content-Type-Options": ["nosniff"],
  "X-Frame-Options": ["deny", "sameorigin"],
  "X-XSS-Protection": undefined,
  "Content-Security-Policy": undefined,
};

const bcryptHash = /^\$2[abxy]\$(\d\d)\$[./A-Za-z0-9]{53}$/;
/** A hash of cost 18 takes seconds; each step doubles it. */
const costMin = 4;
const costMax = 18;
const namesMax = 10_000;
/** What may be open to all: nothing that changes anything. */
export const openablePaths = ["/-/healthy", "/-/ready", "/metrics"] as const;

/** Reads the text of a web config called `name` in errors. Throws a ConfigError that names the key, never a value. */
export function readWebConfig(text: string, name: string): WebConfig {
  const fields = readYaml(text, name);
  const config = {
    tls: readTlsSettings(fields.mapping("tls_server_config")),
    headers: readHttp(fields.mapping("http_server_config")),
    rateLimit: readRateLimit(fields.mapping("rate_limit")),
    users: readUsers(fields),
    tokens: readTokens(fields),
    tokenFiles: readNamed(fields, "bearer_token_files"),
    openPaths: readOpenPaths(fields),
  };
  fields.end();
  for (const name of config.tokenFiles.keys()) {
    if (config.tokens.has(name)) throw fields.error("bearer_token_files", "has a name of bearer_tokens");
  }
  if (config.openPaths.length > 0 && config.users.size + config.tokens.size + config.tokenFiles.size === 0) {
    const without = "does nothing without basic_auth_users, bearer_tokens or bearer_token_files";
    throw fields.error("unauthenticated_paths", without);
  }
  return config;
}

function readHttp(fields: Fields): ReadonlyMap<string, string> {
  // Only HTTP/1.1 is spoken: every sender knows it, and none loses anything by it.
  fields.boolean("http2", true);
  const headers = fields.texts("headers");
  fields.end();
  for (const [header, value] of headers) {
    if (!Object.hasOwn(headerValues, header)) {
      throw fields.error("headers", `can set ${Object.keys(headerValues).join(", ")} only`);
    }
    const allowed = headerValues[header];
    if (allowed !== undefined && !allowed.includes(value)) {
      throw fields.error("headers", `can set ${header} to ${allowed.join(" or ")} only`);
    }
    // Such a value would be refused with each answer.
    if (!/^[\t\x20-\x7e]*$/.test(value)) throw fields.error("headers", `has a ${header} that is no header`);
  }
  return new Map([...headers].filter(([, value]) => value !== ""));
}

function readRateLimit(fields: Fields): RateLimit | undefined {
  const interval = fields.text("interval") ?? "0";
  const burstText = fields.text("burst") ?? "0";
  fields.end();
  const intervalMs = readIntervalMs(interval);
  if (intervalMs === undefined) throw fields.error("interval", "is to be a duration like 100ms or 1s");
  const burst = /^\d{1,9}$/.test(burstText) ? Number(burstText) : undefined;
  if (burst === undefined) throw fields.error("burst", "is to be a whole number");
  if (intervalMs === 0) return undefined;
  if (burst === 0) throw fields.error("burst", "has to be at least 1: otherwise every request is refused");
  return { intervalMs, burst };
}

const unitsMs: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
};

function readIntervalMs(text: string): number | undefined {
  // A bare number is what Go counts durations in.
  if (/^\d{1,15}$/.test(text)) return Number(text) * 1e-6;
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(ns|us|ms|s|m|h)/g)];
  if (parts.length === 0 || parts.map(([part]) => part).join("") !== text) return undefined;
  return parts.reduce((sumMs, [, count, unit]) => sumMs + Number(count) * (unitsMs[unit ?? ""] ?? 0), 0);
}

function readUsers(fields: Fields): ReadonlyMap<string, string> {
  const users = readNamed(fields, "basic_auth_users");
  for (const hash of users.values()) {
    const cost = Number(bcryptHash.exec(hash)?.[1]);
    if (Number.isNaN(cost)) {
      throw fields.error(
        "basic_auth_users",
        "has a password that is no bcrypt hash: htpasswd -nBC 10 NAME makes one",
      );
    }
    if (cost < costMin || cost > costMax) {
      throw fields.error(
        "basic_auth_users",
        `has a bcrypt cost of ${cost}: ${costMin} to ${costMax} are allowed`,
      );
    }
  }
  return users;
}

function readTokens(fields: Fields): ReadonlyMap<string, string> {
  const tokens = readNamed(fields, "bearer_tokens");
  return new Map(
    [...tokens].map(([name, text]) => {
      const [, hash] = /^sha256:([0-9a-fA-F]{64})$/.exec(text) ?? [];
      if (hash === undefined) {
        throw fields.error(
          "bearer_tokens",
          "is to hold sha256: and the 64 hex digits of each token's SHA-256",
        );
      }
      return [name, hash.toLowerCase()];
    }),
  );
}

function readNamed(fields: Fields, key: string): ReadonlyMap<string, string> {
  const texts = fields.texts(key);
  if (texts.size > namesMax) throw fields.error(key, `has more than ${namesMax} names`);
  if (texts.has("")) throw fields.error(key, "has an empty name");
  return texts;
}

function readOpenPaths(fields: Fields): readonly string[] {
  const paths = fields.list("unauthenticated_paths") ?? [];
  for (const path of paths) {
    if (!(openablePaths as readonly string[]).includes(path)) {
      throw fields.error("unauthenticated_paths", `can hold ${openablePaths.join(", ")} only`);
    }
  }
  return paths;
}

/** Says which file could not be read: the cause is in the operating system's words. */
export function unreadable(what: string, path: string, cause: unknown): ConfigError {
  return new ConfigError(1, `cannot read ${what} ${JSON.stringify(path)}`, { cause });
}
