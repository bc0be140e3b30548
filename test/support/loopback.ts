/** A small HTTP server on loopback for the services that tests stand in for. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export interface LoopbackRequest {
  readonly method: string;
  /** Path and query as sent. */
  readonly target: string;
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: Uint8Array<ArrayBuffer>;
}

export interface LoopbackServer {
  /** `http://127.0.0.1:port`, no slash at the end. */
  readonly url: string;
  close(): Promise<void>;
}

/** Calls `answer` for each request, body read; it ends the response, or leaves it open. `port` 0: any free one. */
export async function loopbackServer(
  answer: (request: LoopbackRequest, response: ServerResponse, raw: IncomingMessage) => void,
  port = 0,
): Promise<LoopbackServer> {
  const server = createServer((raw, response) => {
    const chunks: Buffer[] = [];
    raw.on("data", (chunk: Buffer) => chunks.push(chunk));
    raw.on("end", () => {
      const headers = Object.fromEntries(
        Object.entries(raw.headers).map(([name, value]) => [
          name,
          Array.isArray(value) ? value.join(",") : value,
        ]),
      );
      const body = new Uint8Array(Buffer.concat(chunks));
      answer({ method: raw.method ?? "", target: raw.url ?? "", headers, body }, response, raw);
    });
  });
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  const address = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${address.port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
