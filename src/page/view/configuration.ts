/** The configuration in effect: what somebody has set first. */
import { html } from "hono/html";
import type { SettingRow, Status } from "../status.ts";
import type { Html } from "./icon.ts";
import { type Column, table } from "./table.ts";

const sourceWords = { flag: "flag", environment: "environment", default: "default" } as const;

const columns: readonly Column<SettingRow>[] = [
  { title: "Setting", cell: ({ name }) => html`<code>${name}</code>` },
  { title: "Value", kind: "wide", cell: shownValue },
  { title: "From", cell: shownSource },
  { title: "Meaning", kind: "wide", cell: ({ help }) => html`<span class="soft small">${help}</span>` },
];

/** Settings that were given, and the defaults folded away. */
export function configurationSection({ configuration }: Status): Html {
  const given = configuration.filter(({ source }) => source !== "default");
  const defaults = configuration.filter(({ source }) => source === "default");
  const none = html`<p class="soft">Everything is at its default.</p>`;
  return html`<section class="card" aria-labelledby="configuration"><h2 id="configuration">Configuration in effect</h2>
  ${given.length === 0 ? none : table("What is set", columns, given)}
  <details><summary>${defaults.length} settings at their default</summary>
  ${table("Defaults", columns, defaults)}</details></section>`;
}

function shownValue({ value, hidden }: SettingRow): Html {
  if (hidden) return html`<span class="soft">set, not shown</span>`;
  return value === undefined ? html`<span class="soft">not set</span>` : html`<code>${value}</code>`;
}

function shownSource({ source, from, name }: SettingRow): Html {
  const spelled = from === undefined || from === name ? "" : html` <code class="soft">${from}</code>`;
  const tone = source === "default" ? "" : "given";
  return html`<span class="badge ${tone}">${sourceWords[source]}</span>${spelled}`;
}
