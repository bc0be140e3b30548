/** What real Prometheus servers have is what the archive holds: all of it, bit by bit, and nothing else. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { nodeExporter, promtool2, promtool3, runPromtool, sumOf } from "../support/prometheus.ts";
import { itemsOfSender, type LineJson } from "./archive.ts";
import { describeMissing, labelsOf, listItems, type SeriesItems, seriesKey } from "./items.ts";
import { type Evidence, runScenario, type SenderEvidence, staleMarkersOf } from "./scenario.ts";
import { missingSenders, sender1, sender2 } from "./senders.ts";

const options = { skip: missingSenders, timeout: 120_000 };
const writingMs = 16_000;

let evidence: Promise<Evidence> | undefined;
/** One run for all tests of this file; each looks at one side of it. */
function run(): Promise<Evidence> {
  evidence ??= runScenario({
    senders: [sender2, sender1],
    nodeExporterPath: nodeExporter.path,
    whileWriting: () => sleep(writingMs),
  });
  return evidence;
}

async function runOf({ name }: { name: string }) {
  const all = await run();
  const sender = all.senders.get(name);
  assert.ok(sender);
  return { ...all, sender, archived: itemsOfSender(all.archive.lines, name) };
}

/** Asserts that both sides hold the same items up to `untilMs`, and more than `min` of them. */
function assertSame(
  what: string,
  prometheus: SeriesItems,
  archive: SeriesItems,
  untilMs: number,
  min: number,
): void {
  const expected = listItems(prometheus, 0, untilMs);
  const actual = listItems(archive, 0, untilMs);
  assert.equal(describeMissing(expected, actual), "", `${what} that Prometheus has and the archive has not`);
  assert.equal(describeMissing(actual, expected), "", `${what} that the archive has and Prometheus has not`);
  assert.ok(expected.length > min, `only ${expected.length} ${what}`);
}

for (const sender of [sender1, sender2]) {
  test(`${sender.name}: every sample is archived with its time and bits, and no other`, options, async () => {
    const { sender: prometheus, archived, untilMs } = await runOf(sender);
    assertSame("samples", prometheus.samples, archived.samples, untilMs, 3_000);
  });

  test(`${sender.name}: every native histogram is archived, and no other`, options, async () => {
    const { sender: prometheus, archived, untilMs } = await runOf(sender);
    const dumped = listItems(prometheus.dump.histograms, 0, untilMs);
    const inArchive = listItems(archived.histograms, 0, untilMs);
    // A dump lacks the first histograms of a series: it shows what they hold, the API how many there are.
    assert.equal(describeMissing(dumped, inArchive), "", "histograms that the archive has not");
    assert.ok(dumped.length > 100, `only ${dumped.length} histograms in the dump`);
    // The API of 2.42 answers every histogram of a range selector with the content of one of them.
    const comparable = sender === sender1 ? withoutContent : (items: SeriesItems) => items;
    const { histograms } = prometheus;
    assertSame("histograms", comparable(histograms), comparable(archived.histograms), untilMs, 100);
  });

  test(`${sender.name}: stale markers are where a series ended, and nowhere else`, options, async () => {
    const { sender: prometheus, archived, untilMs } = await runOf(sender);
    const inArchive = listItems(archived.stale, 0, untilMs);
    const inPrometheus = listItems(staleMarkersOf(prometheus), 0, untilMs);
    assert.equal(describeMissing(inPrometheus, inArchive), "", "stale markers that the archive has not");
    const unfounded = [...archived.stale].flatMap(([key, series]) =>
      [...series.keys()]
        .filter((time) => time <= untilMs && !endsASeries(prometheus, key, time))
        .map((time) => `${key} ${time}`),
    );
    assert.deepEqual(unfounded, []);
    assert.ok(inPrometheus.length > 100, `only ${inPrometheus.length} stale markers`);
  });

  test(`${sender.name}: every series of a vanished target ends with a stale marker`, options, async () => {
    const { archived, vanishedMs, untilMs } = await runOf(sender);
    const ownSeries = /"__name__","(up|scrape_\w+)"/;
    const series = [...archived.samples].filter(
      ([key]) => key.includes('["job","node"]') && !ownSeries.test(key),
    );
    assert.ok(series.length > 100, `only ${series.length} series of node_exporter`);
    for (const [key, samples] of series) {
      const last = Math.max(...samples.keys());
      const stale = [...(archived.stale.get(key)?.keys() ?? [])].filter((time) => time > last);
      assert.equal(stale.length, 1, `${key} ended at ${last} and has ${stale.length} stale markers`);
      assert.ok(
        stale[0]! > last && stale[0]! <= Math.min(untilMs, vanishedMs + 3_000),
        `${key} is stale at ${stale[0]}`,
      );
    }
  });

  test(`${sender.name}: every exemplar is archived, and no other`, options, async () => {
    const { sender: prometheus, archived, untilMs } = await runOf(sender);
    assertSame("exemplars", prometheus.exemplars, archived.exemplars, untilMs, 20);
  });

  test(`${sender.name}: Prometheus counts no failure, no retry and no drop`, options, async () => {
    const { sender: prometheus } = await runOf(sender);
    for (const kind of ["samples", "exemplars", "histograms", "metadata"]) {
      for (const trouble of ["failed_total", "retried_total", "dropped_total"]) {
        const name = `prometheus_remote_storage_${kind}_${trouble}`;
        const sum = sumOf(prometheus.metrics, name);
        // A labelled counter has no line before it counts.
        assert.equal(sum ?? 0, 0, name);
        if (trouble === "failed_total") assert.notEqual(sum, undefined, name);
      }
    }
    assert.doesNotMatch(prometheus.log, /non-recoverable|Failed to send batch|failed to send/i);
  });

  test(
    `${sender.name}: external labels are on every line, except where the series has its own`,
    options,
    async () => {
      const { sender: prometheus, archive } = await runOf(sender);
      const lines = archive.lines.filter(({ labels }) => labels?.["archive"] === sender.name);
      const own = lines.filter(({ name }) => name === "region");
      assert.ok(own.length > 5);
      for (const { name, labels } of lines) {
        assert.deepEqual(labels, { ...labels, ...prometheus.external, region: labels?.["region"] });
        assert.equal(labels?.["region"], name === "region" ? "of the target" : prometheus.external["region"]);
      }
    },
  );
}

