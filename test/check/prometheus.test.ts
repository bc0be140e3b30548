import assert from "node:assert/strict";
import { test } from "node:test";
import type { Fetch } from "../../src/aws/client.ts";
import { checkPrometheus } from "../../src/check/prometheus.ts";
import type { Step } from "../../src/check/step.ts";
import { systemClock } from "../../src/clock.ts";

/** Waits for nothing, unless nothing else happens. */
const clock = {
  ...systemClock,
  after: (delayMs: number, run: () => void) => systemClock.after(Math.min(delayMs, 30), run),
};

async function steps(url: string, fetch: Fetch): Promise<readonly Step[]> {
  const own = { port: 9501, paths: ["/receive"] };
  const found: Step[] = [];
  for await (const step of checkPrometheus({ url: new URL(url), own, fetch, clock, timeoutMs: 1_000 }))
    found.push(step);
  return found;
}

/** Answers each path with a text, and 404 elsewhere. */
function answering(texts: Readonly<Record<string, string>>, seen: Request[] = []): Fetch {
  return async (url, init) => {
    seen.push(new Request(url, init));
    const text = texts[new URL(url).pathname];
    return new Response(text ?? "not found", { status: text === undefined ? 404 : 200 });
  };
}

const data = (value: unknown) => JSON.stringify({ status: "success", data: value });

test("user, password and the path before /api are used, and not shown", async () => {
  const seen: Request[] = [];
  const texts = {
    "/prom/api/v1/status/buildinfo": data({ version: "2.53.1" }),
    "/prom/api/v1/status/config": data({ yaml: "remote_write: [{url: 'http://archive:9501/receive'}]" }),
    "/prom/api/v1/status/runtimeinfo": data({ storageRetention: "30d or 50GiB" }),
    "/prom/metrics": "",
  };
  const found = await steps("http://pat:s%C3%A9cret@host:9090/prom/", answering(texts, seen));
  assert.deepEqual(
    found.map(({ name, status, message }) => `${status} ${name} ${message}`),
    [
      "ok prometheus 2.53.1 at http://host:9090/prom/, sends remote write 1.0",
      "ok remote_write to http://archive:9501/receive",
      "warning sending its /metrics has nothing of a remote_write to us",
      "ok retention Prometheus itself keeps 30d or 50GiB; what it cannot send for about two hours is missing here",
    ],
  );
  const expected = `Basic ${Buffer.from("pat:sécret").toString("base64")}`;
  for (const request of seen) assert.equal(request.headers.get("authorization"), expected);
});

test("a Prometheus that cannot be asked is told, and what it withholds", async () => {
  const refused = await steps("http://pat:secret@host:9090", async () => new Response("", { status: 401 }));
  assert.deepEqual(
    refused.map(({ name, status }) => `${status} ${name}`),
    ["failed prometheus", "skipped remote_write"],
  );
  assert.match(refused[0]?.message ?? "", /^http:\/\/host:9090: \/api\/v1\/status\/buildinfo answers 401$/);
  assert.match(refused[0]?.todo ?? "", /USER:PASSWORD@HOST/);
  assert.doesNotMatch(JSON.stringify(refused), /secret/);

  const gone = await steps("http://host:9090", () => Promise.reject(new TypeError("fetch failed")));
  assert.equal(gone[0]?.status, "failed");
  assert.match(gone[0]?.message ?? "", /fetch failed/);

  const silent = await steps(
    "http://host:9090",
    (_, { signal }) =>
      new Promise((_resolve, reject) => signal?.addEventListener("abort", () => reject(signal.reason))),
  );
  assert.match(silent[0]?.message ?? "", /no answer within 1000 ms/);

  const shy = await steps("http://host:9090", answering({ "/api/v1/status/buildinfo": data({}) }));
  assert.deepEqual(
    shy.map(({ name, status }) => `${status} ${name}`),
    ["ok prometheus", "warning remote_write", "warning sending", "ok retention"],
  );
});
