import assert from "node:assert/strict";
import { test } from "node:test";
import { RecentTroubles } from "../../src/log-recent.ts";
import type { SeenSender } from "../../src/page/collect.ts";
import type { HistoryRow } from "../../src/page/status.ts";
import { placed } from "../../src/page/view/chart.ts";
import { silentLog } from "../support/silent-log.ts";
import { withStatusPage } from "../support/status-sources.ts";
import { VirtualClock } from "../support/virtual-clock.ts";

const url = "http://receiver.test:9501/";
const hostile = [
  `<script>alert(1)</script>`,
  `"><img src=x onerror=alert(1)>`,
  `'; alert(1); //`,
  `</style></title></textarea><svg onload=alert(1)>`,
  "\u202egnirts\u0000\u001b[31m\ud800",
  "&lt;b&gt; $& $1 {{y}}",
  "<".repeat(100_000),
];

test("the page tells who has opened it what to put into prometheus.yml", async () => {
  await withStatusPage({}, async ({ page }) => {
    const text = await page.page(url, "n");
    assert.match(text, /url: http:\/\/receiver\.test:9501\/receive/);
    assert.doesNotMatch(text, /From another machine/);
    assert.match(await page.page("http://localhost:9501/", "n"), /From another machine/);
    assert.match(
      await page.page("https://[2001:db8::1]:9501/", "n"),
      /url: https:\/\/\[2001:db8::1\]:9501\/receive/,
    );
  });
});

