import { type Clock, within } from "../clock.ts";
import { OverloadedError, RequestError } from "../errors.ts";
import { ByteWriter } from "../wire/byte-writer.ts";

/**
 * Longer bodies are read piece by piece, so that only what has come takes room: what is read at once takes the room
 * that was announced, which stalled senders would hold for nothing. Usual requests are shorter.
 */
const readAtOnceBytesMax = 64 * 1024;
const retryAfterMs = 2_000;

/** Room in memory for the bodies of all requests under way. */
export class BodyRoom {
  private readonly bytesMax: number;
  private taken = 0;

  constructor(bytesMax: number) {
    this.bytesMax = bytesMax;
  }

  get takenBytes(): number {
    return this.taken;
  }

  /** Throws OverloadedError where there is no room for so many bytes more. */
  take(bytes: number): void {
    if (this.taken + bytes > this.bytesMax) {
      throw new OverloadedError(
        `Cannot take more bodies: ${this.taken} of ${this.bytesMax} bytes are under way`,
        retryAfterMs,
      );
    }
    this.taken += bytes;
  }

  give(bytes: number): void {
    this.taken -= bytes;
  }
}

export interface BodyOptions {
  /** Largest body, in bytes. */
  readonly bytesMax: number;
  /** A body has come within this time, in ms. */
  readonly timeoutMs: number;
  readonly room: BodyRoom;
  readonly clock: Clock;
}

/**
 * Reads the whole body of a request, at most `bytesMax` bytes, and gives it to `use`; its room is free again when that
 * is done. Throws RequestError 413 above, 400 where the sender goes away in the middle, and OverloadedError where it
 * takes too long or there is no room for it now.
 */
export async function withBody<T>(
  request: Request,
  options: BodyOptions,
  use: (body: Uint8Array) => Promise<T>,
): Promise<T> {
  const { bytesMax, timeoutMs, room, clock } = options;
  let taken = 0;
  const take = (bytes: number) => {
    room.take(bytes);
    taken += bytes;
  };
  const ended = new AbortController();
  try {
    const read = readBody(request, bytesMax, take, ended.signal);
    const body = await within(clock, timeoutMs, read, () => {
      throw new OverloadedError(`The body did not come within ${timeoutMs} ms`, retryAfterMs);
    });
    return await use(body);
  } finally {
    ended.abort();
    room.give(taken);
  }
}

async function readBody(
  request: Request,
  bytesMax: number,
  take: (bytes: number) => void,
  ended: AbortSignal,
): Promise<Uint8Array> {
  const announced = Number(request.headers.get("content-length") ?? Number.NaN);
  if (announced > bytesMax) throw tooLarge(bytesMax);
  // An announced length is what the HTTP parser delivers at the most, so reading at once is bounded as well.
  if (announced >= 0 && announced <= readAtOnceBytesMax) {
    take(announced);
    return new Uint8Array(await orGone(request.arrayBuffer()));
  }
  const body = new ByteWriter(bytesMax);
  if (request.body === null) return body.written();
  const reader = request.body.getReader();
  // Whoever stops waiting for the rest stops reading it.
  ended.addEventListener("abort", () => void reader.cancel().catch(() => undefined), { once: true });
  for (;;) {
    const { done, value } = await orGone(reader.read());
    if (done) return body.written();
    if (body.length + value.length > bytesMax) throw tooLarge(bytesMax);
    take(value.length);
    // Copied as it comes: kept for later, chunks of one byte would take a hundred times their size.
    body.reserve(value.length);
    body.bytes.set(value, body.length);
    body.length += value.length;
  }
}

async function orGone<T>(read: Promise<T>): Promise<T> {
  try {
    return await read;
  } catch (error) {
    throw new RequestError(400, "Cannot read the body: it ended early", { cause: error });
  }
}

function tooLarge(bytesMax: number): RequestError {
  return new RequestError(
    413,
    `The compressed body is larger than ${bytesMax} bytes: ` +
      "send less at once (max_samples_per_send), or raise --body-bytes",
  );
}
