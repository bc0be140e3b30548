/** Tells failures before the first byte was sent from those after it, as the runtimes report them. */

/** Codes of Node and Bun for what ends while a name is resolved, a connection opened or its certificate checked. */
const connectCodes = new Set([
  ...["ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN", "EADDRNOTAVAIL", "ENETUNREACH", "ENETDOWN", "EHOSTDOWN"],
  ...["ConnectionRefused", "FailedToOpenSocket", "UND_ERR_CONNECT_TIMEOUT", "CERT_HAS_EXPIRED"],
  ...["CERT_NOT_YET_VALID", "DEPTH_ZERO_SELF_SIGNED_CERT", "SELF_SIGNED_CERT_IN_CHAIN", "CERT_UNTRUSTED"],
  ...["UNABLE_TO_VERIFY_LEAF_SIGNATURE", "UNABLE_TO_GET_ISSUER_CERT", "UNABLE_TO_GET_ISSUER_CERT_LOCALLY"],
  ...["ERR_TLS_CERT_ALTNAME_INVALID", "ERR_TLS_HANDSHAKE_TIMEOUT", "HOSTNAME_MISMATCH"],
]);
/** Deno names the phase in the message; Node names it where the connection ends during the TLS handshake. */
const connectWords = /client error \(Connect\)|before secure TLS connection was established/;

/** True only when nothing of the request can have left: what is not known to be so counts as sent. */
export function neverConnected(error: unknown): boolean {
  for (let each = error, depth = 0; each instanceof Error && depth < 8; each = each.cause, depth++) {
    const { code, syscall } = each as { readonly code?: unknown; readonly syscall?: unknown };
    if (typeof code === "string" && connectCodes.has(code)) return true;
    if (syscall === "connect" || syscall === "getaddrinfo" || connectWords.test(each.message)) return true;
  }
  return false;
}
