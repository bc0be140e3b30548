/** A receiver that is killed while real senders write loses nothing: they send again what was not acknowledged. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { nodeExporter, sumOf } from "../support/prometheus.ts";
import { itemsOfSender } from "./archive.ts";
import { describeMissing, listItems, type SeriesItems } from "./items.ts";
import { runScenario } from "./scenario.ts";
import { missingSenders, sender1, sender2 } from "./senders.ts";

test("after kill -9 and a restart every sample is archived", {
  skip: missingSenders,
  timeout: 120_000,
}, async () => {
  const senders = [sender2, sender1];
  const {
    archive,
    senders: evidence,
    exitCode,
    untilMs,
  } = await runScenario({
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
  assert.equal(exitCode, 0);
  for (const { name } of senders) {
    const prometheus = evidence.get(name);
    assert.ok(prometheus);
    const { samples, histograms, exemplars } = itemsOfSender(archive.lines, name);
    assertAllOf(`${name}: samples`, prometheus.samples, samples, untilMs);
    assertAllOf(`${name}: never scraped samples`, samples, prometheus.samples, untilMs);
    assertAllOf(`${name}: histograms`, prometheus.dump.histograms, histograms, untilMs);
    assertAllOf(`${name}: exemplars`, prometheus.exemplars, exemplars, untilMs);
    assertAllOf(`${name}: never scraped exemplars`, exemplars, prometheus.exemplars, untilMs);
    const retried = sumOf(prometheus.metrics, "prometheus_remote_storage_samples_retried_total");
    assert.ok((retried ?? 0) > 0, "no retry");
    assert.equal(sumOf(prometheus.metrics, "prometheus_remote_storage_samples_failed_total"), 0);
  }
});

function assertAllOf(what: string, expected: SeriesItems, actual: SeriesItems, untilMs: number): void {
  assert.equal(describeMissing(listItems(expected, 0, untilMs), listItems(actual, 0, untilMs)), "", what);
}
