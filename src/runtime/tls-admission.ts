import type { TLSSocket } from "node:tls";
import type { TlsOptions } from "../platform.ts";
import { certificateNames, comparableName } from "./certificate-names.ts";

/** Why a client may not stay after its handshake, or undefined. */
export function whyNotAdmitted(
  socket: Pick<TLSSocket, "authorized" | "getPeerCertificate">,
  { clientAuth, clientAllowedSans }: Pick<TlsOptions, "clientAuth" | "clientAllowedSans">,
): string | undefined {
  if (clientAuth === "none") return undefined;
  const der = socket.getPeerCertificate(false)?.raw as Uint8Array | undefined;
  if (der === undefined) {
    return clientAuth === "request" || clientAuth === "verify-if-given"
      ? undefined
      : "it has shown no certificate";
  }
  if (clientAuth === "request" || clientAuth === "require") return undefined;
  if (socket.authorized !== true) return "its certificate cannot be verified";
  if (clientAllowedSans === undefined) return undefined;
  const allowed = new Set(clientAllowedSans.map(comparableName));
  return hasName(der, allowed) ? undefined : "its certificate has none of client_allowed_sans";
}

function hasName(der: Uint8Array, allowed: ReadonlySet<string>): boolean {
  try {
    return certificateNames(der).some((name) => allowed.has(name));
  } catch (error) {
    // A certificate that can be verified and not be read: whoever it is, it is nobody on the list.
    if (error instanceof RangeError) return false;
    throw error;
  }
}
