import assert from "node:assert/strict";
import { test } from "node:test";
import { ConfigError } from "../../src/errors.ts";
import { readWebConfig } from "../../src/web-config/web-config.ts";

const hash = "$2y$10$QOauhQNbBCuQDKes6eFzPeMqBSjb7Mr5DUmpZ/VcEd00UAV/LDeSi";
const tls = "tls_server_config:\n  cert_file: c.pem\n  key_file: k.pem\n";

/** What a file is refused with. */
function refusal(text: string): string {
  try {
    readWebConfig(text, "web.yml");
  } catch (error) {
    assert.ok(error instanceof ConfigError, String(error));
    return error.message;
  }
  return assert.fail(`nothing is wrong with ${JSON.stringify(text)}`);
}

test("an empty file asks for nothing", () => {
  for (const text of ["", "\n", "# nothing\n", "---\n", "tls_server_config:\n", "basic_auth_users: {}\n"]) {
    const config = readWebConfig(text, "web.yml");
    assert.equal(config.tls, undefined);
    assert.equal(config.users.size, 0);
  }
});

test("every key is read", () => {
  const text = `
tls_server_config:
  cert_file: c.pem
  key_file: /k.pem
  client_ca_file: ca.pem
  client_auth_type: RequireAndVerifyClientCert
  client_allowed_sans: [a.example, "192.0.2.1"]
  min_version: TLS13
  max_version: TLS13
  cipher_suites: [TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, TLS_AES_128_GCM_SHA256]
  curve_preferences: [CurveP384, X25519]
  prefer_server_cipher_suites: false
http_server_config:
  http2: no
  headers:
    X-Frame-Options: deny
    Strict-Transport-Security: max-age=1
    X-XSS-Protection: ""
rate_limit: {interval: 1m30s, burst: 5}
basic_auth_users:
  alice: ${hash}
  123: ${hash}
  yes: ${hash}
bearer_tokens:
  prom: sha256:${"AB".repeat(32)}
bearer_token_files:
  other: token
unauthenticated_paths: [/-/healthy]
`;
  const config = readWebConfig(text, "web.yml");
  assert.deepEqual(config.tls, {
    cert: { file: "c.pem" },
    key: { file: "/k.pem" },
    clientCa: { file: "ca.pem" },
    clientAuth: "require-and-verify",
    clientAllowedSans: ["a.example", "192.0.2.1"],
    minVersion: "TLSv1.3",
    maxVersion: "TLSv1.3",
    ciphers: ["ECDHE-RSA-AES128-GCM-SHA256"],
    curves: ["P-384", "X25519"],
    preferServerCiphers: false,
  });
  assert.deepEqual(Object.fromEntries(config.headers), {
    "X-Frame-Options": "deny",
    "Strict-Transport-Security": "max-age=1",
  });
  assert.deepEqual(config.rateLimit, { intervalMs: 90_000, burst: 5 });
  assert.deepEqual([...config.users.keys()], ["alice", "123", "yes"]);
  assert.deepEqual(config.tokens.get("prom"), "ab".repeat(32));
  assert.deepEqual(config.tokenFiles.get("other"), "token");
  assert.deepEqual(config.openPaths, ["/-/healthy"]);
});

