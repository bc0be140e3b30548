/** Why a server could not start listening, in words a newcomer can act on. */
import { ConfigError } from "../errors.ts";
import type { ServeOptions } from "../platform.ts";

const reasons: Readonly<Record<string, string>> = {
  EADDRINUSE: "address already in use; stop the program that uses it or choose another --listen-addr",
  EACCES: "permission denied; ports below 1024 need privileges: choose another --listen-addr",
  EADDRNOTAVAIL: "this machine has no such address; choose another --listen-addr",
  // What Bun says of a host name it cannot resolve.
  EINVAL: "no such host name or address; choose another --listen-addr",
  ENOTFOUND: "no such host name; choose another --listen-addr",
  EAI_AGAIN: "the host name cannot be resolved now; choose another --listen-addr",
};

/** The error for a listen that failed with `cause`, whose `code` is one of the operating system's names. */
export function listenError(
  { hostname, port }: Pick<ServeOptions, "hostname" | "port">,
  cause: unknown,
): ConfigError {
  const host = hostname?.includes(":") ? `[${hostname}]` : (hostname ?? "");
  const reason = reasons[String((cause as { code?: unknown }).code)];
  const message = `cannot listen on ${host}:${port}`;
  return reason === undefined
    ? new ConfigError(1, message, { cause })
    : new ConfigError(1, `${message}: ${reason}`);
}

/** A server that speaks plain HTTP does so to its end. */
export async function refuseTls(): Promise<never> {
  throw new ConfigError(1, "TLS begins with the next start only: this one was without");
}