test("remote write 1.0: metadata lines are what the API tells of each metric family", options, async () => {
  const { sender, archive } = await runOf(sender1);
  const archived = archive.lines
    .filter(isFamilyMetadata)
    .map(({ name, metadata }) => metadataText(name, metadata));
  const expected = Object.entries(sender.metadata).flatMap(([name, entries]) =>
    entries.map((entry) => metadataText(name, entry)),
  );
  assert.equal(
    describeMissing(expected, archived),
    "",
    "metadata that Prometheus has and the archive has not",
  );
  assert.equal(
    describeMissing(archived, expected),
    "",
    "metadata that the archive has and Prometheus has not",
  );
  assert.ok(expected.length > 300, `only ${expected.length} metric families`);
});

test("remote write 2.0: the metadata of a series says what its labels and the API say", options, async () => {
  const { sender, archive, archived } = await runOf(sender2);
  const lines = archive.lines.filter((line) => line.metadata !== undefined && line.labels !== undefined);
  assert.ok(lines.length > 300, `only ${lines.length} metadata lines`);
  for (const { name, labels, metadata } of lines) {
    const { __type__: type = "unknown", __unit__: unit = "" } = labels ?? {};
    assert.deepEqual(metadata, { type, help: "", unit });
    const types = (sender.metadata[familyOf(name, sender)] ?? []).map((entry) => entry.type);
    assert.ok(
      type === "unknown" || types.includes(type),
      `${name}: ${JSON.stringify(metadata)}, API: ${types}`,
    );
  }
  const described = new Set(lines.map(({ labels }) => seriesKey(labels ?? {})));
  const typed = [...archived.samples.keys()].filter((key) => labelsOf(key)["__type__"] !== undefined);
  assert.deepEqual(
    typed.filter((key) => !described.has(key)),
    [],
  );
});

test("remote write 2.0: start timestamps are those that the target gave", options, async () => {
  const { archived, createdMs } = await runOf(sender2);
  const started = [...archived.starts].filter(([key]) => key.includes('["__name__","work_seconds_total"]'));
  assert.ok(started.length > 0, "no work_seconds_total with a start timestamp");
  for (const [key, times] of started) {
    assert.deepEqual([...new Set(times.values())], [String(createdMs)], key);
  }
});

