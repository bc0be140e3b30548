/** What a browser is told of a page: what it may load and run, who may frame it, what it may pass on. */
import { toHex } from "../wire/hex.ts";

/**
 * The headers of the program's own page. Its one `<script>` and one `<style>` element carry `nonce`; nothing else runs
 * or styles, `style` and `on…` attributes included. The page may read from this server; images may stand in it as
 * `data:` URLs. https://www.w3.org/TR/CSP3/
 */
export function browserHeaders(nonce: string): Readonly<Record<string, string>> {
  return {
    "Content-Security-Policy": [
      "default-src 'none'",
      `script-src 'nonce-${nonce}'`,
      `style-src 'nonce-${nonce}'`,
      "img-src 'self' data:",
      "connect-src 'self'",
      "base-uri 'none'",
      "form-action 'none'",
      "frame-ancestors 'none'",
    ].join("; "),
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cache-Control": "no-store",
    ...answerHeaders,
  };
}

/** What goes with every answer, also one that no browser should ever see as a page. */
export const answerHeaders: Readonly<Record<string, string>> = {
  "X-Content-Type-Options": "nosniff",
  "Referrer-Policy": "no-referrer",
  "Cross-Origin-Resource-Policy": "same-origin",
};

/** 128 bits of chance in letters and digits, new for each page: whoever guesses it could run a script. */
export function newNonce(fill: (bytes: Uint8Array) => void = fillByChance): string {
  const bytes = new Uint8Array(16);
  fill(bytes);
  return toHex(bytes);
}

function fillByChance(bytes: Uint8Array): void {
  crypto.getRandomValues(bytes as Uint8Array<ArrayBuffer>);
}
