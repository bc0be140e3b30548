/** deploy/prometheus: the rules, their own tests under two Prometheus versions, and that each alert has its page. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { parse } from "yaml";
import { promtool2, promtool3, runPromtool } from "../support/prometheus.ts";

const folder = join(import.meta.dirname, "../../deploy/prometheus");
const read = (path: string) => readFileSync(join(folder, path), "utf8");

for (const [name, { path, missing }] of Object.entries({
  "Prometheus 2": promtool2,
  "Prometheus 3": promtool3,
})) {
  const options = missing === false ? {} : { skip: missing };
  test(`promtool of ${name} finds the rules right, and their tests pass`, options, () => {
    runPromtool(path, ["check", "rules", "--lint=all", "--lint-fatal", join(folder, "alerts.yml")]);
    runPromtool(path, ["test", "rules", join(folder, "alerts.test.yml")]);
  });
}

interface Rule {
  readonly alert?: string;
  readonly expr: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

test("every alert says what is wrong and what to do, has its page, and fires in a test", () => {
  const { groups } = parse(read("alerts.yml")) as { groups: readonly { rules: readonly Rule[] }[] };
  const tests = read("alerts.test.yml");
  const page = read("../../docs/alerts.md");
  const alerts = groups.flatMap(({ rules }) => rules).filter(({ alert }) => alert !== undefined);
  assert.ok(alerts.length >= 15);
  for (const { alert = "", labels, annotations } of alerts) {
    assert.match(alert, /^PrometheusRemoteKinesis[A-Z]\w+$/);
    assert.match(labels?.["severity"] ?? "", /^(critical|warning)$/, alert);
    assert.ok((annotations?.["summary"] ?? "").length > 20, alert);
    assert.ok((annotations?.["description"] ?? "").length > 80, alert);
    assert.ok(annotations?.["runbook_url"]?.endsWith(`/docs/alerts.md#${alert.toLowerCase()}`), alert);
    assert.ok(page.includes(`\n## ${alert}\n`), `docs/alerts.md has nothing of ${alert}`);
    assert.ok(tests.includes(`alertname="${alert}"`), `no test lets ${alert} fire`);
  }
  const described = [...page.matchAll(/^## (PrometheusRemoteKinesis\w+)$/gm)].map(([, name]) => name);
  assert.deepEqual(
    described,
    alerts.map(({ alert }) => alert),
  );
});
