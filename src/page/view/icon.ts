/** Drawings: paths in a square of 24, in the colour of the text around them. */
import { html } from "hono/html";
import type { StateLevel } from "../status.ts";

export type Html = ReturnType<typeof html>;

const paths: Readonly<Record<StateLevel, string>> = {
  ok: "M12 2.5a9.5 9.5 0 1 0 0 19 9.5 9.5 0 0 0 0-19ZM7.5 12.3l3 3 6-6.4",
  waiting: "M12 2.5a9.5 9.5 0 1 0 0 19 9.5 9.5 0 0 0 0-19ZM12 7v5.3l3.4 2",
  warning: "M12 3.2 2.4 20h19.2L12 3.2ZM12 9.6v4.6M12 17.2v.1",
  error: "M8 2.5h8L21.5 8v8L16 21.5H8L2.5 16V8L8 2.5ZM8.6 8.6l6.8 6.8M15.4 8.6l-6.8 6.8",
  stopping: "M12 2.5a9.5 9.5 0 1 0 0 19 9.5 9.5 0 0 0 0-19ZM9.3 8.5v7M14.7 8.5v7",
};

/** The icon of a state; the words beside it say the same. */
export function stateIcon(level: StateLevel): Html {
  return html`<svg viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round"
    stroke-linejoin="round" aria-hidden="true" focusable="false"><path d="${paths[level]}"/></svg>`;
}

/** Lines that become one: the program's own mark. */
export function mark(): Html {
  return html`<svg viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2.2" stroke-linecap="round"
    aria-hidden="true" focusable="false"><path d="M2.5 5h5l5 7h9M2.5 12h10M2.5 19h5l5-7"/></svg>`;
}

const iconColours: Readonly<Record<StateLevel, string>> = {
  ok: "1e8e4a",
  waiting: "1f6fd6",
  warning: "c77700",
  error: "c5281c",
  stopping: "c77700",
};

/** The state as a `data:` URL for the browser's tab. */
export function tabIcon(level: StateLevel): string {
  const shape = `<path d="${paths[level]}" fill="%23${iconColours[level]}" stroke="white" stroke-width="2"/>`;
  return `data:image/svg+xml,<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24">${shape}</svg>`.replace(
    /[<>"]/g,
    (character) => encodeURIComponent(character),
  );
}
