import { html } from "hono/html";
import { clockTime, span } from "../format.ts";
import type { Html } from "./icon.ts";

/** A moment: the clock in UTC for people, ISO 8601 for programs. */
export function time(at: string, nowIso: string): Html {
  return html`<time datetime="${at}">${clockTime(at, nowIso)}</time>`;
}

/** How long ago a moment was, and which it was. */
export function ago(at: string, nowIso: string): Html {
  const seconds = (Date.parse(nowIso) - Date.parse(at)) / 1000;
  return html`<time datetime="${at}" title="${at}">${span(seconds)} ago</time>`;
}
