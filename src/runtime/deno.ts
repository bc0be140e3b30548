import type { Listener, Platform, ServeOptions } from "../platform.ts";
import { listenError, refuseTls } from "./listen-error.ts";
import { peerAt } from "./peer.ts";
import { RequestsUnderWay } from "./requests-under-way.ts";
import { supervisorOf } from "./systemd.ts";
import type { TlsHabits } from "./tls-context.ts";
import { usageOfProcess } from "./usage.ts";
import { writeFully } from "./write-fully.ts";

/** The part of Deno's own API used here: tsc checks this file together with Bun's and Node's types. */
declare const Deno: {
  readonly version: { readonly deno: string };
  readonly args: readonly string[];
  readonly pid: number;
  readonly env: { toObject(): Record<string, string> };
  readonly stdout: { writeSync(bytes: Uint8Array): number };
  readonly stderr: { writeSync(bytes: Uint8Array): number };
  exit(code: number): never;
  addSignalListener(signal: string, run: () => void): void;
  serve(
    options: { hostname: string; port: number; signal: AbortSignal; onListen: () => void },
    answer: (request: Request, info: RequestInfo) => Promise<Response>,
  ): {
    readonly addr: { readonly port: number };
    readonly finished: Promise<void>;
    shutdown(): Promise<void>;
  };
};

interface RequestInfo {
  readonly remoteAddr: { readonly hostname?: string };
  /** Settles when the response has been sent or could not be. */
  readonly completed: Promise<void>;
}

export const platform: Platform = {
  name: `deno ${Deno.version.deno}`,
  args: Deno.args,
  env: Deno.env.toObject(),
  writeOut: (text) => writeFully(text, (bytes) => Deno.stdout.writeSync(bytes)),
  writeErr: (text) => writeFully(text, (bytes) => Deno.stderr.writeSync(bytes)),
  exit: (code) => Deno.exit(code),
  onStopSignal(run) {
    for (const signal of ["SIGTERM", "SIGINT"]) Deno.addSignalListener(signal, () => run(signal));
  },
  onCrash(run) {
    for (const kind of ["error", "unhandledrejection"]) {
      addEventListener(kind, (event) => {
        event.preventDefault();
        const { error, reason } = event as Event & { error?: unknown; reason?: unknown };
        run(error ?? reason);
      });
    }
  },
  supervisor: supervisorOf(Deno.env.toObject(), Deno.pid),
  usage: usageOfProcess,
  serve,
};

const tlsHabits: TlsHabits = {
  httpsKnowsCertificates: true,
  sessionsOutliveServers: true,
  noChoice:
    "cipher_suites and curve_preferences cannot be chosen under Deno: leave them out, or run it under Bun or Node",
};

async function serve({ hostname, port, fetch, tls }: ServeOptions): Promise<Listener> {
  if (tls !== undefined)
    return (await import("./https.ts")).serveHttps({ hostname, port, fetch, tls }, tlsHabits);
  const underWay = new RequestsUnderWay();
  const abort = new AbortController();
  const server = listen({ hostname, port }, abort.signal, async (request, info) => {
    underWay.arrived();
    const answered = () => underWay.answered();
    info.completed.then(answered, answered);
    const response = await fetch(request, peerAt(info.remoteAddr.hostname));
    if (underWay.draining) response.headers.set("connection", "close");
    return response;
  });
  return {
    port: server.addr.port,
    async drain() {
      const stopped = server.shutdown();
      await underWay.drain();
      await stopped;
    },
    async close() {
      // Deno throws when a server that shuts down is aborted; what is left then ends with the process.
      if (underWay.draining) return;
      abort.abort();
      await server.finished;
    },
    changeTls: refuseTls,
  };
}

function listen(
  { hostname, port }: Pick<ServeOptions, "hostname" | "port">,
  signal: AbortSignal,
  answer: Parameters<typeof Deno.serve>[1],
): ReturnType<typeof Deno.serve> {
  const listenOn = (host: string) => Deno.serve({ hostname: host, port, signal, onListen: () => {} }, answer);
  try {
    return listenOn(hostname ?? "::");
  } catch (error) {
    // A machine without IPv6: all addresses are the IPv4 ones.
    const withoutIpv6 = ["EAFNOSUPPORT", "EADDRNOTAVAIL"].includes(
      String((error as { code?: unknown }).code),
    );
    if (hostname !== undefined || !withoutIpv6) throw listenError({ hostname, port }, error);
  }
  try {
    return listenOn("0.0.0.0");
  } catch (error) {
    throw listenError({ hostname, port }, error);
  }
}
