import { once } from "node:events";
import { writeSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { Listener, Platform, ServeOptions } from "../platform.ts";
import { serveHttps } from "./https.ts";
import { listenError, refuseTls } from "./listen-error.ts";
import { httpTimes, requestListener } from "./node-http.ts";
import { RequestsUnderWay } from "./requests-under-way.ts";
import { supervisorOf } from "./systemd.ts";
import { usageOfProcess } from "./usage.ts";
import { writeFully } from "./write-fully.ts";

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
  supervisor: supervisorOf(process.env, process.pid),
  usage: usageOfProcess,
  serve,
};

async function serve({ tls, ...options }: ServeOptions): Promise<Listener> {
  if (tls !== undefined) return serveHttps({ ...options, tls }, { httpsKnowsCertificates: true });
  const underWay = new RequestsUnderWay();
  const server = createServer(
    httpTimes,
    requestListener(options.fetch, underWay, () => underWay.draining),
  );
  await listen(options, server);
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
    changeTls: refuseTls,
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
