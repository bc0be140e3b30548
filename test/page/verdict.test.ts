import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import type { SeenSender, StatusSources } from "../../src/page/collect.ts";
import { stateCodes } from "../../src/page/status.ts";
import { type PageTest, withStatusPage } from "../support/status-sources.ts";

test("the documentation says of every state what to do", () => {
  const text = readFileSync(new URL("../../docs/status-page.md", import.meta.url), "utf8");
  assert.deepEqual(
    stateCodes.filter((code) => !text.includes(`\n| \`${code}\` |`)),
    [],
  );
});

/** What the page says first after `happens`. */
async function said(
  happens: (test: PageTest) => Promise<void> | void,
  sources: Partial<StatusSources> = {},
): Promise<string> {
  let text = "";
  await withStatusPage(sources, async (page) => {
    await happens(page);
    await page.clock.settle();
    const { level, code, sentence, detail } = (await page.status()).state;
    text = `${level} ${code}: ${sentence} ${detail ?? ""}`;
  });
  return text;
}

const sender: SeenSender = {
  ...{ address: "192.0.2.1", agent: "Prometheus/3.14.0", version: 1, requests: 1, written: 1, status: 204 },
  ...{ firstSeenMs: Date.UTC(2026, 10, 23, 13), lastSeenMs: Date.UTC(2026, 10, 23, 13) },
};

test("nothing has come: it waits", async () => {
  assert.match(await said(() => undefined), /^waiting waiting: Waiting for the first samples/);
});

test("samples arrive and are durable", async () => {
  assert.match(
    await said(({ request }) => request(204, 1_000)),
    /^ok durable: Samples arrive and are durable in kinesis:metrics\. 100 samples a second .* within 175 ms\.$/,
  );
  const spool = { directory: "/spool", bytesMax: 2 ** 30, whenFull: "refuse" };
  assert.match(
    await said(({ request }) => request(204, 1_000), { spool }),
    /durable in the spool, on their way to kinesis:metrics/,
  );
});

test("a throttling sink is told, since it costs time and no sample", async () => {
  const throttled = ({ request, metrics }: PageTest) => {
    request(204, 10);
    metrics.puts.recordsThrottled.inc(3);
  };
  assert.match(
    await said(throttled),
    /^ok durable: .* kinesis:metrics throttles; what it refuses is put again\.$/,
  );
});

test("metadata alone is no reason to worry", async () => {
  assert.match(await said(({ request }) => request(204, 0)), /^ok durable/);
});

test("a blocked sink says why and what becomes of the samples, whatever else is", async () => {
  const blocked = () => "HTTP 400 AccessDeniedException: not allowed";
  const text = await said(({ request }) => request(503, 1_000), { blocked });
  assert.match(text, /^error blocked: Nothing becomes durable: kinesis:metrics takes nothing\./);
  assert.match(text, /AccessDeniedException: not allowed\. Senders keep their samples/);
  assert.match(await said(() => undefined, { blocked }), /^error blocked/);
});

test("a full spool, and one that fills", async () => {
  const spool = { directory: "/spool", bytesMax: 2 ** 30, whenFull: "refuse" };
  assert.match(
    await said(() => undefined, { spool, full: () => "the spool is full: 1 of 1" }),
    /^error spool_full/,
  );
  let waitingBytes = 0;
  const note = () => "Ready, but the spool fills: no route to host";
  const text = await said(
    async ({ request, metrics, clock }) => {
      for (let at = 0; at < 6; at++) {
        request(204, 10);
        metrics.spool.bytes.set(at * 2 ** 20);
        waitingBytes = at * 2 ** 20;
        await clock.advance(10_000);
      }
    },
    { spool, note, waitingBytes: () => waitingBytes },
  );
  assert.match(
    text,
    /^warning spooling: .* No route to host\. The spool holds 5 MiB of 1 GiB, and is full in .* h/,
  );
});

test("oldest lines that the full spool drops are an error for as long as it does", async () => {
  const drops = async ({ request, metrics, clock }: PageTest) => {
    request(204, 10);
    metrics.spool.droppedBytes.inc(1);
    await clock.advance(10_000);
  };
  assert.match(await said(drops), /^error dropping: Acknowledged samples are lost/);
  const later = async (page: PageTest) => {
    await drops(page);
    await page.clock.advance(90_000);
    page.request(204, 10);
  };
  assert.match(await said(later), /^ok durable/);
});

test("all requests fail, some do, some are refused, all are", async () => {
  assert.match(await said(({ request }) => request(503, 10)), /^error failing/);
  const some = ({ request }: PageTest) => {
    for (const code of [204, 204, 204, 503]) request(code, 10);
  };
  assert.match(await said(some), /^warning partly_failing: .* 25 % of the requests/);
  const refused = ({ request }: PageTest) => {
    for (const code of [204, 400]) request(code, 10);
  };
  assert.match(await said(refused), /^warning partly_refused/);
  assert.match(await said(({ request }) => request(415, 0)), /^error refused/);
});

test("samples that wait for the sink for longer are told, not those of a moment", async () => {
  const arrives = async ({ metrics, clock, request }: PageTest, passedMs: number) => {
    request(204, 10);
    await clock.advance(90_000);
    metrics.items.samples.received.inc(100);
    await clock.advance(passedMs);
  };
  assert.match(await said((page) => arrives(page, 10_000)), /^warning slow/);
});

test("silence is told after some minutes, and what came before is durable", async () => {
  const silence = async ({ request, clock }: PageTest, passedMs: number) => {
    request(204, 10);
    await clock.advance(passedMs);
  };
  const senders = () => [sender];
  assert.match(await said((page) => silence(page, 120_000), { senders }), /^ok durable/);
  assert.match(
    await said((page) => silence(page, 200_000), { senders }),
    /^warning silent: No samples arrive: the last write request came 3 min ago/,
  );
});

test("the end goes before all", async () => {
  assert.match(
    await said(() => undefined, { stopping: () => true, blocked: () => "x" }),
    /^stopping stopping/,
  );
});
