import assert from "node:assert/strict";
import { test } from "node:test";
import { OverloadedError, RequestError } from "../../src/errors.ts";
import { BodyGivenUpError, type BodyOptions, withBody } from "../../src/http/body.ts";
import { BodyRoom, requestBytes } from "../../src/http/body-room.ts";
import { VirtualClock } from "../support/virtual-clock.ts";

const bytesMax = 1_000;
const timeoutMs = 25_000;
const mebibyte = 1024 * 1024;

/** The body, read in a room of its own. */
function readBody(request: Request, max: number, room = roomOf(max + mebibyte)): Promise<Uint8Array> {
  const options = { bytesMax: max, timeoutMs, room, clock: new VirtualClock() };
  return withBody(request, "192.0.2.1", options, async ({ bytes }) => bytes.slice());
}

function roomOf(max: number, addressBytesMax = max, clock = new VirtualClock()): BodyRoom {
  return new BodyRoom({ bytesMax: max, addressBytesMax, clock });
}

/** Reads from one of two addresses, and answers the length. */
function lengthOf(request: Request, options: BodyOptions, address = "192.0.2.1"): Promise<number> {
  return withBody(request, address, options, async ({ bytes }) => bytes.length);
}

for (const length of [0, 1, bytesMax - 1, bytesMax]) {
  test(`a body of ${length} bytes is read whole, announced or not`, async () => {
    const bytes = Uint8Array.from({ length }, (_, i) => i);
    assert.deepEqual(await readBody(post(bytes), bytesMax), bytes);
    const announced = post(bytes, { "content-length": String(length) });
    assert.deepEqual(await readBody(announced, bytesMax), bytes);
    assert.deepEqual(await readBody(streamed(chunksOf(bytes, 7)), bytesMax), bytes);
  });
}

test("a body one byte too long is refused with 413, announced or not", async () => {
  const bytes = new Uint8Array(bytesMax + 1);
  await refused(readBody(post(bytes), bytesMax), 413);
  await refused(readBody(post(bytes, { "content-length": String(bytes.length) }), bytesMax), 413);
  await refused(readBody(streamed(chunksOf(bytes, bytesMax)), bytesMax), 413);
});

test("an announced length that is no number does not stand in for the real one", async () => {
  await refused(readBody(post(new Uint8Array(bytesMax + 1), { "content-length": "few" }), bytesMax), 413);
});

test("no body at all is an empty body", async () => {
  const request = new Request("http://receiver.test/receive", { method: "POST" });
  assert.equal((await readBody(request, bytesMax)).length, 0);
});

test("reading stops at the limit, however much a sender streams", async () => {
  let chunks = 0;
  const endless = new ReadableStream<Uint8Array>({
    pull(controller) {
      chunks++;
      controller.enqueue(new Uint8Array(100));
    },
  });
  await refused(readBody(streamed(endless), bytesMax), 413);
  assert.ok(chunks < 20, `${chunks} chunks were taken`);
});

test("a million chunks of one byte take little more memory than their bytes", async () => {
  const bytes = 1_000_000;
  let sent = 0;
  const one = Uint8Array.of(7);
  const drops = new ReadableStream<Uint8Array>({
    pull(controller) {
      if (sent++ === bytes) controller.close();
      else controller.enqueue(one);
    },
  });
  const body = await readBody(streamed(drops), bytes);
  assert.equal(body.length, bytes);
  assert.ok(body.every((byte) => byte === 7));
  assert.ok(body.buffer.byteLength <= bytes);
});

test("a sender that goes away in the middle gets 400, with the cause", async () => {
  const broken = new ReadableStream<Uint8Array>({
    pull(controller) {
      controller.error(new Error("connection reset"));
    },
  });
  const error = await refused(readBody(streamed(broken), bytesMax), 400);
  assert.ok(error.cause instanceof Error);
});

function post(body: Uint8Array<ArrayBuffer>, headers: Record<string, string> = {}): Request {
  return new Request("http://receiver.test/receive", { method: "POST", body, headers });
}

function streamed(body: ReadableStream<Uint8Array>, headers: Record<string, string> = {}): Request {
  const init = { method: "POST", body, headers, duplex: "half" };
  return new Request("http://receiver.test/receive", init as RequestInit);
}

function chunksOf(bytes: Uint8Array, size: number): ReadableStream<Uint8Array> {
  let at = 0;
  return new ReadableStream({
    pull(controller) {
      if (at >= bytes.length) return controller.close();
      controller.enqueue(bytes.slice(at, at + size));
      at += size;
    },
  });
}

async function refused(body: Promise<Uint8Array>, status: number): Promise<RequestError> {
  const error = await body.then(() => undefined).catch((thrown: unknown) => thrown);
  assert.ok(error instanceof RequestError, String(error));
  assert.equal(error.status, status);
  return error;
}

