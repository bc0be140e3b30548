import { Hono } from "hono";
import type { Peer } from "../platform.ts";
import { answerHeaders, browserHeaders, newNonce } from "./browser-headers.ts";
import type { Guard } from "./guard.ts";
import { createWriteHandler, type WriteOptions } from "./write.ts";

export interface App {
  /** Answers one request; never rejects. */
  fetch(request: Request, peer: Peer): Response | Promise<Response>;
}

/** What people look at; src/page makes it. `url` is that of the request. */
export interface StatusPage {
  page(url: string, nonce: string): Promise<string>;
  fragment(url: string): Promise<string>;
  json(): Promise<string>;
}

export interface AppOptions extends WriteOptions {
  /** Why nothing becomes durable now, or undefined. Requests are still taken: one of them finds out when it is over. */
  readonly blocked: () => string | undefined;
  /** What somebody should look at though requests are taken and become durable, or undefined. */
  readonly note?: () => string | undefined;
  /** Stands before everything; undefined: all may do all. */
  readonly guard?: Guard | undefined;
  readonly statusPage?: StatusPage;
}

const writePaths = ["/receive", "/api/v1/write"];

function fromPage(): Response {
  return new Response("Cannot take a write request from a web page\n", {
    status: 403,
    headers: answerHeaders,
  });
}

/**
 * The whole HTTP face: write requests, metrics, health.
 * https://prometheus.io/docs/prometheus/latest/management_api/
 */
export function createApp(options: AppOptions): App {
  const { metrics, ready, blocked, note = () => undefined, guard } = options;
  const handleWrite = createWriteHandler(options);
  const app = new Hono<{ Bindings: Peer }>();
  if (guard !== undefined) app.use(guard);
  for (const path of writePaths) {
    app.post(path, (c): Response | Promise<Response> =>
      // No sender is a browser: it would be some page, in the name of who looks at it.
      c.req.raw.headers.has("origin") ? fromPage() : handleWrite(c.req.raw, c.env.address),
    );
    app.all(path, (c) =>
      c.text(`Cannot ${c.req.method} ${path}: send remote write requests with POST\n`, 405, {
        Allow: "POST",
      }),
    );
  }
  app.get("/metrics", async (c) =>
    c.body(await metrics.text(), 200, { "Content-Type": metrics.contentType }),
  );
  app.get("/-/healthy", (c) => c.text("Healthy\n"));
  app.get("/-/ready", (c) => {
    const unready = ready() ?? blocked();
    return unready === undefined ? c.text(`${note() ?? "Ready"}\n`) : c.text(`${unready}\n`, 503);
  });
  if (options.statusPage !== undefined) routeStatusPage(app, options.statusPage);
  app.notFound((c) =>
    c.text(
      `Nothing at ${c.req.path}: send remote write to ${writePaths.join(" or ")}, see / and /metrics\n`,
      404,
    ),
  );
  return { fetch: (request, peer) => app.fetch(request, peer) };
}

function routeStatusPage(app: Hono<{ Bindings: Peer }>, statusPage: StatusPage): void {
  app.get("/", async (c) => {
    const nonce = newNonce();
    return c.html(await statusPage.page(c.req.url, nonce), 200, browserHeaders(nonce));
  });
  // Of no use but to the page's script: as a page of its own it may run and style nothing.
  app.get("/-/status.html", async (c) =>
    c.html(await statusPage.fragment(c.req.url), 200, browserHeaders(newNonce())),
  );
  app.get("/-/status.json", async (c) =>
    c.body(await statusPage.json(), 200, {
      ...answerHeaders,
      "Content-Type": "application/json",
      "Cache-Control": "no-store",
    }),
  );
}
