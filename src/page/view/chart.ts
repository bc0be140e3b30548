/** A chart: curves in SVG with words for those who do not see them, and the same numbers as a table. */
import { html } from "hono/html";
import { clockTime, iso } from "../format.ts";
import type { HistoryRow } from "../status.ts";
import type { Html } from "./icon.ts";

export interface Curve {
  readonly name: string;
  readonly of: (row: HistoryRow) => number | undefined;
}

export interface Chart {
  readonly title: string;
  /** A value with its unit. */
  readonly format: (value: number) => string;
  /** Of several points in one place: what lasted, or the worst. */
  readonly merge: "mean" | "most";
  /** At most three. */
  readonly curves: readonly Curve[];
  /** For bytes; not set: units go up by 1000. */
  readonly base?: 1024;
}

export interface Window {
  readonly endMs: number;
  readonly spanMs: number;
  /** `last 10 minutes`. */
  readonly name: string;
}

const minuteMs = 60_000;
const pointMs = 10_000;
const placesMax = 120;
const tableRows = 12;
const [width, height] = [600, 112];
const tones = ["a", "b", "c"] as const;

/** The time that charts show: an hour, less while there is less. */
export function windowOf(history: readonly HistoryRow[], nowMs: number): Window {
  const first = history[0]?.at;
  const agedMs = first === undefined ? 0 : nowMs - Date.parse(first);
  const minutes = [5, 15, 30, 60].find((each) => agedMs <= each * minuteMs) ?? 60;
  const spanMs = minutes * minuteMs;
  // On whole places, so that curves move and do not change their shape.
  const placeMs = placeMsOf(spanMs);
  const name = minutes === 60 ? "last hour" : `last ${minutes} minutes`;
  return { endMs: Math.ceil(nowMs / placeMs) * placeMs, spanMs, name };
}

function placeMsOf(spanMs: number): number {
  return Math.max(pointMs, spanMs / placesMax);
}

type Values = readonly (number | undefined)[];

/** The values of one curve in `places` equal parts of the window. */
export function placed(
  { of }: Curve,
  { merge }: Pick<Chart, "merge">,
  history: readonly HistoryRow[],
  { endMs, spanMs }: Window,
  places: number,
): Values {
  const found: (number | undefined)[][] = Array.from({ length: places }, () => []);
  for (const row of history) {
    const at = Math.floor(((Date.parse(row.at) - (endMs - spanMs)) / spanMs) * places);
    found[at]?.push(of(row));
  }
  return found.map((rows, at) => {
    // Points come a little later than every 10 s: now and then a place has none, and its neighbours have.
    const isSkipped = rows.length === 0 && (found[at + 1]?.length ?? 0) > 0;
    const values = (isSkipped ? (found[at - 1] ?? []) : rows).filter((value) => value !== undefined);
    if (values.length === 0) return undefined;
    return merge === "most"
      ? Math.max(...values)
      : values.reduce((sum, each) => sum + each, 0) / values.length;
  });
}

/** The next of 1, 2, 5 times a power of ten above `value`; for bytes the next power of two. */
export function niceTop(value: number, base: 1024 | undefined): number {
  if (!(value > 0)) return base ?? 1;
  if (base !== undefined) return Math.max(base, 2 ** Math.ceil(Math.log2(value)));
  const power = 10 ** Math.floor(Math.log10(value));
  const step = [1, 2, 5, 10].find((each) => each * power >= value * 0.999) ?? 10;
  return step * power;
}

/** The chart of `history` in `window`. */
export function chartOf(chart: Chart, history: readonly HistoryRow[], window: Window, nowIso: string): Html {
  const places = window.spanMs / placeMsOf(window.spanMs);
  const curves = chart.curves.map((curve, at) => ({
    name: curve.name,
    tone: tones[at] ?? "c",
    values: placed(curve, chart, history, window, places),
    now: history.at(-1) && curve.of(history.at(-1)!),
  }));
  const most = Math.max(0, ...curves.flatMap(({ values }) => values.map((value) => value ?? 0)));
  const top = niceTop(most, chart.base);
  const words = curves.map(({ name, values, now }) => inWords(name, values, now, chart.format)).join("; ");
  // Of the others a line along the ground would only look like one.
  const drawn = curves
    .filter(({ values }, at) => at === 0 || values.some((value) => value !== undefined && value > 0))
    .map(({ tone, values }) => curveOf(tone, values, top));
  return html`<figure class="card chart">
  <figcaption><h3>${chart.title}</h3><span class="soft small">${window.name}</span></figcaption>
  <div class="plot"><svg viewBox="0 0 ${width} ${height}" preserveAspectRatio="none" role="img"
    aria-label="${chart.title}, ${window.name}: ${words}"
    data-names="${curves.map(({ name }) => name).join(";")}" data-told="${toldAt(curves, window, chart.format)}">
    <path class="grid" vector-effect="non-scaling-stroke"
    d="M0 .5H${width}M0 ${height / 2}H${width}"/>${drawn}</svg>
  <span class="most" aria-hidden="true">${chart.format(top)}</span>
  <span class="half" aria-hidden="true">${chart.format(top / 2)}</span>
  <span class="zero" aria-hidden="true">0</span></div>
  <div class="times" aria-hidden="true">${timesOf(window).map((time) => html`<span>${time}</span>`)}</div>
  <ul class="legend">${curves.map(({ name, tone, now }) => legendOf(name, tone, now, chart.format))}</ul>
  <details><summary>Numbers</summary>${numbersOf(chart, history, window, nowIso)}</details></figure>`;
}

