/** Receivers that are killed and sinks that are away while real senders write lose nothing that was scraped. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { type FakeAws, startFakeAws } from "../support/fake-aws/fake-aws.ts";
import type { Fault } from "../support/fake-aws/fault.ts";
import { nodeExporter, type PrometheusServer, sumOf } from "../support/prometheus.ts";
import { waitUntil } from "../support/server-process.ts";
import { itemsOfSender, type LineJson } from "./archive.ts";
import { describeMissing, listItems, type SeriesItems } from "./items.ts";
import type { Receiver, ReceiverOptions } from "./receiver.ts";
import { type Evidence, runScenario, staleMarkersOf } from "./scenario.ts";
import { missingSenders, sender1, sender2 } from "./senders.ts";

/** Three minutes; by hand it may be less. */
const outageMs = 1_000 * Number(process.env["OUTAGE_SECONDS"] ?? 180);
const caughtUpMs = 60_000;
const senders = [sender2, sender1];

test("after kill -9 and a restart every sample is archived", {
  skip: missingSenders,
  timeout: 120_000,
}, async () => {
  const evidence = await runScenario({
    senders,
    nodeExporterPath: nodeExporter.path,
    async whileWriting([receiver]) {
      await sleep(3_000);
      await receiver?.restartAfterKill(0);
      await sleep(2_000);
      await receiver?.restartAfterKill(1_500);
      await sleep(3_000);
    },
  });
  assertNothingMissing(evidence, "file");
});

test("after three minutes without the sink and kill -9 in them every sample is there, without and with a spool", {
  skip: missingSenders,
  timeout: 180_000 + outageMs,
}, async () => {
  const aws = await startFakeAws({ streams: ["direct", "spooled"].map((name) => ({ name, shards: 4 })) });
  try {
    const evidence = await runScenario({
      senders: senders.map((sender) => ({
        ...sender,
        globalConfig: { ...sender.globalConfig, scrape_interval: "5s", evaluation_interval: "5s" },
      })),
      nodeExporterPath: nodeExporter.path,
      receivers: [
        kinesisReceiver(aws, "direct", []),
        kinesisReceiver(aws, "spooled", ["--spool-dir", "spool"]),
      ],
      async whileWriting(receivers, servers) {
        await sleep(8_000);
        await outage(aws, receivers);
        await sleep(5_000);
        for (let kill = 0; kill < 3; kill++) {
          await killAll(receivers);
          await sleep(3_000);
        }
        await untilCaughtUp(servers);
      },
    });
    assert.deepEqual(aws.problems, []);
    for (const name of ["direct", "spooled"]) {
      const lines = evidence.receivers.get(name)?.archive.lines.length;
      const duplicated = assertNothingMissing(evidence, name);
      console.log(
        `fault: real Prometheus, outage of ${outageMs / 1_000} s and kill -9, ${name} | lines ${lines}` +
          ` | missing 0 | duplicated ${duplicated}`,
      );
    }
  } finally {
    await aws.close();
  }
});

/** Down, silent, and out of throughput in turns; in each of them all receivers are killed once. */
async function outage(aws: FakeAws, receivers: readonly Receiver[]): Promise<void> {
  const faults: readonly Fault[] = [
    { kind: "reset", at: "before-reading" },
    { kind: "hang" },
    { kind: "throttle" },
  ];
  for (const fault of faults) {
    const handle = aws.fault(fault);
    await sleep(outageMs / 6);
    await killAll(receivers);
    await sleep(outageMs / 6);
    handle.end();
  }
}

async function killAll(receivers: readonly Receiver[]): Promise<void> {
  await Promise.all(receivers.map((receiver) => receiver.restartAfterKill(500)));
}

/** The senders have sent everything that is older than two scrapes. */
async function untilCaughtUp(servers: readonly PrometheusServer[]): Promise<void> {
  await waitUntil("the senders have caught up", caughtUpMs, async () => {
    const texts = await Promise.all(servers.map((server) => server.metrics()));
    const sent = texts.flatMap((text) =>
      text
        .split("\n")
        .filter((line) => line.startsWith("prometheus_remote_storage_queue_highest_sent_timestamp_seconds{"))
        .map((line) => Number(line.slice(line.lastIndexOf(" ") + 1))),
    );
    return sent.length === 2 * servers.length && Math.min(...sent) > Date.now() / 1_000 - 10;
  });
}

function kinesisReceiver(aws: FakeAws, stream: string, args: readonly string[]): ReceiverOptions {
  return {
    name: stream,
    args: (folder) => [
      ...["--sink", `kinesis:${stream}`, "--region", aws.region, "--compression", "zstd"],
      ...args.map((each) => (each === "spool" ? `${folder}/spool` : each)),
    ],
    env: aws.env,
    archive: () => ({ lines: aws.lines({ stream }).map((line) => JSON.parse(line) as LineJson), files: [] }),
    async settled(url) {
      if (args.length === 0) return;
      await waitUntil("the spool is shipped", caughtUpMs, async () => {
        const text = await (await fetch(`${url}/metrics`)).text();
        return sumOf(text, "prometheus_remote_kinesis_spool_oldest_age_seconds") === 0;
      });
    },
  };
}

/** Compares with everything each sender has; answers how many lines are there more than once. */
function assertNothingMissing({ receivers, senders: asked, untilMs }: Evidence, name: string): number {
  const receiver = receivers.get(name);
  assert.ok(receiver);
  assert.equal(receiver.exitCode, 0, receiver.receiverLog.slice(-3_000));
  for (const sender of senders) {
    const prometheus = asked.get(sender.name);
    assert.ok(prometheus);
    const what = `${name}: ${sender.name}:`;
    const { samples, histograms, exemplars, stale } = itemsOfSender(receiver.archive.lines, sender.name);
    assert.ok(samples.size > 100, `${what} ${samples.size} series`);
    assertAllOf(`${what} samples`, prometheus.samples, samples, untilMs);
    assertAllOf(`${what} never scraped samples`, samples, prometheus.samples, untilMs);
    assertAllOf(`${what} histograms`, prometheus.dump.histograms, histograms, untilMs);
    assertAllOf(`${what} stale markers`, staleMarkersOf(prometheus), stale, untilMs);
    assertAllOf(`${what} exemplars`, prometheus.exemplars, exemplars, untilMs);
    assertAllOf(`${what} never scraped exemplars`, exemplars, prometheus.exemplars, untilMs);
    const retried = sumOf(prometheus.metrics, "prometheus_remote_storage_samples_retried_total");
    assert.ok((retried ?? 0) > 0, "no retry");
    assert.equal(sumOf(prometheus.metrics, "prometheus_remote_storage_samples_failed_total"), 0);
  }
  const { lines } = receiver.archive;
  return lines.length - new Set(lines.map((line) => JSON.stringify(line))).size;
}

function assertAllOf(what: string, expected: SeriesItems, actual: SeriesItems, untilMs: number): void {
  assert.equal(describeMissing(listItems(expected, 0, untilMs), listItems(actual, 0, untilMs)), "", what);
}
