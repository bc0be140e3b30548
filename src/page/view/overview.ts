/** The top of the page: the state in one sentence, the figures to it, and what to do where nothing came yet. */
import { html } from "hono/html";
import * as format from "../format.ts";
import type { Bill, SpoolState, StateLevel, Status } from "../status.ts";
import { type Html, stateIcon } from "./icon.ts";
import { gauge } from "./table.ts";

/** The state in a word. */
export const stateWords: Readonly<Record<StateLevel, string>> = {
  ok: "Working",
  waiting: "Ready",
  warning: "Look here",
  error: "Not working",
  stopping: "Stopping",
};

/** The sentence. It is announced when it changes, so what changes all the time stands below. */
export function stateSection({ state: { level, sentence, detail } }: Status): Html {
  return html`<section class="state ${level}" aria-label="State">${stateIcon(level)}
  <div role="status"><span class="word">${stateWords[level]}</span><h1>${sentence}</h1></div>
  ${detail === undefined ? "" : html`<p>${detail}</p>`}</section>`;
}

interface Tile {
  readonly name: string;
  readonly figure: string;
  readonly unit?: string;
  readonly more: Html | string;
  readonly gauge?: Html;
}

/** Four figures. */
export function tiles(status: Status): Html {
  const all = [samplesTile(status), ackTile(status), waitingTile(status), billTile(status)];
  return html`<dl class="tiles">${all.map(
    ({ name, figure, unit, more, gauge: bar }) => html`<div class="card tile"><dt>${name}</dt>
    <dd class="figure">${figure}${unit === undefined ? "" : html` <span class="unit">${unit}</span>`}</dd>
    ${bar === undefined ? "" : html`<dd>${bar}</dd>`}<dd class="more">${more}</dd></div>`,
  )}</dl>`;
}

function samplesTile({ lastMinute, items }: Status): Tile {
  const durable = (items["samples"]?.written ?? 0) + (items["histograms"]?.written ?? 0);
  return {
    name: "Durable, last minute",
    figure: format.short(lastMinute.durablePerSecond),
    unit: "samples/s",
    more: `${format.short(durable)} since the start`,
  };
}

function ackTile({ lastMinute: { ackMedianMs, ack99Ms } }: Status): Tile {
  if (ackMedianMs === undefined || ack99Ms === undefined) {
    return { name: "Time to acknowledge", figure: "–", more: "no requests in the last minute" };
  }
  const [figure = "", unit = ""] = format.ms(ackMedianMs).split(" ");
  return {
    name: "Time to acknowledge",
    figure,
    unit: `${unit} median`,
    more: `99 % within ${format.ms(ack99Ms)}`,
  };
}

function waitingTile({ pending, spool }: Status): Tile {
  if (spool !== undefined) return spoolTile(spool);
  const { bytes, bytesMax } = pending;
  const [figure = "", unit = ""] = format.bytes(bytes).split(" ");
  return {
    ...{ name: "Pending, not yet durable", figure, unit },
    gauge: gauge(bytes, bytesMax),
    more: `of ${format.bytes(bytesMax)}`,
  };
}

function spoolTile({ waitingBytes, bytes, bytesMax, oldestAgeSeconds }: SpoolState): Tile {
  const [figure = "", unit = ""] = format.bytes(waitingBytes).split(" ");
  const oldest = oldestAgeSeconds >= 1 ? `, oldest ${format.span(oldestAgeSeconds)}` : "";
  return {
    ...{ name: "Waiting in the spool", figure, unit },
    gauge: gauge(bytes, bytesMax),
    more: `${format.bytes(bytes)} of ${format.bytes(bytesMax)} on disk${oldest}`,
  };
}

function billTile({ bill, puts }: Status): Tile {
  if (bill === undefined) {
    const [figure = "", unit = ""] = format.bytes(puts.rawBytes).split(" ");
    return { name: "Lines written to files", figure, unit, more: "since the start, before compression" };
  }
  return { name: "Estimated bill", ...billFigure(bill) };
}

const billingNames: Readonly<Record<string, string>> = {
  kinesis_provisioned: "provisioned",
  kinesis_on_demand: "on-demand",
  firehose: "Firehose",
  s3: "S3 requests",
};

/** `provisioned`. */
export function billingName(billing: string): string {
  return billingNames[billing] ?? billing;
}

function billFigure({ ways, windowSeconds }: Bill): Pick<Tile, "figure" | "unit" | "more"> {
  const days = ways.map(
    ({ usageDollarsPerDay, capacityDollarsPerDay }) => usageDollarsPerDay + capacityDollarsPerDay,
  );
  if (ways.length < 2) {
    return {
      figure: format.dollars(days[0] ?? 0),
      unit: "a day",
      more: `from the last ${format.span(windowSeconds)}`,
    };
  }
  const more = ways
    .map(({ billing }, at) => `${billingName(billing)} ${format.dollars(days[at] ?? 0)}`)
    .join(", ");
  const [least, most] = [Math.min(...days), Math.max(...days)];
  return { figure: `${format.dollars(least)}–${format.dollars(most).slice(1)}`, unit: "a day", more };
}

/** What to put into prometheus.yml; `url` is how whoever looks reaches the program. */
export function setup({ readiness: { guarded } }: Status, url: string): Html {
  const isLocal = /^https?:\/\/(localhost|127\.|\[::1\])/.test(url);
  const yaml = `remote_write:\n  - url: ${url}/receive\n`;
  const elsewhere = html`<li>From another machine put this machine’s name or address in place of
  <code>${new URL(url).hostname}</code>; <code>--listen-addr</code> has to let it in.</li>`;
  const guard = html`<li><code>--web-config-file</code> guards this program: below the URL add what it asks for,
  <code>basic_auth</code>, <code>authorization</code> or <code>tls_config</code>.</li>`;
  return html`<section class="card setup" aria-labelledby="setup"><h2 id="setup">Point a Prometheus here</h2>
  <p>Put this into <code>prometheus.yml</code> and reload Prometheus. This page changes as soon as samples come.</p>
  <pre><code>${yaml}</code></pre>
  <ul class="soft small">
  ${isLocal ? elsewhere : ""}${guarded ? guard : ""}
  <li>Remote write 1.0 and 2.0 are both taken; for 2.0 add
  <code>protobuf_message: io.prometheus.write.v2.Request</code>.</li>
  <li>Nothing comes? Prometheus says why in its log, and
  <code>curl ${url}/-/ready</code> from its machine shows whether it gets here.</li>
  </ul></section>`;
}
