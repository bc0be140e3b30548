/** Tables that stay tables for screen readers where a narrow screen shows them as cards. */
import { html } from "hono/html";
import type { Html } from "./icon.ts";

export interface Column<Row> {
  readonly title: string;
  readonly cell: (row: Row) => Html | string;
  readonly kind?: "number" | "wide";
}

/** The first column names its row. `caption` is for those who do not see the heading above. */
export function table<Row>(caption: string, columns: readonly Column<Row>[], rows: readonly Row[]): Html {
  const head = columns.map(
    ({ title, kind }) => html`<th scope="col" role="columnheader" class="${kind ?? ""}">${title}</th>`,
  );
  const body = rows.map(
    (row) => html`<tr role="row">${columns.map((column, at) => cellOf(column, row, at))}</tr>`,
  );
  return html`<table class="stack" role="table" aria-label="${caption}">
    <thead role="rowgroup"><tr role="row">${head}</tr></thead>
    <tbody role="rowgroup">${body}</tbody></table>`;
}

function cellOf<Row>({ title, cell, kind }: Column<Row>, row: Row, at: number): Html {
  return at === 0
    ? html`<th scope="row" role="rowheader" class="${kind ?? ""}" data-label="${title}"><span>${cell(row)}</span></th>`
    : html`<td role="cell" class="${kind ?? ""}" data-label="${title}"><span>${cell(row)}</span></td>`;
}

/** Names and values; rows without a value are left out. */
export function facts(rows: readonly (readonly [name: string, value: Html | string | undefined])[]): Html {
  return html`<dl class="facts">${rows
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>`)}</dl>`;
}

/** A part of a whole as a bar; the numbers stand beside it. */
export function gauge(part: number, whole: number): Html {
  const share = whole > 0 ? Math.min(1, part / whole) : 0;
  const high = share >= 0.8 ? " high" : "";
  return html`<svg class="gauge${high}" viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true"
    focusable="false"><rect width="${(share * 100).toFixed(2)}" height="6" rx="1"/></svg>`;
}
