/** The status page of the real program in a real browser. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Page } from "playwright-core";
import { type Browser, barriers, browserMissing, overflow, withBrowser } from "../support/browser.ts";
import { startFakeAws } from "../support/fake-aws/fake-aws.ts";
import { type Program, startProgram, withDirectory, withProgram } from "../support/program.ts";
import { oneSample, writeHeadersV1, writeRequestV1 } from "../support/write-request.ts";

const skip = browserMissing;
const views = [
  { name: "light", colorScheme: "light", viewport: { width: 1280, height: 860 } },
  { name: "dark", colorScheme: "dark", viewport: { width: 1280, height: 860 } },
  { name: "narrow", colorScheme: "light", viewport: { width: 360, height: 740 } },
  { name: "narrow and dark", colorScheme: "dark", viewport: { width: 320, height: 640 } },
] as const;

/** The picture that everybody is shown is taken once a second. */
const pictureMs = 1_100;
const denied = { kind: "error", code: "AccessDeniedException", status: 400, service: "kinesis" } as const;

async function send(url: string, headers: Record<string, string> = {}): Promise<number> {
  const body = new Uint8Array(oneSample("up", "1", Date.now()));
  const answer = await fetch(`${url}/receive`, {
    method: "POST",
    body,
    headers: { ...writeHeadersV1, ...headers },
  });
  await answer.arrayBuffer();
  return answer.status;
}

const textOf = async (page: Page, selector: string) => (await page.locator(selector).textContent()) ?? "";
const headline = (page: Page) => textOf(page, "h1");

/** Where in the first chart its last point lies. */
async function newestPlace(page: Page): Promise<{ x: number; y: number }> {
  const chart = page.locator("figure.chart svg[role=img]").first();
  const told = (await chart.getAttribute("data-told"))?.split("|") ?? [];
  const { width = 0 } = (await chart.boundingBox()) ?? {};
  return { x: ((told.findLastIndex((each) => each !== "") + 0.5) / told.length) * width, y: 20 };
}

/** Opens the page in several views; it has no barriers and no complaints, and nothing sticks out. */
async function assertFine(
  browser: Browser,
  url: string,
  says: RegExp,
  seen: readonly (typeof views)[number][] = [views[0], views[3]],
): Promise<void> {
  for (const { name, ...options } of seen) {
    const { page, context, complaints } = await browser.open(url, options);
    assert.match(await headline(page), says);
    for (const summary of await page.locator("summary").all()) await summary.click();
    assert.deepEqual(await barriers(page), [], name);
    assert.equal(await overflow(page), 0, name);
    if (name === "light") await assertFits(page);
    // A4 between its margins.
    await page.setViewportSize({ width: 718, height: 1_000 });
    await page.emulateMedia({ media: "print" });
    assert.equal(await overflow(page), 0, `${name}, printed`);
    assert.deepEqual(complaints, []);
    await context.close();
  }
}

async function assertFits(page: Page): Promise<void> {
  for (const width of [320, 480, 760, 761, 900, 1_020, 1_021, 1_920]) {
    await page.setViewportSize({ width, height: 800 });
    assert.equal(await overflow(page), 0, `${width} px`);
  }
}

test("before and after the first samples the page is fine in every view", { skip }, () =>
  withDirectory((cwd) =>
    withProgram("node", { cwd }, ({ url }) =>
      withBrowser(async (browser) => {
        await assertFine(browser, url, /^Waiting for the first samples/);
        const { page } = await browser.open(url);
        assert.match(await textOf(page, "pre"), new RegExp(`url: ${url}/receive`));
        assert.equal(await send(url), 204);
        assert.equal(await send(url, { "Content-Type": "text/plain" }), 415);
        await page.waitForTimeout(pictureMs);
        await assertFine(browser, url, /^Samples arrive and are durable/, views);
      }),
    ),
  ),
);

test("a blocked sink is told with its reason", { skip }, async () => {
  const aws = await startFakeAws({ streams: [{ name: "metrics" }] });
  try {
    aws.fault(denied);
    await withDirectory((cwd) =>
      withProgram("node", { cwd, args: ["--sink", "kinesis:metrics"], env: aws.env }, ({ url }) =>
        withBrowser(async (browser) => {
          assert.equal(await send(url), 503);
          await assertFine(browser, url, /^Nothing becomes durable: kinesis:metrics takes nothing/);
          const { page } = await browser.open(url);
          assert.match(await textOf(page, ".state"), /AccessDeniedException.*IAM policy/s);
          assert.match(await textOf(page, "#status"), /the sink is blocked/);
          const text = await (await fetch(`${url}/-/status.json`)).text();
          const { accessKeyId, secretAccessKey } = aws.credentials;
          for (const secret of [accessKeyId, secretAccessKey]) {
            assert.ok(!text.includes(secret) && !(await page.content()).includes(secret));
          }
        }),
      ),
    );
  } finally {
    await aws.close();
  }
});

test("a spool that fills is told", { skip }, async () => {
  const aws = await startFakeAws({ streams: [{ name: "metrics" }] });
  try {
    aws.fault(denied);
    const args = ["--sink", "kinesis:metrics", "--spool-dir", "spool", "--ship-linger", "1ms"];
    await withDirectory((cwd) =>
      withProgram("node", { cwd, args, env: aws.env }, ({ url }) =>
        withBrowser(async (browser) => {
          assert.equal(await send(url), 204);
          const { page } = await browser.open(url);
          await page
            .getByRole("heading", { level: 1, name: /does not keep up/ })
            .waitFor({ timeout: 20_000 });
          await assertFine(browser, url, /^Samples are durable in the spool, but it fills/);
        }),
      ),
    );
  } finally {
    await aws.close();
  }
});

