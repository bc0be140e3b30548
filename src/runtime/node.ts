import { once } from "node:events";
import { writeSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { getRequestListener, type HttpBindings } from "@hono/node-server";
import type { Listener, Platform, ServeOptions } from "../platform.ts";
import { listenError } from "./listen-error.ts";
import { peerAt } from "./peer.ts";
import { RequestsUnderWay } from "./requests-under-way.ts";
import { writeFully } from "./write-fully.ts";

// Longer than the 5 minutes for which a Go sender keeps an idle connection, so that the sender is the one that
// closes it: otherwise a request could be on its way to a closed connection.
const keepAliveTimeoutMs = 360_000;
const headersTimeoutMs = 30_000;
const requestTimeoutMs = 120_000;

export const platform: Platform = {
  name: `node ${process.versions.node}`,
  args: process.argv.slice(2),
  env: process.env,
  writeOut: (text) => writeFully(text, (bytes) => writeSync(1, bytes)),
  writeErr: (text) => writeFully(text, (bytes) => writeSync(2, bytes)),
  exit: (code) => process.exit(code),
  onStopSignal(run) {
    for (const signal of ["SIGTERM", "SIGINT"] as const) process.on(signal, () => run(signal));
  },
  onCrash(run) {
    process.on("uncaughtException", run);
    process.on("unhandledRejection", run);
  },
  serve,
};

async function serve({ hostname, port, fetch }: ServeOptions): Promise<Listener> {
  const underWay = new RequestsUnderWay();
  const answer = getRequestListener(
    async (request, env) => {
      const { incoming, outgoing } = env as HttpBindings;
      const response = await fetch(request, peerAt(incoming.socket.remoteAddress));
      if (underWay.draining) outgoing.shouldKeepAlive = false;
      return response;
    },
    // HTTP/1.0 knows no Host header.
    { hostname: "localhost", overrideGlobalObjects: false },
  );
  const server = createServer(
    {
      keepAliveTimeout: keepAliveTimeoutMs,
      headersTimeout: headersTimeoutMs,
      requestTimeout: requestTimeoutMs,
    },
    (incoming, outgoing) => {
      underWay.arrived();
      outgoing.once("close", () => underWay.answered());
      void answer(incoming, outgoing);
    },
  );
  await listen({ hostname, port }, server);
  return {
    port: (server.address() as AddressInfo).port,
    async drain() {
      server.close();
      await underWay.drain();
    },
    async close() {
      server.closeAllConnections();
      if (server.listening) server.close();
    },
  };
}

async function listen({ hostname, port }: Pick<ServeOptions, "hostname" | "port">, server: Server) {
  try {
    server.listen({ port, ...(hostname === undefined ? {} : { host: hostname }) });
    await once(server, "listening");
  } catch (error) {
    throw listenError({ hostname, port }, error);
  }
}
