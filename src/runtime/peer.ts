import type { Peer } from "../platform.ts";

/** The peer behind `address`; an IPv4 address seen by an IPv6 socket (`::ffff:10.0.0.1`) loses its prefix. */
export function peerAt(address: string | undefined): Peer {
  return { address: address?.replace(/^::ffff:(?=[0-9.]+$)/i, "") };
}
