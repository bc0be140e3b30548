import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import { systemClock } from "../../src/clock.ts";
import { runPlan } from "../../src/command/plan.ts";
import { ConfigError } from "../../src/errors.ts";
import { configOf } from "../support/config.ts";
import { withTemporaryDirectory } from "../support/temporary-directory.ts";

async function planOf(own: Record<string, string>, flags: readonly string[] = [], env = {}) {
  const out: string[] = [];
  const platform = { writeOut: (text: string) => out.push(text), env };
  const code = await runPlan(configOf(flags), platform, new Map(Object.entries(own)));
  assert.equal(code, 0);
  return out.join("");
}

const metricsText = [
  'prometheus_remote_kinesis_sink_info{sink="kinesis",compression="zstd"} 1',
  `prometheus_remote_kinesis_start_time_seconds ${systemClock.now() / 1000 - 100}`,
  "prometheus_remote_kinesis_samples_written_total 50000",
  "prometheus_remote_kinesis_raw_bytes_total 10000000",
  "prometheus_remote_kinesis_sent_bytes_total 500000",
  'prometheus_remote_kinesis_put_attempts_total{outcome="ok"} 25',
  "",
].join("\n");

test("the table has a row for each way of billing and compression, and says whose prices it has", async () => {
  const text = await planOf({ "samples-per-second": "10000", series: "150000" });
  assert.match(text, /^10,000 samples\/s of 150,000 series from one Prometheus/);
  for (const billing of ["kinesis provisioned", "kinesis on demand", "firehose", "s3"]) {
    for (const compression of ["\\(one sample a record\\)", "none", "gzip", "zstd"])
      assert.match(text, new RegExp(`^${billing} +${compression} +[\\d.]`, "m"));
  }
  assert.match(text, /Prices of us-east-1 \(\d{4}-\d\d\)/);
  for (const line of text.split("\n")) assert.ok(line.length <= 120, line);
});

test("the same question has the same answer, and JSON has all of it", async () => {
  const own = { "samples-per-second": "500", senders: "3" };
  assert.equal(await planOf(own), await planOf(own));
  const rows = (await planOf(own, ["--log-format", "json"])).split("\n").slice(0, -1);
  assert.equal(rows.length, 16);
  for (const row of rows) {
    const { dollarsPerDay, billedBytesPerBillion } = JSON.parse(row);
    assert.ok(dollarsPerDay > 0 && billedBytesPerBillion > 1e9);
  }
});

test("flags of the program count: a longer linger makes fewer records", async () => {
  const records = async (...flags: string[]) => {
    const rows = await planOf({ "samples-per-second": "100", senders: "20" }, [
      "--log-format=json",
      ...flags,
    ]);
    return JSON.parse(rows.split("\n")[2]!).recordsPerSecond as number;
  };
  const [short, long, spooled] = [
    await records(),
    await records("--linger", "5s"),
    await records("--spool-dir", "x", "--ship-linger", "10s"),
  ];
  assert.ok(short > 2 * long && long > spooled, `${short}, ${long}, ${spooled}`);
});

test("without a rate there is no plan", async () => {
  await assert.rejects(planOf({}), {
    name: "ConfigError",
    exitCode: 2,
    message: /needs --samples-per-second/,
  });
});

test("--from a file needs a rate, since it does not say when it was written", () =>
  withTemporaryDirectory(async (directory) => {
    const from = join(directory, "metrics.txt");
    await writeFile(from, metricsText);
    await assert.rejects(planOf({ from }), { exitCode: 2, message: /needs --samples-per-second/ });
    const text = await planOf({ from, "samples-per-second": "2000" });
    assert.match(
      text,
      /^2,000 samples\/s, as .*metrics.txt has them: 200 bytes a sample, 20.0 times smaller with zstd/,
    );
    await assert.rejects(planOf({ from: `${from}.not` }), (error: unknown) => {
      assert.ok(error instanceof ConfigError && error.exitCode === 1);
      assert.match(error.message, /^cannot plan from .*: no such file/);
      return true;
    });
  }));

test("--from a running instance takes its rate as well", async () => {
  const asked: (string | undefined)[] = [];
  const server = createServer(({ url }, response) => {
    asked.push(url);
    response.writeHead(url === "/metrics" ? 200 : 404).end(metricsText);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    assert.match(await planOf({ from: url }), /^[345]\d\d(\.\d)? samples\/s, as http/);
    assert.match(await planOf({ from: `${url}/metrics`, "samples-per-second": "7" }), /^7 samples\/s/);
    assert.deepEqual(asked, ["/metrics", "/metrics"]);
    await assert.rejects(planOf({ from: `${url}/no` }), { exitCode: 1, message: /\/no answers 404/ });
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});
