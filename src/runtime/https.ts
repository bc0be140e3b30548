/** HTTPS by way of `node:`, which Bun, Deno and Node all have: their own servers cannot do all that is asked. */
import { once } from "node:events";
import { createServer as createHttpServer, type IncomingMessage, type RequestListener } from "node:http";
import { createServer as createHttpsServer } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import { createServer as createTlsServer, type Server, type TLSSocket } from "node:tls";
import { ConfigError } from "../errors.ts";
import type { Listener, ServeOptions, TlsOptions } from "../platform.ts";
import { listenError } from "./listen-error.ts";
import { headersTimeoutMs, httpTimes, keepAliveTimeoutMs, requestListener } from "./node-http.ts";
import { RequestsUnderWay } from "./requests-under-way.ts";
import { whyNotAdmitted } from "./tls-admission.ts";
import { type TlsHabits, tlsContext } from "./tls-context.ts";

/** Starts an HTTPS server. Rejects with a ConfigError when the address cannot be had, or TLS as it is asked for. */
export async function serveHttps(
  options: ServeOptions & { readonly tls: TlsOptions },
  habits: TlsHabits,
): Promise<Listener> {
  const server = new HttpsServer(options, habits);
  await server.listen(options.port);
  return server;
}

class HttpsServer implements Listener {
  private readonly options: ServeOptions;
  private readonly habits: TlsHabits;
  private readonly underWay = new RequestsUnderWay();
  private readonly answer: RequestListener;
  /** All connections, with what they were admitted under. */
  private readonly sockets = new Map<Socket, TlsOptions>();
  private readonly timers = new Map<Socket, NodeJS.Timeout>();
  private tls: TlsOptions;
  private server: Server;
  /** Who may connect is not what it was at the start. */
  private clientsChanged = false;
  /** Known once it listens; another server in the place of this one has the same. */
  port = 0;

  constructor(options: ServeOptions & { readonly tls: TlsOptions }, habits: TlsHabits) {
    this.options = options;
    this.habits = habits;
    this.tls = options.tls;
    this.answer = requestListener(options.fetch, this.underWay, (incoming) => this.isLast(incoming));
    this.server = this.createServer(options.tls);
  }

  async listen(port: number): Promise<void> {
    const { hostname } = this.options;
    const { server } = this;
    try {
      server.listen({ port, ...(hostname === undefined ? {} : { host: hostname }) });
      await once(server, "listening");
      this.port = (server.address() as AddressInfo).port;
    } catch (error) {
      throw listenError({ hostname, port }, error);
    }
  }

  async drain(): Promise<void> {
    this.server.close();
    await this.underWay.drain();
  }

  async close(): Promise<void> {
    this.server.close();
    for (const socket of this.sockets.keys()) socket.destroy();
  }

  async changeTls(tls: TlsOptions): Promise<void> {
    const context = tlsContext(tls, this.habits);
    const sameClients = tls.clientAuth === this.tls.clientAuth && tls.clientCa === this.tls.clientCa;
    if (sameClients && this.server.listening) {
      setContext(this.server, context);
      this.tls = tls;
      return;
    }
    // Another server takes the place of this one. Whether certificates are asked for belongs to it, and so do sessions:
    // one that was begun under another authority could be resumed.
    const next = this.createServer(tls);
    this.server.close();
    this.server = next;
    this.tls = tls;
    this.clientsChanged = true;
    await this.listen(this.port);
  }

  private createServer(tls: TlsOptions): Server {
    const server = this.createSilentServer(tlsContext(tls, this.habits));
    server.on("connection", (socket: Socket) => this.keep(socket));
    // A handshake that fails or takes too long: not every runtime closes the connection by itself.
    server.on("tlsClientError", (_error, socket) => socket.destroy());
    return server;
  }

  private createSilentServer(context: ReturnType<typeof tlsContext>): Server {
    const answer: RequestListener = (incoming, outgoing) => {
      const { socket } = incoming;
      this.limit(socket, undefined);
      outgoing.once("close", () => this.limit(socket, keepAliveTimeoutMs));
      this.answer(incoming, outgoing);
    };
    try {
      if (this.habits.httpsKnowsCertificates) {
        const server = createHttpsServer({ ...context, ...httpTimes }, answer);
        return server.prependListener("secureConnection", (socket) => void this.admits(socket));
      }
      const http = createHttpServer(httpTimes, answer);
      return createTlsServer(context, (socket) => {
        if (this.admits(socket)) http.emit("connection", socket);
      });
    } catch (error) {
      throw new ConfigError(1, "TLS cannot be set up as the web config says", { cause: error });
    }
  }

  private isLast({ socket }: IncomingMessage): boolean {
    return this.underWay.draining || this.sockets.get(socket) !== this.tls;
  }

  private keep(socket: Socket): void {
    this.sockets.set(socket, this.tls);
    socket.once("close", () => {
      this.sockets.delete(socket);
      this.limit(socket, undefined);
    });
  }

  /**
   * Ends the connection unless the head of a request has come within `ms`: to sockets that are handed to it `node:http`
   * applies none of its own times.
   */
  private limit(socket: Socket, ms: number | undefined): void {
    clearTimeout(this.timers.get(socket));
    this.timers.delete(socket);
    if (ms === undefined || socket.destroyed) return;
    const timer = setTimeout(() => socket.destroy(), ms);
    timer.unref();
    this.timers.set(socket, timer);
  }

  /** Whether the connection stays; it is gone otherwise. */
  private admits(socket: TLSSocket): boolean {
    const isOld =
      this.habits.sessionsOutliveServers === true && this.clientsChanged && socket.isSessionReused();
    if (isOld || whyNotAdmitted(socket, this.tls) !== undefined) {
      socket.destroy();
      return false;
    }
    this.keep(socket);
    this.limit(socket, headersTimeoutMs);
    return true;
  }
}

function setContext(server: Server, context: ReturnType<typeof tlsContext>): void {
  try {
    server.setSecureContext(context);
  } catch (error) {
    throw new ConfigError(1, "TLS cannot be set up as the web config says", { cause: error });
  }
}