/** For the script, which shows it at the pointer: a time and the values of each place that has some. */
function toldAt(
  curves: readonly { readonly values: Values }[],
  { endMs, spanMs }: Window,
  format: Chart["format"],
): string {
  const places = curves[0]?.values.length ?? 0;
  const told = Array.from({ length: places }, (_, at) => {
    const values = curves.map((curve) => curve.values[at]);
    if (values.every((value) => value === undefined)) return "";
    const startAt = iso(endMs - spanMs + (at * spanMs) / places);
    return [
      clockTime(startAt, startAt),
      ...values.map((value) => (value === undefined ? "–" : format(value))),
    ].join(";");
  });
  return told.join("|");
}

function inWords(name: string, values: Values, now: number | undefined, format: Chart["format"]): string {
  const known = values.filter((value) => value !== undefined);
  if (known.length === 0) return `${name}: none`;
  const latest = now === undefined ? "none" : format(now);
  return `${name}: now ${latest}, lowest ${format(Math.min(...known))}, highest ${format(Math.max(...known))}`;
}

/** Under the first curve the ground is tinted. */
function curveOf(tone: string, values: Values, top: number): Html {
  const step = width / values.length;
  let line = "";
  let under = "";
  let startX: string | undefined;
  let x = "0";
  values.forEach((value, at) => {
    if (value === undefined) {
      if (startX !== undefined) under += `L${x} ${height}L${startX} ${height}Z`;
      startX = undefined;
      return;
    }
    x = ((at + 0.5) * step).toFixed(1);
    const y = (height - (Math.min(value, top) / top) * (height - 1)).toFixed(1);
    line += startX === undefined ? `M${x} ${y}l.01 0` : `L${x} ${y}`;
    under += startX === undefined ? `M${x} ${y}` : `L${x} ${y}`;
    startX ??= x;
  });
  if (startX !== undefined) under += `L${x} ${height}L${startX} ${height}Z`;
  return html`${tone === "a" ? html`<path class="under" d="${under}"/>` : ""}<path class="curve ${tone}"
    vector-effect="non-scaling-stroke" d="${line}"/>`;
}

function legendOf(name: string, tone: string, now: number | undefined, format: Chart["format"]): Html {
  return html`<li><svg viewBox="0 0 18 4" aria-hidden="true" focusable="false"><path class="curve ${tone}"
    d="M0 2H18"/></svg>${name} <b>${now === undefined ? "–" : format(now)}</b></li>`;
}

function timesOf({ endMs, spanMs }: Window): readonly string[] {
  const at = (timeMs: number) => new Date(timeMs).toISOString().slice(11, 16);
  return [at(endMs - spanMs), at(endMs - spanMs / 2), `${at(endMs)} UTC`];
}

function numbersOf(chart: Chart, history: readonly HistoryRow[], window: Window, nowIso: string): Html {
  const columns = chart.curves.map((curve) => placed(curve, chart, history, window, tableRows));
  const stepMs = window.spanMs / tableRows;
  const rows = columns[0]!.map((_, at) => {
    const startAt = iso(window.endMs - window.spanMs + at * stepMs);
    const cells = columns.map((values) => values[at]);
    return html`<tr><th scope="row"><time datetime="${startAt}">${clockTime(startAt, nowIso).slice(0, -3)}</time></th>
    ${cells.map((value) => html`<td class="number">${value === undefined ? "–" : chart.format(value)}</td>`)}</tr>`;
  });
  const names = chart.curves.map(({ name }) => html`<th scope="col" class="number">${name}</th>`);
  return html`<div class="scroll" tabindex="0" role="region" aria-label="${chart.title} as a table"><table>
  <thead><tr><th scope="col">From (UTC)</th>${names}</tr></thead><tbody>${rows}</tbody></table></div>`;
}
