/** deploy/grafana and deploy/prometheus ask for what the program has: every expression is put to a real Prometheus. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { createDashboard } from "../../scripts/dashboard.ts";
import { startFakeAws } from "../support/fake-aws/fake-aws.ts";
import { withDirectory, withProgram } from "../support/program.ts";
import { prometheus3, startPrometheus } from "../support/prometheus.ts";
import { type Dashboard, metricNames, metricsIn, withoutVariables } from "../support/promql.ts";
import { waitUntil } from "../support/server-process.ts";

const deploy = join(import.meta.dirname, "../../deploy");
const dashboard = JSON.parse(readFileSync(join(deploy, "grafana/dashboard.json"), "utf8")) as Dashboard;
const alertsText = readFileSync(join(deploy, "prometheus/alerts.yml"), "utf8");
const questions = dashboard.panels.flatMap(({ title, targets = [] }) =>
  targets.map(({ expr, legendFormat }) => ({
    title,
    legend: legendFormat,
    expr: withoutVariables(expr, "10s"),
  })),
);
const options = prometheus3.missing === false ? { timeout: 110_000 } : { skip: prometheus3.missing };

test("the dashboard is what npm run dashboard writes", () => {
  assert.deepEqual(dashboard, JSON.parse(JSON.stringify(createDashboard())));
});

test("panels have ids and places of their own, a description, and legends that tell series apart", () => {
  const panels = dashboard.panels.filter(({ type }) => type !== "row");
  assert.ok(panels.length >= 25);
  assert.equal(new Set(dashboard.panels.map(({ id }) => id)).size, dashboard.panels.length);
  for (const [at, { title, description = "", gridPos, targets = [] }] of panels.entries()) {
    assert.ok(description.length > 10, `${title} says what it means`);
    assert.ok(gridPos.x + gridPos.w <= 24, title);
    assert.equal(new Set(targets.map(({ refId }) => refId)).size, targets.length, title);
    assert.equal(new Set(targets.map(({ legendFormat }) => legendFormat)).size, targets.length, title);
    for (const other of panels.slice(at + 1))
      assert.ok(!overlap(gridPos, other.gridPos), `${title}, ${other.title}`);
  }
});

test(
  "the program has every metric that is asked for, and every question gets an answer",
  options,
  async () => {
    const aws = await startFakeAws({ streams: [{ name: "metrics", shards: 2 }] });
    try {
      await withDirectory((cwd) => {
        const args = ["--sink", "kinesis:metrics", "--spool-dir", "spool", "--compression", "gzip"];
        // Credentials that expire, as those of roles do.
        return withProgram("bun", { args, env: aws.containerEnv, cwd }, ({ url }) => askAll(url, cwd));
      });
    } finally {
      await aws.close();
    }
  },
);

/** What has no value while all is well: nothing was refused, throttled, set aside or shipped to S3. */
const quietTitles = new Set(["Refused and failed", "S3", "Lines set aside", "Requests not let in"]);
const quietLegends = /^(pace|histograms|exemplars|throttled)/;

async function askAll(url: string, folder: string): Promise<void> {
  const names = metricNames(await (await fetch(`${url}/metrics`)).text());
  const asked = [...questions.map(({ expr }) => expr), alertsText].flatMap(metricsIn);
  assert.deepEqual(
    [...new Set(asked)].filter((name) => !names.has(name)),
    [],
    "metrics that the program does not have",
  );
  const server = await startPrometheus({
    path: prometheus3.path,
    folder,
    flags: [],
    config: (ownAddress) => configOf(url, ownAddress),
    rules: { groups: [] },
  });
  try {
    const ask = async (expr: string) => {
      const { result } = (await server.api("query", { query: expr })) as { result: readonly unknown[] };
      return result.length;
    };
    const rate = (name: string) => `rate(prometheus_remote_kinesis_${name}_total[10s])`;
    const written = `${rate("billed_bytes")} > 0 and on () ${rate("put_attempts")}`;
    await waitUntil("lines are shipped", 60_000, async () => (await ask(written)) > 0);
    const silent: string[] = [];
    for (const { title, legend, expr } of questions) {
      if ((await ask(expr)) === 0 && !quietTitles.has(title) && !quietLegends.test(legend)) {
        silent.push(`${title}, ${legend}: ${expr}`);
      }
    }
    assert.deepEqual(silent, [], "questions without an answer");
    const { groups } = (await server.api("rules")) as { groups: readonly { rules: readonly RuleState[] }[] };
    const rules = groups.flatMap((group) => group.rules);
    assert.ok(rules.length > 15);
    assert.deepEqual(
      rules.filter(({ health, state = "" }) => health === "err" || state === "firing"),
      [],
    );
  } finally {
    await server.stop();
  }
}

interface RuleState {
  readonly name: string;
  readonly health: string;
  readonly state?: string;
}

function configOf(url: string, ownAddress: string) {
  const own = (job: string, target: string) => ({ job_name: job, static_configs: [{ targets: [target] }] });
  return {
    global: { scrape_interval: "1s", evaluation_interval: "2s" },
    rule_files: [join(deploy, "prometheus/alerts.yml")],
    scrape_configs: [own("prometheus-remote-kinesis", new URL(url).host), own("prometheus", ownAddress)],
    remote_write: [{ url: `${url}/receive`, protobuf_message: "io.prometheus.write.v2.Request" }],
  };
}

function overlap(
  a: Dashboard["panels"][number]["gridPos"],
  b: Dashboard["panels"][number]["gridPos"],
): boolean {
  return a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h;
}
