import assert from "node:assert/strict";
import { copyFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import {
  copyCertificates,
  type HttpsOptions,
  requestHttps,
  requestWithSession,
} from "../support/https-request.ts";
import {
  type Program,
  type ProgramKind,
  runProgram,
  withDirectory,
  withProgram,
} from "../support/program.ts";
import { withConnection } from "../support/raw-http.ts";
import { waitUntil } from "../support/server-process.ts";
import { largeRequest, oneSample, writeHeadersV1 } from "../support/write-request.ts";
import type { Case } from "./black-box.ts";

/** Of "correct horse"; and the SHA-256 of the token below. */
const hash = "$2y$10$ywxXY8o2NZ3k18uK2L/6XuG8akE5iWm.ngYWA2Yjdt/tpQVmI.PH6";
const token = "7d1f3b0c9a5e4d62";
const tokenHash = "0e3e3cf19b88109f6cd917a4e4c0a8ba822e509da5695dc8f19982184935ed4b";
const tls = "tls_server_config:\n  cert_file: server.pem\n  key_file: server.key\n";
const reloadMs = 15_000;

/** Starts the program with `webConfig`, and stops it with SIGTERM when `use` is done. */
async function secured(
  kind: ProgramKind,
  webConfig: string,
  use: (program: Program, directory: string) => Promise<void>,
  args: readonly string[] = [],
): Promise<void> {
  await withDirectory(async (cwd) => {
    await copyCertificates(cwd);
    await writeFile(join(cwd, "web.yml"), webConfig);
    const all = ["--web-config-file", "web.yml", "--linger", "5ms", ...args];
    await withProgram(kind, { cwd, args: all }, async (program) => {
      await use(program, cwd);
      program.signal("SIGTERM");
      const { code, stderr } = await program.ended;
      assert.equal(code, 0, stderr);
      assert.doesNotMatch(stderr, /crashed/);
    });
  });
}

function basic(user: string, password: string) {
  return { Authorization: `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}` };
}

async function write(
  program: Program,
  options: HttpsOptions,
  body = oneSample("up", "1", 1),
): Promise<number> {
  const headers = { ...writeHeadersV1, ...options.headers };
  return (await requestHttps(`${program.url}/receive`, { ...options, method: "POST", headers, body })).status;
}

/** The status, or `closed` where the server would not talk. */
async function look(program: Program, options: HttpsOptions = {}): Promise<number | "closed"> {
  try {
    return (await requestHttps(`${program.url}/-/healthy`, options)).status;
  } catch {
    return "closed";
  }
}

export const securityCases: readonly Case[] = [
  {
    name: "HTTPS with users and tokens serves whom the web config names, and nobody else",
    run: (kind) =>
      secured(
        kind,
        `${tls}basic_auth_users: {alice: ${hash}}\nbearer_tokens: {prom: "sha256:${tokenHash}"}\n` +
          'unauthenticated_paths: ["/-/healthy"]\n',
        async (program) => {
          assert.match(program.url, /^https:/);
          const alice = { headers: basic("alice", "correct horse") };
          assert.equal(await write(program, alice), 204);
          assert.equal(await write(program, { headers: { Authorization: `Bearer ${token}` } }), 204);
          assert.equal(await write(program, alice, largeRequest("large", 8_000_000).body), 204);
          const many = Array.from({ length: 20 }, (_, at) =>
            write(program, alice, oneSample("many", "1", at)),
          );
          assert.deepEqual([...new Set(await Promise.all(many))], [204]);
          assert.equal(await write(program, {}), 401);
          assert.equal(await write(program, { headers: basic("alice", "wrong horse") }), 401);
          assert.equal(await write(program, { headers: basic("bob", "correct horse") }), 401);
          assert.equal(await write(program, { headers: { Authorization: `Bearer ${tokenHash}` } }), 401);
          assert.equal((await requestHttps(`${program.url}/metrics`)).status, 401);
          assert.equal(await look(program), 200);
          // Whoever speaks no TLS harms nobody.
          for (const bytes of [
            "GET / HTTP/1.1\r\n\r\n",
            new Uint8Array(500),
            "\x16\x03\x01\x02\x00\x01\x00\xff\xff\xff",
          ]) {
            await withConnection(program.port, async ({ send, socket }) => {
              send(bytes);
              socket.end();
            });
          }
          assert.equal(await write(program, alice), 204);
        },
      ),
  },
  {
    name: "client certificates: who shows none, or a stranger's, or has another name, is not talked to",
    run: async (kind) => {
      const ca = `${tls}  client_ca_file: ca.pem\n  client_auth_type: `;
      const answers = async (webConfig: string) => {
        const found: (number | "closed")[] = [];
        await secured(kind, webConfig, async (program) => {
          found.push(await look(program));
          found.push(await look(program, { as: "client" }), await look(program, { as: "stranger" }));
        });
        return found;
      };
      assert.deepEqual(
        await Promise.all([
          answers(`${ca}RequireAndVerifyClientCert\n  client_allowed_sans: ["spiffe://prom.example/one"]\n`),
          answers(`${ca}RequireAndVerifyClientCert\n  client_allowed_sans: [other.example]\n`),
          answers(`${ca}VerifyClientCertIfGiven\n`),
          answers(`${tls}  client_auth_type: RequireAnyClientCert\n`),
        ]),
        [
          ["closed", 200, "closed"],
          ["closed", "closed", "closed"],
          [200, 200, "closed"],
          ["closed", 200, 200],
        ],
      );
    },
  },
  {
    name: "a renewed certificate and new users hold without a restart; what is wrong never does",
    run: (kind) =>
      secured(kind, tls, async (program, directory) => {
        const file = (name: string) => join(directory, name);
        const server = async () => (await requestHttps(`${program.url}/metrics`)).server;
        assert.equal(await server(), "server");
        await copyFile(file("renewed.pem"), file("server.pem"));
        await copyFile(file("renewed.key"), file("server.key"));
        await waitUntil(
          "the renewed certificate is served",
          reloadMs,
          async () => (await server()) === "renewed",
        );
        const before = program.log().length;
        await copyFile(file("client.key"), file("server.key"));
        await waitUntil("the wrong key is told", reloadMs, async () => program.log().length > before);
        assert.match(
          program.log(),
          /level=error .*the old one still holds.*key is not the one of the certificate/,
        );
        const { body, server: still } = await requestHttps(`${program.url}/metrics`);
        assert.equal(still, "renewed");
        assert.match(body, /^prometheus_remote_kinesis_web_config_last_reload_successful 0$/m);
        await copyFile(file("renewed.key"), file("server.key"));
        // A half-written file, then all of it: with client certificates and users.
        const whole = `${tls}  client_ca_file: ca.pem\n  client_auth_type: RequireAndVerifyClientCert\n`;
        await writeFile(file("web.yml"), `${whole}basic_auth_us`);
        await sleep(100);
        await writeFile(file("web.yml"), `${whole}basic_auth_users: {alice: ${hash}}\n`);
        await waitUntil(
          "client certificates are asked for",
          reloadMs,
          async () => (await look(program)) === "closed",
        );
        assert.equal(await look(program, { as: "client" }), 401);
        assert.equal(await write(program, { as: "client", headers: basic("alice", "correct horse") }), 204);
      }),
  },
  {
    name: "a session that began under another client authority is not resumed",
    run: (kind) => {
      const clients = "  client_ca_file: ca.pem\n  client_auth_type: RequireAndVerifyClientCert\n";
      return secured(kind, tls + clients, async (program, directory) => {
        const { answer, session } = await requestWithSession(program.port);
        assert.match(answer, /^HTTP\/1\.1 200 /);
        assert.match((await requestWithSession(program.port, session)).answer, /^HTTP\/1\.1 200 /);
        await copyFile(join(directory, "stranger.pem"), join(directory, "ca.pem"));
        const isShut = async () => (await look(program, { as: "client" })) === "closed";
        await waitUntil("the old authority's clients are not talked to", reloadMs, isShut);
        assert.equal((await requestWithSession(program.port, session)).answer, "");
      });
    },
  },
  {
    name: "TLS versions and cipher suites are as the web config says, or it does not start",
    run: async (kind) => {
      await secured(kind, `${tls}  min_version: TLS13\n`, async (program) => {
        assert.deepEqual(
          [await look(program), await look(program, { maxVersion: "TLSv1.2" })],
          [200, "closed"],
        );
      });
      const suites = `${tls}  max_version: TLS12\n  cipher_suites: [TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384]\n`;
      if (kind === "deno") {
        await withDirectory(async (cwd) => {
          await copyCertificates(cwd);
          await writeFile(join(cwd, "web.yml"), suites);
          const args = ["--web-config-file", "web.yml"];
          const { code, stderr } = await runProgram(kind, { cwd, args, env: { LISTEN_ADDR: "127.0.0.1:0" } });
          assert.equal(code, 1);
          assert.match(stderr, /cipher_suites and curve_preferences cannot be chosen under Deno/);
        });
        return;
      }
      await secured(kind, suites, async (program) => {
        const strong = { ciphers: "ECDHE-ECDSA-AES256-GCM-SHA384" };
        const other = { ciphers: "ECDHE-ECDSA-AES128-GCM-SHA256", maxVersion: "TLSv1.2" } as const;
        assert.deepEqual([await look(program, strong), await look(program, other)], [200, "closed"]);
      });
    },
  },
  {
    name: "a web config that is wrong ends it with exit code 1 and one line that names key and line",
    run: (kind) =>
      withDirectory(async (cwd) => {
        await copyCertificates(cwd);
        const wrong: readonly (readonly [string, RegExp])[] = [
          [
            "tls_server_config:\n  cert_fil: x\n",
            /^prometheus-remote-kinesis: web\.yml:2: tls_server_config\.cert_fil /,
          ],
          [tls.replace("server.key", "client.key"), /the key is not the one of the certificate\n$/],
          [tls.replace("server.pem", "ca.key"), /cannot read cert_file/],
        ];
        for (const [text, pattern] of wrong) {
          await writeFile(join(cwd, "web.yml"), text);
          const env = { LISTEN_ADDR: "127.0.0.1:0", WEB_CONFIG_FILE: "web.yml" };
          const { code, stderr } = await runProgram(kind, { cwd, env });
          assert.equal(code, 1, stderr);
          assert.match(stderr.split("\n").at(-2)?.concat("\n") ?? "", pattern);
        }
      }),
  },
];
