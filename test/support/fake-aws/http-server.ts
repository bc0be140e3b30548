/** The one port of the fake: reads calls, lets them meet their faults, and writes or withholds the answers. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Answer, Call } from "./call.ts";
import type { Meeting } from "./fault-book.ts";
import { controlPath, credentialsPath, type Route, routeOf } from "./route.ts";

export interface FakeServerOptions {
  readonly port: number;
  /** What the call meets; asked before its body is read. */
  readonly meet: (route: Route) => Meeting;
  /** Carries the call out, or refuses it. Never rejects. */
  readonly answer: (call: Call, meeting: Meeting) => Answer;
  /** The operation where only the body tells it. */
  readonly operationOf: (route: Route, body: Buffer) => string;
  /** Requests for the fake itself. */
  readonly control: (method: string, target: string, body: Buffer) => Promise<Answer>;
  /** The fake's clock, in ms since the epoch. */
  readonly now: () => number;
}

export interface FakeServer {
  readonly url: string;
  close(): Promise<void>;
}

/** More than any single call may hold. */
const bodyBytesMax = 512 * 1024 * 1024;

/** Listens on loopback. */
export async function listen(options: FakeServerOptions): Promise<FakeServer> {
  const timers = new Set<NodeJS.Timeout>();
  const server = createServer((raw, response) => {
    const { socket } = raw;
    // The client has gone, by itself or because a fault cut it off: nobody is left to be answered.
    handle(options, timers, raw, response).catch(() => socket.destroy());
  });
  server.keepAliveTimeout = 30_000;
  // A slow upload is a fault of the client that this server has no part in.
  server.requestTimeout = 0;
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(options.port, "127.0.0.1", resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    close: () =>
      new Promise((resolve) => {
        for (const timer of timers) clearTimeout(timer);
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function handle(
  options: FakeServerOptions,
  timers: Set<NodeJS.Timeout>,
  raw: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const method = raw.method ?? "";
  const target = raw.url ?? "/";
  if (target.startsWith(controlPath) && target.split("?", 1)[0] !== credentialsPath) {
    write(options, response, await options.control(method, target, await readBody(raw)));
    return;
  }
  const { route, meeting, body } = await receive(options, raw, method, target);
  if (meeting.reset === "before-reading") return cut(raw);
  if (meeting.reset === "mid-body" || meeting.reset === "before-storing") return cut(raw);
  if (meeting.hang !== undefined && meeting.hang.stored !== true) return;
  const headers = Object.fromEntries(
    Object.entries(raw.headers).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.join(",") : value,
    ]),
  );
  const answer = options.answer({ ...route, method, target, headers, body }, meeting);
  if (meeting.hang !== undefined) return;
  if (meeting.latencyMs > 0) await wait(timers, meeting.latencyMs);
  if (meeting.reset === "after-storing") return cut(raw);
  if (meeting.reset === "mid-answer") return writeHalf(options, raw, response, answer);
  write(options, response, answer, method === "HEAD");
}

/** Meets the faults before the body is read, so that they can keep it from being read; with STS, after. */
async function receive(
  options: FakeServerOptions,
  raw: IncomingMessage,
  method: string,
  target: string,
): Promise<{ readonly route: Route; readonly meeting: Meeting; readonly body: Buffer }> {
  const route = routeOf(method, target, raw.headers);
  if (route.service === "sts") {
    const body = await readBody(raw);
    const known = { ...route, operation: options.operationOf(route, body) };
    return { route: known, meeting: options.meet(known), body };
  }
  const meeting = options.meet(route);
  if (meeting.reset === "before-reading") return { route, meeting, body: Buffer.alloc(0) };
  return { route, meeting, body: await readBody(raw, meeting.reset === "mid-body") };
}

function wait(timers: Set<NodeJS.Timeout>, ms: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => {
      timers.delete(timer);
      resolve();
    }, ms);
    timers.add(timer);
  });
}

/** The whole body; `half`: as much of it as has come when half of it is there. Rejects when it breaks off. */
function readBody(raw: IncomingMessage, half = false): Promise<Buffer> {
  const announced = Number(raw.headers["content-length"] ?? Number.NaN);
  if (announced > bodyBytesMax) return Promise.reject(new RangeError(`a body of ${announced} bytes`));
  const enough = half ? (announced || 2) / 2 : Number.POSITIVE_INFINITY;
  // In place where the length is known: large bodies would be copied once more at the end.
  const whole = Number.isNaN(announced) ? undefined : Buffer.allocUnsafeSlow(announced);
  const chunks: Buffer[] = [];
  let bytes = 0;
  const body = () => (whole === undefined ? Buffer.concat(chunks) : whole.subarray(0, bytes));
  return new Promise((resolve, reject) => {
    raw.on("data", (chunk: Buffer) => {
      if (whole === undefined) chunks.push(chunk);
      else chunk.copy(whole, bytes);
      bytes += chunk.length;
      if (bytes > bodyBytesMax) reject(new RangeError(`a body of more than ${bytes} bytes`));
      if (bytes >= enough) resolve(body());
    });
    raw.on("end", () => resolve(body()));
    raw.on("error", reject);
    raw.on("close", () => reject(new Error("the connection ended within the body")));
  });
}

/** Ends the connection with a reset where the runtime can send one. */
function cut(raw: IncomingMessage): void {
  const { socket } = raw;
  if (typeof socket.resetAndDestroy === "function") socket.resetAndDestroy();
  else socket.destroy();
}

function headersOf(options: FakeServerOptions, { headers, body }: Answer): Record<string, string> {
  const date = new Date(options.now()).toUTCString();
  return { Date: date, "Content-Length": String(Buffer.byteLength(body)), ...headers };
}

function write(options: FakeServerOptions, response: ServerResponse, answer: Answer, head = false): void {
  response.writeHead(answer.status, headersOf(options, answer));
  if (head || answer.body.length === 0) response.end();
  else response.end(answer.body);
}

function writeHalf(
  options: FakeServerOptions,
  raw: IncomingMessage,
  response: ServerResponse,
  answer: Answer,
): void {
  const bytes = Buffer.from(answer.body as string);
  // At least one byte is announced that never comes, also where the answer has no body.
  const headers = { ...headersOf(options, answer), "Content-Length": String(bytes.length + 1) };
  response.writeHead(answer.status, headers);
  response.write(Buffer.concat([bytes.subarray(0, bytes.length / 2), Buffer.from(" ")]), () =>
    raw.socket.destroy(),
  );
}