test("what is wrong is named by key and line", () => {
  const wrong: readonly (readonly [string, RegExp])[] = [
    [
      "tls_server_config:\n  cert_filse: x\n",
      /^web\.yml:2: tls_server_config\.cert_filse is no key there is/,
    ],
    ["basic_auth_user: {}\n", /^web\.yml:1: basic_auth_user is no key/],
    ["http_server_config:\n  http3: true\n", /http_server_config\.http3 is no key/],
    ["tls_server_config: x\n", /tls_server_config is to be a mapping/],
    ["- a\n", /is no mapping/],
    ["a: b: c\n", /^web\.yml:1: is no YAML at column/],
    ["basic_auth_users: {}\nbasic_auth_users: {}\n", /^web\.yml:2: is no YAML .*DUPLICATE_KEY/],
    ["tls_server_config: {cert_file: a}\n", /key_file is missing/],
    ["tls_server_config: {key: a}\n", /cert_file is missing/],
    ["tls_server_config: {client_allowed_sans: [a]}\n", /cert_file is missing/],
    [`${tls}  min_version: TLS11\n`, /min_version is to be TLS12 or TLS13: TLS11 is not safe/],
    [`${tls}  min_version: TLS13\n  max_version: TLS12\n`, /min_version is above max_version/],
    [`${tls}  max_version: toString\n`, /max_version is to be TLS12 or TLS13$/],
    [`${tls}  cipher_suites: [TLS_RSA_WITH_RC4_128_SHA]\n`, /cipher_suites has an unknown name/],
    [`${tls}  cipher_suites: x\n`, /cipher_suites is to be a list/],
    [`${tls}  cipher_suites: [TLS_AES_128_GCM_SHA256]\n  max_version: TLS12\n`, /leaves no suite/],
    [`${tls}  curve_preferences: [CurveP257]\n`, /curve_preferences has an unknown name/],
    [`${tls}  client_auth_type: Require\n`, /client_auth_type is to be one of/],
    [`${tls}  client_auth_type: RequireAndVerifyClientCert\n`, /verifies nothing without client_ca_file/],
    [`${tls}  client_ca_file: x\n`, /client_ca_file does nothing without/],
    [
      `${tls}  client_auth_type: RequireAnyClientCert\n  client_allowed_sans: [a]\n`,
      /client_allowed_sans needs/,
    ],
    [`${tls}  prefer_server_cipher_suites: maybe\n`, /is to be true or false/],
    ["http_server_config: {headers: {Content-Type: x}}\n", /headers can set/],
    ["http_server_config: {headers: {X-Frame-Options: foo}}\n", /X-Frame-Options to deny or sameorigin only/],
    ['http_server_config: {headers: {X-XSS-Protection: "a\\nb"}}\n', /is no header/],
    ["rate_limit: {interval: soon}\n", /interval is to be a duration/],
    ["rate_limit: {interval: 1s, burst: 0}\n", /burst has to be at least 1/],
    ["rate_limit: {interval: 1s, burst: 1.5}\n", /burst is to be a whole number/],
    ["basic_auth_users: {john: doe}\n", /basic_auth_users has a password that is no bcrypt hash/],
    [`basic_auth_users: {john: ${hash.replace("$10$", "$19$")}}\n`, /bcrypt cost of 19: 4 to 18/],
    ["basic_auth_users: {john: [a]}\n", /is to be one text/],
    [`bearer_tokens: {a: ${hash}}\n`, /bearer_tokens is to hold sha256:/],
    [
      `bearer_tokens: {a: sha256:${"0".repeat(64)}}\nbearer_token_files: {a: x}\n`,
      /has a name of bearer_tokens/,
    ],
    ["unauthenticated_paths: [/-/healthy]\n", /unauthenticated_paths does nothing without/],
    [`basic_auth_users: {a: ${hash}}\nunauthenticated_paths: [/receive]\n`, /can hold/],
    ["<<: {a: b}\n", /<< is no key/],
    ["? [a]\n: b\n", /is no text/],
  ];
  for (const [text, pattern] of wrong) assert.match(refusal(text), pattern, text);
});

test("no error shows a value, which may be a secret", () => {
  const secret = "hunter2-hunter2";
  const texts = [
    `basic_auth_users: {john: ${secret}}\n`,
    `basic_auth_users: {john: "${secret}\n`,
    `bearer_tokens: {john: ${secret}}\n`,
    `tls_server_config: ${secret}\n`,
    `tls_server_config: {key: ${secret}}\n`,
    `tls_server_config: {key: "${secret}", cert: x, client_auth_type: ${secret}}\n`,
    `key: |\n  ${secret}\n ${secret}: {\n`,
    `${secret}\n`,
    `rate_limit: {interval: ${secret}}\n`,
    `http_server_config: {headers: {X-Frame-Options: ${secret}}}\n`,
  ];
  for (const text of texts) assert.ok(!refusal(text).includes(secret), refusal(text));
});

test("aliases are followed, and are too few to hurt", () => {
  const config = readWebConfig(`basic_auth_users: {a: &h ${hash}, b: *h}\n`, "web.yml");
  assert.equal(config.users.get("b"), hash);
  const many = Array.from({ length: 101 }, (_, at) => `  u${at}: *h\n`).join("");
  assert.match(refusal(`basic_auth_users:\n  a: &h ${hash}\n${many}`), /more than 100 aliases/);
  assert.match(refusal("a: &a [*a]\n"), /a is no key|YAML/);
});
