/** Real Prometheus servers write with passwords, tokens and certificates, right ones and wrong ones. */
import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { readArchiveLines } from "../support/archive-lines.ts";
import { copyCertificates } from "../support/https-request.ts";
import { type Program, startProgram } from "../support/program.ts";
import {
  type PrometheusServer,
  prometheus2,
  prometheus3,
  startPrometheus,
  sumOf,
} from "../support/prometheus.ts";
import { withTemporaryDirectory } from "../support/temporary-directory.ts";

const missing = [prometheus2.missing, prometheus3.missing].filter((reason) => reason !== false);
const options = { skip: missing.join("; ") || false, timeout: 90_000 } as const;
const writingMs = 6_000;
// What a stranger has is never taken: it is not waited for.
const flags = ["--storage.remote.flush-deadline=2s"];

/** Of "correct horse". */
const hash = "$2y$10$ywxXY8o2NZ3k18uK2L/6XuG8akE5iWm.ngYWA2Yjdt/tpQVmI.PH6";
const token = "7d1f3b0c9a5e4d62-token";
const webConfig = `
tls_server_config:
  cert_file: server.pem
  key_file: server.key
  client_ca_file: ca.pem
  client_auth_type: VerifyClientCertIfGiven
basic_auth_users: {alice: "${hash}"}
bearer_token_files: {prom: token}
`;

/** Ways to write, by the label `via` that their samples get; whether they may. */
function ways(directory: string) {
  const file = (name: string) => join(directory, name);
  const tls_config = { ca_file: file("ca.pem"), server_name: "localhost" };
  const basic_auth = { username: "alice", password: "correct horse" };
  const certificate = (name: string) => ({ cert_file: file(`${name}.pem`), key_file: file(`${name}.key`) });
  return {
    basic: { may: true, tls_config, basic_auth },
    bearer: { may: true, tls_config, authorization: { credentials_file: file("token") } },
    certificate: { may: true, tls_config: { ...tls_config, ...certificate("client") }, basic_auth },
    http1: { may: true, tls_config, basic_auth, enable_http2: false },
    nothing: { may: false, tls_config },
    password: { may: false, tls_config, basic_auth: { ...basic_auth, password: "wrong horse" } },
    user: { may: false, tls_config, basic_auth: { ...basic_auth, username: "bob" } },
    token: { may: false, tls_config, authorization: { credentials: "7d1f3b0c9a5e4d63-token" } },
    stranger: { may: false, tls_config: { ...tls_config, ...certificate("stranger") }, basic_auth },
  };
}

function configOf(directory: string, url: string, own: string) {
  const { tls_config, basic_auth } = ways(directory).basic;
  const scraped = {
    scheme: "https",
    tls_config,
    basic_auth,
    static_configs: [{ targets: [new URL(url).host] }],
  };
  return {
    global: { scrape_interval: "500ms" },
    scrape_configs: [
      { job_name: "prometheus", static_configs: [{ targets: [own] }] },
      { job_name: "receiver", ...scraped },
    ],
    remote_write: Object.entries(ways(directory)).map(([via, { may, ...way }]) => ({
      name: via,
      url: `${url}/receive`,
      queue_config: { batch_send_deadline: "500ms", min_backoff: "30ms" },
      write_relabel_configs: [{ target_label: "via", replacement: may ? via : `not-${via}` }],
      ...way,
    })),
  };
}

/** Both servers write to `program` for a while, and are stopped. */
async function writeTo(program: Program, directory: string): Promise<void> {
  const servers: PrometheusServer[] = [];
  try {
    for (const [at, { path }] of [prometheus2, prometheus3].entries()) {
      const folder = join(directory, `prometheus-${at}`);
      const config = (own: string) => configOf(directory, program.url, own);
      servers.push(await startPrometheus({ path, folder, flags, config, rules: {} }));
    }
    await sleep(writingMs);
    for (const server of servers) await assertSent(server, directory);
    for (const server of servers) await server.stop();
  } finally {
    for (const server of servers) await server.kill();
  }
}

async function assertSent(server: PrometheusServer, directory: string): Promise<void> {
  const up = await server.api("query", { query: 'up{job="receiver"}' });
  const { result } = up as { result: { value: unknown[] }[] };
  assert.equal(result[0]?.value[1], "1", "the receiver's metrics are scraped over HTTPS");
  const lines = (await server.metrics()).split("\n");
  for (const [via, { may }] of Object.entries(ways(directory))) {
    // Who is not talked to at all tries again: nothing is lost, nothing gets in.
    if (via === "stranger") continue;
    const own = lines.filter((line) => line.includes(`remote_name="${via}"`)).join("\n");
    const failed = sumOf(own, "prometheus_remote_storage_samples_failed_total");
    assert.equal(failed === 0, may, `${via}: ${failed} samples failed`);
  }
}

test(
  "Prometheus writes with password, token and certificate; wrong ones get nothing in",
  options,
  async () => {
    await withTemporaryDirectory(async (directory) => {
      await copyCertificates(directory);
      await writeFile(join(directory, "web.yml"), webConfig);
      await writeFile(join(directory, "token"), `${token}\n`);
      // So few that some get 503 and come again.
      const args = ["--web-config-file", "web.yml", "--linger", "20ms", "--client-requests", "2"];
      const program = await startProgram("bun", { cwd: directory, args });
      try {
        await writeTo(program, directory);
        program.signal("SIGTERM");
        assert.equal((await program.ended).code, 0, program.log());
      } finally {
        program.signal("SIGKILL");
        await program.ended;
      }
      const lines = await readArchiveLines(join(directory, "archive"));
      const counts = new Map<string, number>();
      for (const { via = "none" } of lines.map(({ labels }) => labels)) {
        counts.set(via, (counts.get(via) ?? 0) + 1);
      }
      const may = Object.entries(ways(directory)).filter(([, way]) => way.may);
      assert.deepEqual(new Set(counts.keys()), new Set(may.map(([via]) => via)));
      for (const [via, count] of counts) assert.ok(count > 1_000, `only ${count} samples by ${via}`);
    });
  },
);
