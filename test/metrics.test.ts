import assert from "node:assert/strict";
import { test } from "node:test";
import { createMetrics, itemKinds } from "../src/metrics.ts";

const prefix = "prometheus_remote_kinesis_";

test("everything without labels is there from the start, at zero", async () => {
  const text = await createMetrics({ version: "1.2.3", runtime: "test 1" }).text();
  const names = itemKinds.flatMap((kind) => [
    `${kind}_received_total`,
    `${kind}_written_total`,
    `${kind}_dropped_total`,
    `${kind}_pending`,
  ]);
  for (const name of [
    ...names,
    "pending_bytes",
    "spool_pending_bytes",
    "puts_in_flight",
    "records_throttled_total",
  ]) {
    assert.match(text, new RegExp(`^${prefix}${name} 0$`, "m"));
  }
  assert.match(text, new RegExp(`^${prefix}build_info\\{version="1.2.3",runtime="test 1"\\} 1$`, "m"));
});

test("every name has its help and its type, and counters end in _total", async () => {
  const lines = (await createMetrics({ version: "1", runtime: "test" }).text()).split("\n");
  const types = lines.filter((line) => line.startsWith("# TYPE "));
  const helps = lines.filter((line) => line.startsWith("# HELP "));
  assert.ok(types.length > 30);
  assert.deepEqual(
    helps.map((line) => line.split(" ")[2]),
    types.map((line) => line.split(" ")[2]),
  );
  for (const line of types) {
    const [, , name = "", type] = line.split(" ");
    assert.ok(name.startsWith(prefix), line);
    assert.equal(name.endsWith("_total"), type === "counter", line);
  }
});

test("two apps in one process do not count for each other", async () => {
  const [one, other] = [1, 2].map(() => createMetrics({ version: "1", runtime: "test" }));
  one?.items.samples.received.inc(5);
  assert.match((await one?.text()) ?? "", /samples_received_total 5$/m);
  assert.match((await other?.text()) ?? "", /samples_received_total 0$/m);
});

test("what the process uses is asked with each scrape, under the names that everyone uses", async () => {
  const used = { cpuSeconds: 1.5, residentBytes: 2 ** 20 };
  const metrics = createMetrics({ version: "1", runtime: "test", usage: () => used });
  assert.match(await metrics.text(), /^process_cpu_seconds_total 1.5$/m);
  used.cpuSeconds = 2;
  const text = await metrics.text();
  assert.match(text, /^process_cpu_seconds_total 2$/m);
  assert.match(text, /^process_resident_memory_bytes 1048576$/m);
});
