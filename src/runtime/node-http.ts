/** Requests as `node:http` brings them, under each runtime that has it. */
import type { IncomingMessage, RequestListener, ServerOptions } from "node:http";
import { getRequestListener, type HttpBindings } from "@hono/node-server";
import type { ServeOptions } from "../platform.ts";
import { peerAt } from "./peer.ts";
import type { RequestsUnderWay } from "./requests-under-way.ts";

// Longer than the 5 minutes for which a Go sender keeps an idle connection, so that the sender is the one that
// closes it: otherwise a request could be on its way to a closed connection.
export const keepAliveTimeoutMs = 360_000;
export const headersTimeoutMs = 30_000;

/** How long a server waits for what. */
export const httpTimes = {
  keepAliveTimeout: keepAliveTimeoutMs,
  headersTimeout: headersTimeoutMs,
  requestTimeout: 120_000,
} as const satisfies ServerOptions;

/** What answers requests. After an answer to which `isLast` says yes its connection ends. */
export function requestListener(
  fetch: ServeOptions["fetch"],
  underWay: RequestsUnderWay,
  isLast: (incoming: IncomingMessage) => boolean,
): RequestListener {
  const answer = getRequestListener(
    async (request, env) => {
      const { incoming, outgoing } = env as HttpBindings;
      const response = await fetch(request, peerAt(incoming.socket.remoteAddress));
      if (isLast(incoming as IncomingMessage)) outgoing.shouldKeepAlive = false;
      return response;
    },
    // HTTP/1.0 knows no Host header.
    { hostname: "localhost", overrideGlobalObjects: false },
  );
  return (incoming, outgoing) => {
    underWay.arrived();
    outgoing.once("close", () => underWay.answered());
    void answer(incoming, outgoing);
  };
}