test("bodies under way share their room, and give it back however they end", async () => {
  const clock = new VirtualClock();
  const room = roomOf(2 * requestBytes + 1_500, undefined, clock);
  const options = { bytesMax, timeoutMs, room, clock };
  const held = Promise.withResolvers<void>();
  const first = withBody(announced(bytesMax), "a", options, () => held.promise);
  await clock.settle();
  assert.equal(room.takenBytes, requestBytes + bytesMax);
  await assert.rejects(lengthOf(announced(501), options), OverloadedError);
  assert.equal(await lengthOf(announced(500), options), 500);
  held.resolve();
  await first;
  assert.equal(room.takenBytes, 0);
  const long = roomOf(mebibyte);
  await refused(readBody(streamed(chunksOf(new Uint8Array(bytesMax + 1), 100)), bytesMax, long), 413);
  assert.equal(long.takenBytes, 0);
  assert.equal(clock.pendingTimers, 0);
});

test("a body gives its room back as soon as it is done with, its request when it is answered", async () => {
  const clock = new VirtualClock();
  const room = roomOf(mebibyte, undefined, clock);
  const held = Promise.withResolvers<void>();
  const request = streamed(chunksOf(new Uint8Array(300_000), 5_000));
  const answered = withBody(
    request,
    "a",
    { bytesMax: 300_000, timeoutMs, room, clock },
    async ({ bytes, done }) => {
      assert.equal(bytes.length, 300_000);
      done();
      assert.equal(bytes.length, 0);
      await held.promise;
    },
  );
  await clock.settle();
  assert.equal(room.takenBytes, requestBytes);
  held.resolve();
  await answered;
  assert.equal(room.takenBytes, 0);
});

test("a thousand stalled senders that announce a megabyte each leave room for others", async () => {
  const clock = new VirtualClock();
  const room = roomOf(64 * mebibyte, undefined, clock);
  const options = { bytesMax: 1_000_000, timeoutMs, room, clock };
  const stalled = Array.from({ length: 1_000 }, () =>
    assert.rejects(lengthOf(stalling(400, { "content-length": "1000000" }), options), /did not come within/),
  );
  await clock.settle();
  assert.equal(await lengthOf(announced(300_000), options), 300_000);
  await clock.advance(timeoutMs);
  await Promise.all(stalled);
  assert.equal(room.takenBytes, 0);
});

test("where room is short, bodies that hardly come are given up for new ones, the slowest first", async () => {
  const clock = new VirtualClock();
  const room = roomOf(3 * (requestBytes + 8_192), undefined, clock);
  const options = { bytesMax: mebibyte, timeoutMs, room, clock };
  const outcomes: string[] = [];
  const slow = [400, 8_192, 10].map((bytes) =>
    lengthOf(stalling(bytes, { "content-length": "1000000" }), options).catch((error: unknown) => {
      assert.ok(error instanceof BodyGivenUpError);
      outcomes.push(`${bytes}: ${error.message}`);
    }),
  );
  await clock.settle();
  await assert.rejects(lengthOf(announced(10_000), options), OverloadedError);
  assert.deepEqual(outcomes, []);
  await clock.advance(5_000);
  assert.equal(await lengthOf(announced(10_000), options), 10_000);
  assert.deepEqual(outcomes, ["10: The body came too slowly, and others need its room"]);
  await clock.advance(timeoutMs);
  await Promise.all(slow);
  assert.equal(outcomes.length, 3);
  assert.equal(room.takenBytes, 0);
});

test("one address cannot take all of the room", async () => {
  const clock = new VirtualClock();
  const share = 10 * (requestBytes + 10_000);
  const room = roomOf(2 * share, share, clock);
  const options = { bytesMax: mebibyte, timeoutMs, room, clock };
  const greedy = Array.from({ length: 15 }, () =>
    lengthOf(stalling(1, { "content-length": "10000" }), options, "192.0.2.66").catch(
      (error: unknown) => error,
    ),
  );
  await clock.settle();
  assert.equal(room.takenBytes, share);
  assert.equal(await lengthOf(announced(20_000), options), 20_000);
  await clock.advance(timeoutMs);
  const refusals = (await Promise.all(greedy)).filter((error) => error instanceof OverloadedError);
  assert.equal(refusals.length, 15);
  assert.match(String(refusals.at(-1)), /of 192.0.2.66 are under way/);
  assert.equal(room.takenBytes, 0);
});

test("a body that does not come in time is answered with 503, is given up and gives its room back", async () => {
  const clock = new VirtualClock();
  const room = roomOf(mebibyte, undefined, clock);
  let cancelled = false;
  const request = stalling(10, {}, () => {
    cancelled = true;
  });
  const outcome = assert.rejects(lengthOf(request, { bytesMax, timeoutMs, room, clock }), BodyGivenUpError);
  await clock.advance(timeoutMs - 1);
  assert.ok(room.takenBytes >= requestBytes + 10);
  await clock.advance(1);
  await outcome;
  assert.equal(room.takenBytes, 0);
  assert.equal(cancelled, true);
});

function announced(length: number): Request {
  return post(new Uint8Array(length), { "content-length": String(length) });
}

/** Sends so many bytes, and then nothing more. */
function stalling(bytes: number, headers: Record<string, string>, cancel = () => {}): Request {
  const start = (controller: ReadableStreamDefaultController<Uint8Array>) =>
    controller.enqueue(new Uint8Array(bytes));
  return streamed(new ReadableStream<Uint8Array>({ start, cancel }), headers);
}
