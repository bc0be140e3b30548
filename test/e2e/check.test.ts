/** `check` against real senders: is Prometheus configured to us, does it get through, does it keep up. */
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { check } from "../support/check.ts";
import { type Program, withDirectory, withProgram } from "../support/program.ts";
import { prometheus2, prometheus3, startPrometheus, sumOf } from "../support/prometheus.ts";
import { waitUntil } from "../support/server-process.ts";

type Prometheus = Awaited<ReturnType<typeof startPrometheus>>;

/** Prometheus that scrapes itself each second, with these remote_write entries. */
async function withPrometheus(
  path: string,
  remoteWrite: readonly unknown[],
  use: (prometheus: Prometheus) => Promise<void>,
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "prk-check-"));
  const prometheus = await startPrometheus({
    ...{ path, folder, flags: [], rules: { groups: [] } },
    config: (address) => ({
      global: { scrape_interval: "1s", scrape_timeout: "1s" },
      scrape_configs: [{ job_name: "prometheus", static_configs: [{ targets: [address] }] }],
      remote_write: remoteWrite,
    }),
  });
  try {
    await use(prometheus);
  } finally {
    await prometheus.kill();
    await rm(folder, { recursive: true, force: true });
  }
}

function withReceiver(use: (receiver: Program) => Promise<void>): Promise<void> {
  return withDirectory((cwd) => withProgram("bun", { cwd }, use));
}

function checkWith(receiver: Pick<Program, "port">, prometheusUrl: string) {
  return check({
    args: ["--listen-addr", `127.0.0.1:${receiver.port}`, "--sink", `file:${tmpdir()}`],
    own: { "prometheus-url": prometheusUrl },
  });
}

for (const [prometheus, version, speaks] of [
  [prometheus2, "2.", "sends remote write 1.0"],
  [prometheus3, "3.", "can send remote write 1.0 and 2.0"],
] as const) {
  const skip = prometheus.missing === false ? {} : { skip: prometheus.missing };
  test(
    `check sees that Prometheus ${version}x sends to us, and that it stops getting through`,
    skip,
    async () => {
      await withReceiver(async (receiver) => {
        const queue = { max_backoff: "100ms", batch_send_deadline: "500ms" };
        const entry = { url: `${receiver.url}/api/v1/write`, queue_config: queue };
        await withPrometheus(prometheus.path, [entry], async (sender) => {
          const sent = async () =>
            (sumOf(await sender.metrics(), "prometheus_remote_storage_samples_total") ?? 0) > 0;
          await waitUntil("samples are sent", 30_000, sent);
          const fine = await checkWith(receiver, sender.url);
          assert.equal(fine.code, 0, fine.text);
          assert.match(fine.step("prometheus").message, new RegExp(`^${version}.*, ${speaks}$`));
          assert.match(fine.step("instance").message, /^runs and is ready at /);
          assert.match(fine.step("remote_write").message, new RegExp(`^to ${receiver.url}/api/v1/write`));
          assert.equal(fine.step("sending").status, "ok", fine.text);
          assert.match(
            fine.step("sending").message,
            /: \d+ samples sent since it started, \d+ pending, \d+ s behind, 1 of at most \d+ shards/,
          );
          assert.equal(fine.step("losses").status, "ok");
          assert.match(fine.step("retention").message, /^Prometheus itself keeps 15d/);

          receiver.signal("SIGKILL");
          await receiver.ended;
          const retries = async () =>
            (sumOf(await sender.metrics(), "prometheus_remote_storage_samples_retried_total") ?? 0) > 0;
          await waitUntil("samples are sent again", 30_000, retries);
          const down = await checkWith(receiver, sender.url);
          assert.equal(down.step("instance").status, "skipped");
          assert.equal(down.step("sending").status, "warning", down.text);
          assert.match(down.step("sending").message, /trying again and again$/);
        });
      });
    },
  );
}

const skip = prometheus3.missing === false ? {} : { skip: prometheus3.missing };
test("check sees that Prometheus sends to somebody else, or to nobody", skip, async () => {
  const receiver = { port: 9501 };
  const other = { url: "http://user:secret-word@127.0.0.1:9501/write" };
  await withPrometheus(prometheus3.path, [other], async (sender) => {
    const { code, step, text } = await checkWith(receiver, sender.url);
    assert.equal(code, 1);
    assert.match(
      step("remote_write").message,
      /^http:\/\/127\.0\.0\.1:9501\/write: the port is ours, the path is not/,
    );
    assert.match(
      step("remote_write").todo ?? "",
      /remote_write:\n {4}- url: http:\/\/THIS-HOST:9501\/receive/,
    );
    assert.doesNotMatch(text, /secret-word/);
  });
  await withPrometheus(prometheus3.path, [], async (sender) => {
    const { code, step } = await checkWith(receiver, `${sender.url}/`);
    assert.equal(code, 1);
    assert.match(step("remote_write").message, /^none is configured/);
    assert.equal(step("sending").status, "warning");
    const wrongUrl = await checkWith(receiver, `${sender.url}/nowhere`);
    assert.equal(wrongUrl.step("prometheus").status, "failed");
    assert.match(wrongUrl.step("prometheus").message, /\/nowhere: \/api\/v1\/status\/buildinfo answers 404$/);
  });
});
