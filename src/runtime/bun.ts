import { writeSync } from "node:fs";
import type { Listener, Platform, ServeOptions } from "../platform.ts";
import { collectAsItGrows } from "./bun-memory.ts";
import { listenError, refuseTls } from "./listen-error.ts";
import { peerAt } from "./peer.ts";
import { RequestsUnderWay } from "./requests-under-way.ts";
import { supervisorOf } from "./systemd.ts";
import { usageOfProcess } from "./usage.ts";
import { writeFully } from "./write-fully.ts";

// The longest Bun has. An answer may wait 25 s for its ack, and a sender keeps idle connections for minutes.
const idleTimeoutSeconds = 255;

export const platform: Platform = {
  name: `bun ${Bun.version}`,
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
  // Bun hashes passwords of more than 72 bytes before bcrypt does, which by itself ends there; and it knows one prefix.
  verifyBcrypt: (password, hash) =>
    Bun.password.verify(password.subarray(0, 72), hash.replace(/^\$2[axy]\$/, "$2b$"), "bcrypt"),
};

async function serve({ hostname, port, fetch, tls }: ServeOptions): Promise<Listener> {
  collectAsItGrows();
  if (tls !== undefined) {
    const { serveHttps } = await import("./https.ts");
    return serveHttps({ hostname, port, fetch, tls }, { httpsKnowsCertificates: false });
  }
  const underWay = new RequestsUnderWay();
  const server = listen({ hostname, port }, async (request, address) => {
    underWay.arrived();
    try {
      const response = await fetch(withWholeUrl(request), peerAt(address));
      if (underWay.draining) response.headers.set("connection", "close");
      return response;
    } finally {
      underWay.answered();
    }
  });
  return {
    port: server.port ?? port,
    async drain() {
      const stopped = server.stop(false);
      await underWay.drain();
      await stopped;
    },
    close: () => server.stop(true),
    changeTls: refuseTls,
  };
}

/** Bun gives a request without a Host header, as HTTP/1.0 may send it, a bare path for its URL. */
function withWholeUrl(request: Request): Request {
  return request.url.startsWith("/") ? new Request(`http://localhost${request.url}`, request) : request;
}

function listen(
  { hostname, port }: Pick<ServeOptions, "hostname" | "port">,
  answer: (request: Request, address: string | undefined) => Promise<Response>,
) {
  try {
    return Bun.serve({
      ...(hostname === undefined ? {} : { hostname }),
      port,
      idleTimeout: idleTimeoutSeconds,
      // The app counts the bytes itself and says why it refuses them.
      maxRequestBodySize: Number.MAX_SAFE_INTEGER,
      development: false,
      // Without development mode Bun would let a second program share the port, and the requests, unnoticed.
      reusePort: false,
      fetch: (request, server) => answer(request, server.requestIP(request)?.address),
    });
  } catch (error) {
    throw listenError({ hostname, port }, error);
  }
}
