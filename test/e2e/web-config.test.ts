/** What promtool, which has the exporter toolkit inside, refuses as a web config is refused here as well. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { copyFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { ConfigError } from "../../src/errors.ts";
import { tlsContext } from "../../src/runtime/tls-context.ts";
import { loadWebConfig } from "../../src/web-config/load.ts";
import { promtool3 } from "../support/prometheus.ts";
import { seededRandom } from "../support/seeded-random.ts";
import { withTemporaryDirectory } from "../support/temporary-directory.ts";

const certificates = join(import.meta.dirname, "../golden/tls");
const hash = "$2y$10$QOauhQNbBCuQDKes6eFzPeMqBSjb7Mr5DUmpZ/VcEd00UAV/LDeSi";
const filesCount = 1_000;

/** What is said of files that the toolkit takes, and that would be less safe, or less useful, than they look. */
const stricter = [
  /is to be TLS12 or TLS13: TLS1[01] is not safe any more/,
  /min_version is above max_version/,
  /verifies nothing without client_ca_file/,
  /client_allowed_sans needs client_auth_type/,
  /cert_file is missing: TLS needs/,
  /leaves no suite for TLS 1\.2/,
  /burst has to be at least 1/,
  /has an empty name/,
  /client_ca_file holds no certificate/,
];

/** Values for each key, good and bad; the first is "not there". */
const choices: Readonly<Record<string, readonly (string | undefined)[]>> = {
  "tls_server_config.cert_file": [undefined, "server.pem", "server.pem", "server.pem", "none.pem", '""'],
  "tls_server_config.key_file": [undefined, "server.key", "server.key", "server.key", "client.key", '""'],
  "tls_server_config.client_ca_file": [undefined, undefined, "ca.pem", "ca.pem", "server.key", "none.pem"],
  "tls_server_config.client_auth_type": [
    undefined,
    undefined,
    "NoClientCert",
    "RequestClientCert",
    "RequireAnyClientCert",
    "RequireClientCert",
    "VerifyClientCertIfGiven",
    "RequireAndVerifyClientCert",
    "Whatever",
    '""',
  ],
  "tls_server_config.client_allowed_sans": [undefined, undefined, undefined, "[a]", "[]", "a"],
  "tls_server_config.min_version": [undefined, undefined, "TLS12", "TLS13", "TLS11", "TLS14", "1.2"],
  "tls_server_config.max_version": [undefined, undefined, "TLS12", "TLS13", "TLS10", "tls13"],
  "tls_server_config.cipher_suites": [
    undefined,
    undefined,
    "[TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256]",
    "[TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA, TLS_CHACHA20_POLY1305_SHA256]",
    "[TLS_AES_128_GCM_SHA256]",
    "[TLS_RSA_WITH_AES_128_GCM_SHA256]",
    "[]",
  ],
  "tls_server_config.curve_preferences": [undefined, undefined, "[CurveP256, X25519]", "[P256]"],
  "tls_server_config.prefer_server_cipher_suites": [undefined, undefined, "true", "no", "perhaps"],
  "tls_server_config.cert_fil": [...Array.from({ length: 15 }, () => undefined), "x"],
  "http_server_config.http2": [undefined, "true", "off", "2"],
  "http_server_config.headers": [
    undefined,
    undefined,
    "{X-Frame-Options: sameorigin}",
    "{X-Content-Type-Options: nosniff, Strict-Transport-Security: max-age=1}",
    "{X-Frame-Options: other}",
    "{Server: x}",
  ],
  "rate_limit.interval": [undefined, undefined, "1s", "1m30s", "0", "1"],
  "rate_limit.burst": [undefined, undefined, "5", "0", "five"],
  basic_auth_users: [
    undefined,
    undefined,
    `{alice: ${hash}, 7: ${hash}}`,
    `{bob: ${hash.slice(0, -8)}}`,
    "{bob: x}",
    "[]",
  ],
};

function randomFile(random: (bound: number) => number): string {
  const sections = new Map<string, string[]>();
  for (const [path, values] of Object.entries(choices)) {
    // Mostly one wrong thing at most, so that it is seen.
    const value = values[random(random(12) === 0 ? values.length : Math.ceil(values.length / 2))];
    if (value === undefined) continue;
    const [section = "", key] = path.split(".");
    if (key === undefined) sections.set(`${section}: ${value}`, []);
    else sections.set(`${section}:`, [...(sections.get(`${section}:`) ?? []), `  ${key}: ${value}`]);
  }
  return `${[...sections].flatMap(([head, lines]) => [head, ...lines]).join("\n")}\n`;
}

/** Why it is refused here; undefined: it is not. */
async function refusal(file: string): Promise<string | undefined> {
  try {
    const { tls } = await loadWebConfig(file);
    if (tls !== undefined) tlsContext(tls, { httpsKnowsCertificates: true });
    return undefined;
  } catch (error) {
    assert.ok(error instanceof ConfigError, String(error));
    return error.message;
  }
}

const options = { skip: promtool3.missing };

test(
  "what the exporter toolkit takes and refuses is taken and refused, but for what is not safe",
  options,
  async () => {
    await withTemporaryDirectory(async (directory) => {
      for (const name of ["server.pem", "server.key", "client.key", "ca.pem"])
        await copyFile(join(certificates, name), join(directory, name));
      const random = seededRandom(7);
      const files = Array.from({ length: filesCount }, (_, at) => join(directory, `${at}.yml`));
      const texts = files.map(() => randomFile(random));
      for (const [at, file] of files.entries()) await writeFile(file, texts[at] ?? "");
      const checked = spawnSync(promtool3.path, ["check", "web-config", ...files], {
        encoding: "utf8",
      });
      const verdicts = checked.stdout + checked.stderr;
      const counts = { taken: 0, refused: 0, stricter: 0 };
      for (const [at, file] of files.entries()) {
        const isTaken = verdicts.includes(`${file} SUCCESS`);
        assert.ok(isTaken || verdicts.includes(`${file} FAILED`), texts[at]);
        const why = await refusal(file);
        const line = verdicts.split(file)[1]?.split("\n")[0];
        const shown = `promtool ${isTaken ? "takes" : "refuses"}, here: ${why}\n${texts[at]}${line}`;
        if (!isTaken) assert.notEqual(why, undefined, shown);
        else if (why !== undefined)
          assert.ok(
            stricter.some((each) => each.test(why)),
            shown,
          );
        counts[isTaken ? (why === undefined ? "taken" : "stricter") : "refused"]++;
      }
      assert.ok(
        Object.values(counts).every((count) => count > 20),
        JSON.stringify(counts),
      );
    });
  },
);
