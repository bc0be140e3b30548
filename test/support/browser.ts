/** A headless Chromium for tests of the status page, and axe-core as the judge of who can use it. */
import { existsSync, readFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { type BrowserContext, type BrowserContextOptions, chromium, type Page } from "playwright-core";

const path = [
  process.env["CHROMIUM_BIN"] ?? "",
  ...(process.env["PATH"] ?? "").split(delimiter).map((folder) => join(folder, "chromium")),
].find((each) => each !== "" && existsSync(each));

/** Why there is no browser, or false. */
export const browserMissing: string | false =
  path === undefined ? "chromium is not installed: install the package chromium" : false;

const axe = readFileSync(join(import.meta.dirname, "../../node_modules/axe-core/axe.min.js"), "utf8");

export interface Browser {
  /** A page in a window of its own, with what it had to complain about. */
  open(url: string, options?: BrowserContextOptions): Promise<Tab>;
}

export interface Tab {
  readonly page: Page;
  readonly context: BrowserContext;
  /** Errors of scripts, what the Content-Security-Policy stopped, dialogs, and requests to elsewhere. */
  readonly complaints: string[];
}

/** Starts a browser for `use` and always ends it. */
export async function withBrowser(use: (browser: Browser) => Promise<void>): Promise<void> {
  // Chromium's sandbox does not start as root.
  const args = process.getuid?.() === 0 ? ["--no-sandbox"] : [];
  const browser = await chromium.launch({ executablePath: path ?? "", args });
  try {
    await use({
      async open(url, options = {}) {
        const context = await browser.newContext({ viewport: { width: 1280, height: 860 }, ...options });
        const page = await context.newPage();
        const complaints: string[] = [];
        page.on("pageerror", ({ message }) => complaints.push(`script: ${message}`));
        page.on("dialog", (dialog) => {
          complaints.push(`dialog: ${dialog.message()}`);
          void dialog.dismiss();
        });
        page.on("console", (message) => {
          // A server that is gone is part of the tests.
          if (message.type() !== "error" || message.text().includes("ERR_CONNECTION_REFUSED")) return;
          complaints.push(`console: ${message.text()}`);
        });
        page.on("request", (request) => {
          if (!request.url().startsWith("data:") && new URL(request.url()).host !== new URL(url).host)
            complaints.push(`request: ${request.url()}`);
        });
        await page.goto(url);
        return { page, context, complaints };
      },
    });
  } finally {
    await browser.close();
  }
}

/** What is wrong for people with screen readers, keyboards or other eyes, by the rules of WCAG 2.2 AA and beyond. */
export async function barriers(page: Page): Promise<string[]> {
  await page.evaluate(axe);
  return await page.evaluate(async () => {
    interface Result {
      readonly violations: readonly {
        id: string;
        nodes: readonly { html: string; failureSummary?: string }[];
      }[];
    }
    const { axe: judge } = globalThis as unknown as { axe: { run(): Promise<Result> } };
    const { violations } = await judge.run();
    return violations.flatMap(({ id, nodes }) =>
      nodes.map(({ html, failureSummary = "" }) => `${id}: ${html} ${failureSummary}`),
    );
  });
}

/** How far the page is wider than its window, in CSS pixels. */
export function overflow(page: Page): Promise<number> {
  return page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth");
}
