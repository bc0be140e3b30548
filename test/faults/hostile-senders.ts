/** Senders that want the program's memory or its time. They come from an address of their own. */
import { connect, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { snappyCompress } from "../support/snappy-compress.ts";
import { largeRequest } from "../support/write-request.ts";
import { bytesField, concat, labelV1, type Part, repeated, varint } from "../support/write-request-bytes.ts";

export interface Hostilities {
  /** Answers by status. */
  readonly statuses: Map<number, number>;
  /** Answers of 503 that did not say when to come again. */
  withoutRetryAfter: number;
}

/** Loopback is all of 127.0.0.0/8. */
const hostileAddress = "127.0.0.2";
const mebibyte = 1 << 20;
const stallersOfEachKind = 200;
/** How many connections an attack has open at once. */
export const hostileConnections = 5 * stallersOfEachKind + 80;
const answerTimeoutMs = 30_000;

class Attackers {
  readonly seen: Hostilities = { statuses: new Map(), withoutRetryAfter: 0 };
  readonly #port: number;
  readonly #sockets = new Set<Socket>();

  constructor(port: number) {
    this.#port = port;
  }

  /** Opens a connection; `onEnd` is called when it is closed, or answered. */
  open(onConnect: (socket: Socket) => void, onEnd: () => void = () => undefined): void {
    const socket = connect({ host: "127.0.0.1", port: this.#port, localAddress: hostileAddress });
    this.#sockets.add(socket);
    socket.on("connect", () => onConnect(socket));
    // Refused, reset or closed under it: all the same to it.
    socket.on("error", () => socket.destroy());
    socket.on("data", (data) => {
      this.#answered(data.toString("latin1"));
      onEnd();
    });
    socket.on("close", () => {
      this.#sockets.delete(socket);
      onEnd();
    });
  }

  end(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  #answered(text: string): void {
    const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(text)?.[1] ?? 0);
    if (status === 0) return;
    this.seen.statuses.set(status, (this.seen.statuses.get(status) ?? 0) + 1);
    if (status === 503 && !/\r\nretry-after: [1-9]/i.test(text)) this.seen.withoutRetryAfter++;
  }
}

/** Attacks the program at `port` in every way there is, with requests as large as it takes, until `ended`. */
export async function attack(port: number, decodedBytes: number, ended: AbortSignal): Promise<Hostilities> {
  const attackers = new Attackers(port);
  const bodies = hostileBodies(decodedBytes - mebibyte);
  for (let i = 0; i < stallersOfEachKind; i++) {
    attackers.open((socket) => socket.write("POST /receive HTTP/1.1\r\nHost: h\r\nX-Long: "));
    attackers.open((socket) => socket.write(head("Content-Length: 65000")));
    attackers.open((socket) => socket.write(head("Content-Length: 30000000")));
    attackers.open((socket) => socket.write("GET /-/healthy HTTP/1.1\r\nHost: h\r\n\r\n"));
    attackers.open((socket) => dribble(socket, ended));
    if (i % 20 === 0) await sleep(20);
  }
  const workers = bodies.flatMap(({ body, senders }) =>
    Array.from({ length: senders }, () => repeat(attackers, body, ended)),
  );
  await Promise.all(workers);
  attackers.end();
  return attackers.seen;
}

/** Bodies, and how many send each of them without a pause. */
function hostileBodies(bytes: number): readonly { readonly body: Uint8Array; readonly senders: number }[] {
  const inSeries = (...parts: readonly Part[]) => bytesField(1, labelV1("__name__", "hostile"), ...parts);
  const control = new Uint8Array(170_000).fill(1);
  return [
    // Nothing but bytes, as many as are allowed.
    { body: concat(varint(bytes), new Uint8Array(bytes).fill(0xa5)), senders: 8 },
    // Much of little: of samples without a field, of series without a label, of text that is all escapes,
    // of buckets without spans.
    { body: snappyCompress(inSeries(repeated([18, 0], bytes - 100))), senders: 4 },
    { body: snappyCompress(repeated([10, 0], bytes)), senders: 4 },
    {
      body: snappyCompress(repeated(inSeries(labelV1("a", control), [18, 0]), bytes)),
      senders: 4,
    },
    {
      body: snappyCompress(repeated(inSeries(bytesField(4, bytesField(12, repeated([0], 500_000)))), bytes)),
      senders: 4,
    },
    { body: snappyCompress(metadata(200_000)), senders: 4 },
    // As they should be, but too many.
    { body: largeRequest("hostile", 300_000).body, senders: 40 },
    { body: largeRequest("hostile", 4 * mebibyte).body, senders: 8 },
  ];
}

function metadata(families: number): Uint8Array {
  return Buffer.concat(
    Array.from({ length: families }, (_, i) => bytesField(3, bytesField(2, `hostile${i}`))),
  );
}

async function repeat(attackers: Attackers, body: Uint8Array, ended: AbortSignal): Promise<void> {
  while (!ended.aborted) {
    await new Promise<void>((resolve) => {
      const done = () => {
        clearTimeout(timer);
        resolve();
      };
      const timer = setTimeout(done, answerTimeoutMs);
      ended.addEventListener("abort", done, { once: true });
      attackers.open((socket) => {
        socket.write(head(`Content-Length: ${body.length}`));
        socket.write(body);
      }, done);
    });
    await sleep(20);
  }
}

/** A body of unknown length, one byte a second. */
function dribble(socket: Socket, ended: AbortSignal): void {
  socket.write(head("Transfer-Encoding: chunked"));
  const timer = setInterval(() => socket.write("1\r\na\r\n"), 1_000);
  const stop = () => clearInterval(timer);
  socket.on("close", stop);
  ended.addEventListener("abort", stop, { once: true });
}

function head(header: string): string {
  const common = "Host: h\r\nContent-Type: application/x-protobuf\r\nContent-Encoding: snappy";
  return `POST /receive HTTP/1.1\r\n${common}\r\n${header}\r\n\r\n`;
}