test("script and style carry the nonce, and nothing in the page styles or runs without it", async () => {
  await withStatusPage({}, async ({ page, request, clock }) => {
    request(204, 100);
    await clock.advance(20_000);
    const text = await page.page(url, "abc123");
    const tags = text.match(/<(script|style)[^>]*>/g);
    assert.deepEqual(tags, ['<style nonce="abc123">', '<script nonce="abc123">']);
    assert.doesNotMatch(text, /\s(style|on[a-z]+)=/);
    assert.doesNotMatch(text, /(src|href)="(?!\.\/|data:image\/svg\+xml,)/);
    assert.ok(!(await page.fragment(url)).includes("<script"));
  });
});

test("hostile names, addresses, reasons and settings do no harm, and do not grow the page", async () => {
  const troubles = new RecentTroubles(new VirtualClock());
  for (const text of hostile) {
    troubles.watch(silentLog).error(text, { reason: text, [text.slice(0, 40)]: text });
    for (let at = 0; at < 100; at++) troubles.watch(silentLog).warn("refused", { reason: `${at}${text}` });
  }
  const senders = hostile.map((agent) => {
    const seen = { firstSeenMs: 0, lastSeenMs: 0, requests: 1, written: 1, status: 204 };
    return { ...seen, address: agent, agent, version: 2 } satisfies SeenSender;
  });
  const configuration = hostile.map((value) => {
    const rest = { source: "flag", from: "--quarantine-dir", help: "x", hidden: false } as const;
    return { name: "--quarantine-dir", value, ...rest };
  });
  const sources = {
    troubles: () => troubles.list(),
    senders: () => senders,
    configuration,
    blocked: () => hostile.join(" "),
    note: () => hostile[0],
    quarantineDirectory: hostile[1],
  };
  await withStatusPage({ ...sources, quarantineDirectory: hostile[1]! }, async ({ page, metrics }) => {
    for (const text of hostile) metrics.quarantinedLines.inc({ reason: text });
    const text = await page.page(url, "n");
    assert.equal(text.match(/<script/g)?.length, 1);
    assert.equal(text.match(/<style/g)?.length, 1);
    assert.doesNotMatch(text, /<img|<svg onload|alert\(1\)<\/script>/);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
    assert.doesNotMatch(text, /[\u0000-\u0008\u000b-\u001f\u202a-\u202e\u2066-\u2069]/);
    assert.ok(text.isWellFormed());
    assert.ok(text.length < 300_000, `${text.length}`);
    assert.equal(JSON.parse(await page.json()).senders.length, hostile.length);
  });
});

test("a host that no host can be is not repeated", async () => {
  await withStatusPage({}, async ({ page }) => {
    const text = await page.page("http://a'b$c:1/", "n");
    assert.match(text, /url: http:\/\/localhost\/receive/);
    assert.ok(!text.includes("b$c"));
  });
});

test("an hour of history is a page of moderate size, with words and numbers for each chart", async () => {
  await withStatusPage({}, async ({ page, request, clock }) => {
    for (let at = 0; at < 400; at++) {
      request(at % 50 === 0 ? 503 : 204, 1_000 + 100 * Math.sin(at / 20));
      await clock.advance(10_000);
    }
    const text = await page.fragment(url);
    assert.ok(text.length < 100_000, `${text.length}`);
    const charts = text.match(/<figure class="card chart">/g) ?? [];
    assert.equal(charts.length, 6);
    assert.equal(
      text.match(/role="img"\s+aria-label="[^"]+: (now [^"]+ highest [^"]+|median: none[^"]*)"/g)?.length,
      6,
    );
    assert.match(text, /Samples per second, last hour: received: now \d/);
    assert.equal(text.match(/ as a table"/g)?.length, 6);
    // A curve without a break, whatever the places it has.
    const curve = /class="curve a"\s+vector-effect="non-scaling-stroke" d="([^"]+)"/.exec(text)?.[1] ?? "";
    assert.equal(curve.match(/M/g)?.length, 1);
    assert.equal(curve.match(/L/g)?.length, 119);
  });
});

test("points that come a little late leave no holes in a curve, a request that does not come does", () => {
  const endMs = 1_000_000;
  const window = { endMs, spanMs: 300_000, name: "last 5 minutes" };
  const row = (atMs: number) => ({ at: new Date(atMs).toISOString() }) as HistoryRow;
  const late = Array.from({ length: 28 }, (_, nth) => row(endMs - 299_000 + nth * 10_600));
  const curve = { name: "x", of: () => 1 };
  const values = placed(curve, { merge: "mean" }, late, window, 30);
  assert.deepEqual(new Set(values.slice(0, 29)), new Set([1]));
  let nth = 0;
  const rare = { name: "x", of: () => (nth++ % 2 === 0 ? 1 : undefined) };
  const even = Array.from({ length: 30 }, (_, at) => row(endMs - 299_000 + at * 10_000));
  assert.equal(placed(rare, { merge: "mean" }, even, window, 30).filter((value) => value === 1).length, 15);
});

test("however many look, the counters are read once a second", async () => {
  let looks = 0;
  const observe = () => Promise.resolve(void looks++);
  await withStatusPage({ observe }, async ({ page, clock }) => {
    await Promise.all(Array.from({ length: 100 }, () => page.page(url, "n")));
    await page.json();
    assert.equal(looks, 1);
    await clock.advance(1_001);
    await page.fragment(url);
    assert.equal(looks, 2);
  });
});

test("a look that failed is not kept", async () => {
  let fails = true;
  const observe = () => (fails ? Promise.reject(new Error("no")) : Promise.resolve());
  await withStatusPage({ observe }, async ({ page }) => {
    await assert.rejects(page.json(), /no/);
    fails = false;
    assert.match(await page.json(), /waiting/);
  });
});

test("every name is in every answer of the JSON, null where there is nothing", async () => {
  await withStatusPage({}, async ({ status }) => {
    const answer = await status();
    assert.equal(answer.spool, null);
    assert.equal(answer.readiness.reason, null);
    assert.deepEqual(answer.program, {
      ...{ version: "0.1.0", commit: "3f2a1bc", runtime: "node 24.0.0" },
      ...{ startedAt: "2026-11-23T13:00:00Z", uptimeSeconds: 0 },
    });
  });
});

test("a hidden setting is shown as set and its value nowhere", async () => {
  const hidden = {
    name: "AWS_SECRET_ACCESS_KEY",
    value: "hunter2",
    source: "environment",
    hidden: true,
  } as const;
  await withStatusPage({ configuration: [{ ...hidden, from: undefined, help: "" }] }, async ({ page }) => {
    const both = (await page.page(url, "n")) + (await page.json());
    assert.ok(both.includes("set, not shown") && !both.includes("hunter2"));
  });
});