test("native histograms of every kind are archived from both senders", options, async () => {
  const { archive } = await run();
  const kinds = archive.lines.flatMap(({ histogram, labels }) => {
    if (histogram === undefined || histogram.sum_special !== undefined) return [];
    const buckets = histogram.schema === -53 ? "custom" : "exponential";
    return [`${labels?.["archive"]}, ${histogram.count_int === undefined ? "float" : "integer"}, ${buckets}`];
  });
  const expected = [
    "remote write 1.0, float, exponential",
    "remote write 1.0, integer, exponential",
    "remote write 2.0, float, exponential",
    "remote write 2.0, integer, custom",
    "remote write 2.0, integer, exponential",
  ];
  assert.deepEqual(new Set(kinds), new Set(expected));
});

test("the labels of every line are sorted by bytes, and its name is __name__", options, async () => {
  const { archive } = await run();
  for (const { name, labels } of archive.lines) {
    if (labels === undefined) continue;
    const names = Object.keys(labels);
    assert.deepEqual(
      names,
      names.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))),
    );
    assert.equal(labels["__name__"], name);
  }
});

test("our counters tell exactly what is in the archive, and that nothing failed", options, async () => {
  const { archive, metrics } = await run();
  const count = (of: (line: LineJson) => unknown) =>
    archive.lines.filter((line) => of(line) !== undefined).length;
  const expected = {
    samples: count(({ value }) => value),
    histograms: count(({ histogram }) => histogram),
    exemplars: count(({ exemplar }) => exemplar),
    metadata: count(({ metadata }) => metadata),
  };
  for (const [kind, lines] of Object.entries(expected)) {
    const of = (name: string) => sumOf(metrics, `prometheus_remote_kinesis_${kind}_${name}`) ?? 0;
    assert.equal(of("written_total"), lines, `${kind} written`);
    assert.equal(of("received_total"), lines + of("repeated_total"), `${kind} received`);
    for (const name of ["rejected_total", "failed_total", "dropped_total", "pending"])
      assert.equal(of(name), 0, name);
  }
});

test("after SIGTERM the exit code is 0 and every file is finished", options, async () => {
  const { archive, exitCode, receiverLog } = await run();
  assert.equal(exitCode, 0, receiverLog);
  assert.ok(archive.files.length > 1, `files: ${archive.files}`);
  assert.deepEqual(
    archive.files.filter((path) => !/^\d{4}\/\d\d\/\d\d\/\d\d\/[^/]+\.ndjson\.gz$/.test(path)),
    [],
  );
});

for (const promtool of [promtool2, promtool3]) {
  test(
    `promtool check metrics finds nothing in our metrics (${promtool === promtool2 ? 2 : 3})`,
    options,
    async () => {
      const { metrics } = await run();
      assert.equal(runPromtool(promtool.path, ["check", "metrics"], metrics), "");
    },
  );
}

/** The same items, of which only series and time are compared. */
function withoutContent(items: SeriesItems): SeriesItems {
  return new Map(
    [...items].map(([key, series]) => [key, new Map([...series.keys()].map((time) => [time, ""]))]),
  );
}

/** The dump shows the marker; or it ends histograms, of which the dump lacks the first. */
function endsASeries({ dump, histograms }: SenderEvidence, key: string, time: number): boolean {
  if (dump.nans.get(key)?.has(time)) return true;
  const times = [...(histograms.get(key)?.keys() ?? [])];
  return times.some((each) => each < time) && !times.includes(time);
}

function isFamilyMetadata({ metadata, labels }: LineJson): boolean {
  return metadata !== undefined && labels === undefined;
}

function metadataText(name: string, metadata: LineJson["metadata"]): string {
  return JSON.stringify([name, metadata?.type, metadata?.help, metadata?.unit]);
}

/** The family of a series: its own name, or without what the text format appends. */
function familyOf(name: string, { metadata }: SenderEvidence): string {
  if (metadata[name] !== undefined) return name;
  return name.replace(/_(bucket|count|sum|total|info|created)$/, "");
}