test("the page lives: it changes by itself, and keeps focus and what was opened", { skip }, () =>
  withDirectory((cwd) =>
    withProgram("node", { cwd }, ({ url }) =>
      withBrowser(async (browser) => {
        const { page, complaints } = await browser.open(url);
        await page.evaluate("globalThis.before = true");
        await page.locator("summary").last().click();
        await page.getByRole("button", { name: "Pause" }).focus();
        assert.equal(await send(url), 204);
        await page.getByRole("heading", { level: 1, name: /^Samples arrive/ }).waitFor({ timeout: 15_000 });
        assert.equal(await page.locator("figure.chart").count(), 6);
        assert.match(await page.title(), /^Working/);
        assert.equal(await page.evaluate("globalThis.before"), true);
        assert.equal(await page.evaluate("document.activeElement.id"), "pause");
        // A reading comes every 10 s, and makes a point with the one before.
        await page.locator('svg[data-told*=":"]').first().waitFor({ timeout: 30_000 });
        await page
          .locator("figure.chart svg[role=img]")
          .first()
          .hover({ position: await newestPlace(page) });
        assert.match(
          await textOf(page, "#readout"),
          /^\d\d:\d\d:\d\d UTC\nreceived [\d.]+\/s\ndurable [\d.]+\/s$/,
        );
        const details = page.locator("figure.chart details").first();
        await details.locator("summary").click();
        const before = await page.locator("#at").getAttribute("datetime");
        await page.locator(`#at:not([datetime="${before}"])`).waitFor({ timeout: 15_000 });
        assert.equal(await details.getAttribute("open"), "");
        assert.equal(await page.getByRole("button", { name: "Pause" }).isVisible(), true);
        await page.getByRole("button", { name: "Pause" }).click();
        assert.equal(await textOf(page, "#live"), "Paused");
        assert.deepEqual(complaints, []);
      }),
    ),
  ),
);

test("without JavaScript the page is whole, and newer when it is loaded anew", { skip }, () =>
  withDirectory((cwd) =>
    withProgram("node", { cwd }, ({ url }) =>
      withBrowser(async (browser) => {
        const { page, complaints } = await browser.open(url, { javaScriptEnabled: false });
        assert.match(await headline(page), /^Waiting/);
        assert.equal(await textOf(page, "#live"), "Reload for newer numbers.");
        assert.equal(await page.getByRole("button", { name: "Pause" }).count(), 0);
        assert.equal(await send(url), 204);
        await page.waitForTimeout(pictureMs);
        await page.reload();
        assert.match(await headline(page), /^Samples arrive and are durable/);
        assert.equal(await page.locator("figure.chart svg[role=img]").count(), 6);
        await page.locator("figure.chart summary").first().click();
        assert.equal(await page.locator("figure.chart table").first().isVisible(), true);
        assert.deepEqual(complaints, []);
      }),
    ),
  ),
);

test("a program that is gone is told, and when it is back as well", { skip }, () =>
  withDirectory((cwd) =>
    withBrowser(async (browser) => {
      let program: Program = await startProgram("node", { cwd });
      try {
        const { page, complaints } = await browser.open(program.url);
        const env = { LISTEN_ADDR: `127.0.0.1:${program.port}` };
        program.signal("SIGKILL");
        await program.ended;
        const lost = page.getByRole("alert");
        await lost.waitFor({ timeout: 15_000 });
        assert.match(
          await textOf(page, "[role=alert]"),
          /^The program has not answered since \d\d:\d\d:\d\d UTC/,
        );
        assert.deepEqual(await barriers(page), []);
        program = await startProgram("node", { cwd, env });
        await lost.waitFor({ state: "hidden", timeout: 15_000 });
        assert.match(await headline(page), /^Waiting/);
        assert.deepEqual(complaints, []);
      } finally {
        program.signal("SIGKILL");
        await program.ended;
      }
    }),
  ),
);

test("hostile senders do no harm to who looks at them", { skip }, () =>
  withDirectory((cwd) =>
    withProgram("node", { cwd }, ({ url }) =>
      withBrowser(async (browser) => {
        const names = [
          `<script>alert(1)</script>`,
          `"><img src=x onerror=alert(1)>`,
          `<svg/onload=alert(1)>`,
          "x".repeat(8_000),
          `${"<b>".repeat(2_000)}`,
        ];
        for (const name of names) {
          assert.equal(await send(url, { "User-Agent": name }), 204);
          const labels = { __name__: "up", [`</style>${name}`.slice(0, 200)]: name, b: "1", B: "\u202e" };
          const body = new Uint8Array(
            writeRequestV1([{ labels: { ...labels, "": name }, samples: [[1, 1]] }]),
          );
          const headers = { ...writeHeadersV1, "User-Agent": name };
          assert.equal((await fetch(`${url}/receive`, { method: "POST", body, headers })).status, 400);
        }
        for (const { colorScheme, viewport } of [views[0], views[3]]) {
          const { page, context, complaints } = await browser.open(url, { colorScheme, viewport });
          assert.equal(await page.locator("script").count(), 1);
          assert.equal(await page.locator("img, b:not(.legend b, .fields b), svg[onload]").count(), 0);
          assert.equal(await page.getByText("<script>alert(1)</script>").first().isVisible(), true);
          assert.equal(await overflow(page), 0);
          assert.deepEqual(await barriers(page), []);
          assert.deepEqual(complaints, []);
          await context.close();
        }
      }),
    ),
  ),
);
