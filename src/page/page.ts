/** The status page: one picture of the program, as a page, as what changes of it, and as JSON. */
import { collect, readNow, type StatusSources } from "./collect.ts";
import { History, keepHistory } from "./history.ts";
import type { Status } from "./status.ts";
import { document, statusOf } from "./view/document.ts";

export interface StatusPage {
  /** The page for whoever reached the program at `url`; its script and style carry `nonce`. */
  page(url: string, nonce: string): Promise<string>;
  /** What its script fetches to bring it up to date. */
  fragment(url: string): Promise<string>;
  json(): Promise<string>;
  /** Looks at the counters no more. */
  close(): void;
}

/** However many look at once, the picture is taken so often. */
const pictureAgeMaxMs = 1_000;

/** Looks at the counters every 10 s from now on, and whenever somebody asks; nothing else costs anything. */
export function createStatusPage(sources: StatusSources): StatusPage {
  const { clock } = sources;
  const history = new History();
  const kept = keepHistory(history, clock, () => readNow(sources));
  let taken: { readonly atMs: number; readonly picture: Promise<Status> } | undefined;

  const picture = (): Promise<Status> => {
    const nowMs = clock.monotonicMs();
    if (taken === undefined || nowMs - taken.atMs > pictureAgeMaxMs) {
      const fresh = kept.begun.then(() => collect(sources, history));
      taken = { atMs: nowMs, picture: fresh };
      fresh.catch(() => {
        taken = undefined;
      });
    }
    return taken.picture;
  };

  let drawn: { readonly status: Status; readonly url: string; readonly text: string } | undefined;
  const fragment = async (url: string): Promise<string> => {
    const status = await picture();
    if (drawn?.status !== status || drawn.url !== url) drawn = { status, url, text: statusOf(status, url) };
    return drawn.text;
  };

  return {
    async page(url, nonce) {
      const text = await fragment(reachable(url));
      return document(await picture(), text, nonce);
    },
    fragment: (url) => fragment(reachable(url)),
    json: async () => `${JSON.stringify(await picture(), orNull, 2)}\n`,
    close: () => kept.close(),
  };
}

/** Scheme, host and port of `url`, for people to type: no host that no host can be. */
function reachable(url: string): string {
  const { protocol, host } = new URL(url);
  return /^[\w.:[\]-]{1,255}$/.test(host) ? `${protocol}//${host}` : `${protocol}//localhost`;
}

/** What is not there is null, so that every name is in every answer. */
function orNull(_: string, value: unknown): unknown {
  return value === undefined ? null : value;
}
