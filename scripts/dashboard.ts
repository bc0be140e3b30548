/** `npm run dashboard` writes deploy/grafana/dashboard.json, for Grafana 11 and 12, from the rows beside this. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { isDurable, latency, rates } from "./dashboard-intake.ts";
import type { Panel, Question } from "./dashboard-panels.ts";
import { bill, pending, puts, quarantine, runtime } from "./dashboard-sink.ts";

const prefix = "prometheus_remote_kinesis_";
const datasource = { type: "prometheus", uid: ["$", "{datasource}"].join("") };
const rows = [isDurable, rates, latency, pending, puts, bill, quarantine, runtime];
const rowHeight = 1;
const heights: Readonly<Record<Panel["type"], number>> = { timeseries: 8, heatmap: 8, table: 5, stat: 5 };
const columns = 24;

/** The dashboard as Grafana imports it. */
export function createDashboard() {
  return {
    uid: "prometheus-remote-kinesis",
    title: "prometheus-remote-kinesis",
    description: "Is every sample durable, how fast, and what does it cost?",
    tags: ["prometheus", "remote-write", "kinesis"],
    // Of Grafana 12.0; older ones take it as it is, newer ones bring it up to date when they load it.
    schemaVersion: 41,
    version: 1,
    editable: true,
    graphTooltip: 1,
    timezone: "browser",
    refresh: "30s",
    time: { from: "now-3h", to: "now" },
    timepicker: {},
    fiscalYearStartMonth: 0,
    weekStart: "",
    links: [],
    preload: false,
    liveNow: false,
    annotations: { list: [alerts()] },
    templating: { list: variables() },
    panels: layOut(),
  };
}

/** The alerts of deploy/prometheus/alerts.yml as marks on every chart. */
function alerts() {
  return {
    name: "Alerts",
    datasource,
    enable: true,
    hide: false,
    iconColor: "red",
    expr: 'ALERTS{alertname=~"PrometheusRemoteKinesis.+", alertstate="firing", instance=~"$instance"}',
    titleFormat: "{{alertname}}",
    textFormat: "{{instance}} {{severity}}",
    step: "60s",
  };
}

function variables() {
  const all = { text: ["All"], value: ["$__all"] };
  const query = (name: string, label: string, expr: string) => ({
    ...{ name, label, type: "query", datasource, definition: expr },
    query: { query: expr, refId: `variable-${name}`, qryType: 1 },
    ...{ multi: true, includeAll: true, allValue: ".*", current: all, options: [], hide: 0 },
    ...{ refresh: 2, regex: "", sort: 1, skipUrlSync: false },
  });
  return [
    {
      ...{ name: "datasource", label: "Data source", type: "datasource", query: "prometheus", regex: "" },
      ...{
        current: {},
        options: [],
        hide: 0,
        refresh: 1,
        multi: false,
        includeAll: false,
        skipUrlSync: false,
      },
    },
    query("job", "Job", `label_values(${prefix}build_info, job)`),
    query("instance", "Instance", `label_values(${prefix}build_info{job=~"$job"}, instance)`),
  ];
}

function layOut(): readonly unknown[] {
  const placed: unknown[] = [];
  let id = 0;
  let y = 0;
  for (const { title, panels } of rows) {
    const gridPos = { x: 0, y, w: columns, h: rowHeight };
    placed.push({ id: ++id, type: "row", title, collapsed: false, gridPos, panels: [] });
    y += rowHeight;
    let x = 0;
    let height = 0;
    for (const panel of panels) {
      if (x + panel.width > columns) {
        y += height;
        x = 0;
        height = 0;
      }
      placed.push(place(panel, ++id, { x, y, w: panel.width, h: heights[panel.type] }));
      x += panel.width;
      height = Math.max(height, heights[panel.type]);
    }
    y += height;
  }
  return placed;
}

