import { type Clock, within } from "../clock.ts";
import { OverloadedError, RequestError } from "../errors.ts";
import { release } from "../wire/release.ts";
import { BodyBlocks } from "./body-blocks.ts";
import type { BodyPlace, BodyRoom } from "./body-room.ts";

/**
 * Longer bodies are read piece by piece, so that only what has come takes room: what is read at once takes the room
 * that was announced, which stalled senders would hold for nothing. Usual requests are shorter.
 */
const readAtOnceBytesMax = 64 * 1024;
const retryAfterMs = 2_000;

/** The rest of the body is not waited for: its connection can only be closed. */
export class BodyGivenUpError extends OverloadedError {}

export interface BodyOptions {
  /** Largest body, in bytes. */
  readonly bytesMax: number;
  /** A body has come within this time, in ms. */
  readonly timeoutMs: number;
  readonly room: BodyRoom;
  readonly clock: Clock;
}

export interface Body {
  readonly bytes: Uint8Array;
  /** The bytes are not needed any more, and are gone: before the request is answered, if it has to wait for that. */
  readonly done: () => void;
}

/**
 * Reads the whole body of a request from `address`, at most `bytesMax` bytes, and gives it to `use`; its room is free
 * again when that is done. Throws RequestError 413 above, 400 where the sender goes away in the middle, OverloadedError
 * where there is no room for it now, and BodyGivenUpError where it takes too long.
 */
export async function withBody<T>(
  request: Request,
  address: string | undefined,
  { bytesMax, timeoutMs, room, clock }: BodyOptions,
  use: (body: Body) => Promise<T>,
): Promise<T> {
  const ended = new AbortController();
  const givenUp = Promise.withResolvers<never>();
  // Whether anyone listens or not.
  givenUp.promise.catch(() => undefined);
  const place = room.enter(address, () => {
    givenUp.reject(new BodyGivenUpError("The body came too slowly, and others need its room", retryAfterMs));
  });
  let bytes: Uint8Array | undefined;
  const done = () => {
    if (bytes !== undefined) release(bytes);
    place.giveBody();
  };
  try {
    const read = readBody(request, bytesMax, place, ended.signal);
    bytes = await within(clock, timeoutMs, Promise.race([read, givenUp.promise]), () => {
      throw new BodyGivenUpError(`The body did not come within ${timeoutMs} ms`, retryAfterMs);
    });
    place.whole();
    return await use({ bytes, done });
  } finally {
    ended.abort();
    if (bytes !== undefined) release(bytes);
    place.leave();
  }
}

async function readBody(
  request: Request,
  bytesMax: number,
  place: BodyPlace,
  ended: AbortSignal,
): Promise<Uint8Array> {
  const announced = Number(request.headers.get("content-length") ?? Number.NaN);
  if (announced > bytesMax) throw tooLarge(bytesMax);
  // An announced length is what the HTTP parser delivers at the most, so reading at once is bounded as well.
  if (announced >= 0 && announced <= readAtOnceBytesMax) {
    place.take(announced);
    return new Uint8Array(await orGone(request.arrayBuffer()));
  }
  if (request.body === null) return new Uint8Array(0);
  const blocks = new BodyBlocks((bytes) => place.take(bytes));
  const reader = request.body.getReader();
  // Whoever stops waiting for the rest stops reading it.
  const stop = () => {
    blocks.clear();
    void reader.cancel().catch(() => undefined);
  };
  ended.addEventListener("abort", stop, { once: true });
  for (;;) {
    const { done, value } = await orGone(reader.read());
    if (done || ended.aborted) break;
    if (blocks.byteLength + value.length > bytesMax) throw tooLarge(bytesMax);
    blocks.add(value);
    place.received(value.length);
    // It is copied. Bodies read at full speed would leave hundreds of such chunks to the collector.
    if (value.byteLength === value.buffer.byteLength) release(value);
  }
  return blocks.join();
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
