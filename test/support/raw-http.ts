/** HTTP as bytes on a socket, for requests that no well-behaved client sends. */
import { once } from "node:events";
import { connect, type Socket } from "node:net";

export interface RawAnswer {
  readonly status: number;
  /** Header lines as they came. */
  readonly head: string;
  readonly body: string;
}

export interface RawConnection {
  readonly socket: Socket;
  send(...parts: readonly (string | Uint8Array)[]): void;
  /** The next answer; interim ones (1xx) count. Rejects when the connection ends first. */
  answer(): Promise<RawAnswer>;
  /** Resolves when the other side has closed. */
  closed(): Promise<void>;
}

const timeoutMs = 15_000;

/** Opens a connection, hands it to `use` and closes it. */
export async function withConnection<T>(
  port: number,
  use: (connection: RawConnection) => Promise<T>,
): Promise<T> {
  const socket = connect({ host: "127.0.0.1", port, timeout: timeoutMs });
  let received = Buffer.alloc(0);
  let ended: string | undefined;
  let wake: () => void = () => undefined;
  const end = (why: string) => {
    ended ??= why;
    wake();
  };
  socket.on("data", (chunk) => {
    received = Buffer.concat([received, chunk]);
    wake();
  });
  socket.on("error", (error) => end(error.message));
  socket.on("close", () => end("closed"));
  socket.on("timeout", () => socket.destroy(new Error(`silent for ${timeoutMs} ms`)));
  const more = () =>
    new Promise<void>((resolve) => {
      wake = resolve;
      if (ended !== undefined) resolve();
    });
  const answer = async (): Promise<RawAnswer> => {
    for (;;) {
      const taken = takeAnswer(received);
      if (taken !== undefined) {
        received = received.subarray(taken.bytes);
        return taken.answer;
      }
      if (ended !== undefined) throw new Error(`connection ended (${ended}) after: ${received.toString()}`);
      await more();
    }
  };
  const closed = async () => {
    while (ended === undefined) await more();
  };
  const send = (...parts: readonly (string | Uint8Array)[]) => {
    for (const part of parts) socket.write(part);
  };
  try {
    await once(socket, "connect");
    return await use({ socket, send, answer, closed });
  } finally {
    socket.destroy();
  }
}

function takeAnswer(received: Buffer): { answer: RawAnswer; bytes: number } | undefined {
  const headEnd = received.indexOf("\r\n\r\n");
  if (headEnd < 0) return undefined;
  const head = received.subarray(0, headEnd).toString();
  const status = Number(/^HTTP\/1\.[01] (\d{3})/.exec(head)?.[1]);
  const length = Number(/^content-length: *(\d+)/im.exec(head)?.[1] ?? 0);
  const bytes = headEnd + 4 + length;
  if (received.length < bytes) return undefined;
  return { answer: { status, head, body: received.subarray(headEnd + 4, bytes).toString() }, bytes };
}

/** The head of a write request with `headers` after the ones that every write request has. */
export function postHead(...headers: readonly string[]): string {
  const common = ["Host: test", "Content-Type: application/x-protobuf", "Content-Encoding: snappy"];
  return `POST /receive HTTP/1.1\r\n${[...common, ...headers].join("\r\n")}\r\n\r\n`;
}