function place(panel: Panel, id: number, gridPos: Readonly<Record<"x" | "y" | "w" | "h", number>>) {
  const { type, title, description, unit } = panel;
  const stacking = { group: "A", mode: panel.stacked === true ? "normal" : "none" };
  const custom =
    type === "timeseries"
      ? { drawStyle: "line", lineWidth: 1, fillOpacity: 10, showPoints: "auto", spanNulls: false, stacking }
      : {};
  return {
    ...{ id, type, title, description, datasource, gridPos },
    fieldConfig: {
      defaults: {
        ...{ unit, custom, mappings: mappingsOf(panel), thresholds: thresholdsOf(panel) },
        color: { mode: type === "stat" ? "thresholds" : "palette-classic" },
        ...(type === "stat" || type === "timeseries" ? { min: panel.downward === true ? undefined : 0 } : {}),
        noValue: type === "stat" ? "–" : undefined,
      },
      overrides: [],
    },
    options: optionsOf(panel),
    targets: panel.questions.map((question, at) => targetOf(question, at, type)),
    ...(type === "table" ? { transformations: [tableColumns()] } : {}),
  };
}

function targetOf({ expr, legend }: Question, at: number, type: Panel["type"]) {
  return {
    refId: String.fromCharCode("A".charCodeAt(0) + at),
    datasource,
    editorMode: "code",
    expr: selected(expr),
    legendFormat: legend,
    range: type !== "table",
    instant: type === "table",
    format: type === "heatmap" ? "heatmap" : type === "table" ? "table" : "time_series",
  };
}

/** Of the chosen instances alone, with whole names. */
function selected(expr: string): string {
  const chosen = 'job=~"$job", instance=~"$instance"';
  return expr
    .replaceAll(/\bP_/g, prefix)
    .replaceAll(/(\w)\{,/g, `$1{${chosen}, `)
    .replaceAll(/(\w)\{\}/g, `$1{${chosen}}`);
}

function mappingsOf({ names }: Panel): readonly unknown[] {
  return names === undefined ? [] : [{ type: "value", options: names }];
}

function thresholdsOf({ limits, downward = false }: Panel) {
  const [first, last] = downward ? ["red", "green"] : ["green", "red"];
  const steps: { color: string; value: number | null }[] = [{ color: first, value: null }];
  if (limits !== undefined) {
    const { yellow, red } = limits;
    if (downward) steps.push({ color: "yellow", value: red }, { color: last, value: yellow ?? red });
    else
      steps.push(...(yellow === undefined ? [] : [{ color: "yellow", value: yellow }]), {
        color: last,
        value: red,
      });
  }
  return { mode: "absolute", steps };
}

function optionsOf({ type }: Panel) {
  const tooltip = { mode: "multi", sort: "desc" };
  if (type === "timeseries") {
    return { legend: { displayMode: "list", placement: "bottom", showLegend: true, calcs: [] }, tooltip };
  }
  if (type === "heatmap") {
    return {
      ...{
        calculate: false,
        cellGap: 1,
        yAxis: { unit: "s" },
        tooltip: { mode: "single", yHistogram: false },
      },
      ...{ showValue: "never", exemplars: { color: "rgba(255,0,255,0.7)" }, filterValues: { le: 1e-9 } },
      ...{ color: { mode: "scheme", scheme: "Spectral", steps: 64 }, legend: { show: true } },
    };
  }
  if (type === "table") return { showHeader: true, cellHeight: "sm", footer: { show: false } };
  return {
    reduceOptions: { calcs: ["lastNotNull"], fields: "", values: false },
    ...{ colorMode: "value", graphMode: "area", justifyMode: "auto", orientation: "auto", textMode: "auto" },
  };
}

function tableColumns() {
  const excludeByName = { Time: true, Value: true, __name__: true, job: true };
  return { id: "organize", options: { excludeByName, indexByName: {}, renameByName: {} } };
}

if (import.meta.main) {
  const path = join(import.meta.dirname, "../deploy/grafana/dashboard.json");
  writeFileSync(path, `${JSON.stringify(createDashboard(), undefined, 2)}\n`);
  console.log(path);
}
