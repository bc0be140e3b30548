/** Who sends, and what went wrong. */
import { html } from "hono/html";
import * as format from "../format.ts";
import type { SenderRow, Status, TroubleRow } from "../status.ts";
import type { Html } from "./icon.ts";
import { type Column, table } from "./table.ts";
import { ago, time } from "./time.ts";

/** The senders seen since the start, the latest first. */
export function sendersSection({ senders, at }: Status): Html {
  const columns: readonly Column<SenderRow>[] = [
    { title: "Address", cell: ({ address }) => address ?? "unknown" },
    { title: "Sender", kind: "wide", cell: ({ agent }) => agent ?? html`<span class="soft">no name</span>` },
    {
      title: "Protocol",
      cell: ({ remoteWrite }) => (remoteWrite === undefined ? "none known" : `remote write ${remoteWrite}`),
    },
    { title: "Last seen", kind: "number", cell: ({ lastSeenAt }) => ago(lastSeenAt, at) },
    { title: "Requests", kind: "number", cell: ({ requests }) => format.count(requests) },
    { title: "Samples durable", kind: "number", cell: ({ samples }) => format.count(samples) },
    { title: "Last answer", kind: "number", cell: ({ lastStatus }) => answer(lastStatus) },
  ];
  const none = html`<p class="soft">None since the start.</p>`;
  return html`<section class="card" aria-labelledby="senders"><h2 id="senders">Senders</h2>
  ${senders.length === 0 ? none : table("Senders", columns, senders)}</section>`;
}

const answerWords: Readonly<Record<string, string>> = {
  "2": "acknowledged",
  "4": "refused",
  "5": "try again",
};
const answerTones: Readonly<Record<string, string>> = { "2": "ok", "4": "error", "5": "warning" };

function answer(status: number): Html {
  const [first = ""] = String(status);
  return html`<span class="badge ${answerTones[first] ?? ""}">${status} ${answerWords[first] ?? ""}</span>`;
}

/** Warnings and errors, the latest first. */
export function troublesSection({ troubles, at }: Status): Html {
  const list = html`<ul class="troubles">${troubles.map((trouble) => troubleItem(trouble, at))}</ul>`;
  return html`<section class="card" aria-labelledby="troubles"><h2 id="troubles">Warnings and errors</h2>
  ${troubles.length === 0 ? html`<p class="soft">None since the start.</p>` : list}</section>`;
}

function troubleItem({ level, message, fields, firstAt, lastAt, count }: TroubleRow, at: string): Html {
  const repeated = html` <span class="soft">${format.count(count)} times since ${time(firstAt, at)}</span>`;
  const told = Object.entries(fields).map(([name, value]) => html`<b>${name}</b> ${value} `);
  const word = level === "error" ? "error" : "warning";
  return html`<li><span class="badge ${word}">${word}</span>
  <span class="what wrap">${message}${count > 1 ? repeated : ""}</span><span class="when">${time(lastAt, at)}</span>
  ${told.length === 0 ? "" : html`<span class="fields">${told}</span>`}</li>`;
}
