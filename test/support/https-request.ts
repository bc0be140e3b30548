/** HTTPS as a sender with certificates speaks it; certificates for tests are in test/golden/tls. */
import { readFileSync } from "node:fs";
import { cp } from "node:fs/promises";
import type { IncomingHttpHeaders } from "node:http";
import { request } from "node:https";
import { join } from "node:path";
import { connect, type TLSSocket } from "node:tls";

const folder = join(import.meta.dirname, "../golden/tls");

export interface HttpsAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  /** Common name of the server's certificate. */
  readonly server: string;
}

export interface HttpsOptions {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
  /** Whose certificate to show: `client` is of the test authority, `stranger` of another. */
  readonly as?: "client" | "stranger";
  readonly maxVersion?: "TLSv1.2";
  readonly ciphers?: string;
}

/** One request on a connection of its own. Rejects where there is no answer. */
export function requestHttps(url: string, options: HttpsOptions = {}): Promise<HttpsAnswer> {
  const { method = "GET", headers = {}, body, as, ...tls } = options;
  const own = as === undefined ? {} : { cert: pem(`${as}.pem`), key: pem(`${as}.key`) };
  return new Promise((resolve, reject) => {
    const asked = request(
      url,
      { method, headers, agent: false, ca: pem("ca.pem"), timeout: 20_000, ...own, ...tls },
      (answer) => {
        const server = String((answer.socket as TLSSocket).getPeerCertificate().subject?.CN);
        let text = "";
        answer.setEncoding("utf8").on("data", (chunk: string) => {
          text += chunk;
        });
        answer.on("error", reject);
        answer.on("end", () =>
          resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: text, server }),
        );
      },
    );
    asked.on("error", reject);
    asked.on("timeout", () => asked.destroy(new Error("no answer in time")));
    asked.end(body);
  });
}

/**
 * One request on a connection that resumes `session`, where there is one: what came as an answer, empty where there was
 * none, and the session to resume next.
 */
export function requestWithSession(
  port: number,
  session?: Buffer,
): Promise<{ answer: string; session: Buffer | undefined }> {
  return new Promise((resolve) => {
    let answer = "";
    let next: Buffer | undefined;
    const own = {
      cert: pem("client.pem"),
      key: pem("client.key"),
      ...(session === undefined ? {} : { session }),
    };
    const server = { port, host: "127.0.0.1", servername: "localhost", ca: pem("ca.pem") };
    const socket = connect({ ...server, ...own }, () => {
      socket.write("GET /-/healthy HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    });
    socket.on("session", (given: Buffer) => {
      next = given;
    });
    socket.setEncoding("utf8").on("data", (text: string) => {
      answer += text;
    });
    // Being closed in the middle is an answer as well.
    socket.on("error", () => undefined);
    socket.on("close", () => resolve({ answer, session: next }));
  });
}

/** Puts all certificates and keys for tests into `directory`. */
export function copyCertificates(directory: string): Promise<void> {
  return cp(folder, directory, { recursive: true });
}

function pem(name: string): string {
  return readFileSync(join(folder, name), "utf8");
}
