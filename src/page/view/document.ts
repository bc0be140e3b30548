/** The whole page: complete without its script. */
import { html, raw } from "hono/html";
import { clockTime, span } from "../format.ts";
import type { Status } from "../status.ts";
import { charts } from "./charts.ts";
import { configurationSection } from "./configuration.ts";
import { deliverySection } from "./delivery.ts";
import { type Html, mark, tabIcon } from "./icon.ts";
import { setup, stateSection, stateWords, tiles } from "./overview.ts";
import { sendersSection, troublesSection } from "./people.ts";
import { script } from "./script.ts";
import { style } from "./style.ts";

const programName = "prometheus-remote-kinesis";

/** The document around `content`, which `statusOf` has made. Its script and style carry `nonce`. */
export function document(status: Pick<Status, "state" | "program">, content: string, nonce: string): string {
  return String(html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>${titleOf(status)}</title>
<link rel="icon" href="${tabIcon(status.state.level)}">
<style nonce="${nonce}">${raw(style)}</style>
</head>
<body>
<header class="top"><div class="frame"><div class="brand">${mark()}<span>${programName}
<span class="soft number">${status.program.version}</span></span></div>
<nav aria-label="Other views"><ul><li><a href="./metrics">Metrics</a></li><li><a href="./-/status.json">JSON</a></li>
<li><a href="./-/ready">Readiness</a></li></ul></nav></div></header>
<main class="frame">
<div class="lost" id="lost" role="alert" hidden></div>
${raw(content)}
</main>
<div id="hair" aria-hidden="true" hidden></div><div id="readout" aria-hidden="true" hidden></div>
<script nonce="${nonce}">${raw(script)}</script>
</body>
</html>
`);
}

/** What the script fetches: all that changes. */
export function statusOf(status: Status, url: string): string {
  const isUnused = status.state.code === "waiting" && status.puts.rawBytes === 0;
  const { version, commit } = status.program;
  return String(html`<div id="status" data-version="${version}+${commit ?? ""}" data-title="${titleOf(status)}"
data-icon="${tabIcon(status.state.level)}">
${stateSection(status)}
${timeLine(status)}
${isUnused ? setup(status, url) : html`${tiles(status)}${charts(status)}`}
${isUnused && status.troubles.length === 0 ? "" : troublesFirst(status)}
${isUnused ? "" : deliverySection(status)}
${configurationSection(status)}
${programLine(status)}
</div>`);
}

/** Where something is wrong now, what it is stands above who is concerned. */
function troublesFirst(status: Status): Html {
  const isWrong = status.state.level === "error" || status.state.level === "warning";
  const [senders, troubles] = [sendersSection(status), troublesSection(status)];
  return isWrong ? html`${troubles}${senders}` : html`${senders}${troubles}`;
}

function titleOf({ state: { level } }: Pick<Status, "state">): string {
  return `${stateWords[level]} · ${programName}`;
}

function timeLine({ at }: Status): Html {
  return html`<div class="bar-line"><span>As of <time id="at" datetime="${at}">${clockTime(at, at)} UTC</time>;
all times are UTC (+00:00).</span><span class="live" data-keep><span id="live">Reload for newer numbers.</span>
<button id="pause" type="button" hidden>Pause</button></span></div>`;
}

function programLine({ program: { version, commit, runtime, startedAt, uptimeSeconds }, at }: Status): Html {
  const build = commit === undefined ? "run from source" : `commit ${commit}`;
  return html`<p class="soft small">${programName} ${version}, ${build}, on ${runtime}. Up ${span(uptimeSeconds)}, since
<time datetime="${startedAt}">${clockTime(startedAt, at)}</time>.</p>`;
}
