import assert from "node:assert/strict";
import { test } from "node:test";
import { OverloadedError, RequestError } from "../../src/errors.ts";
import { BodyRoom, withBody } from "../../src/http/body.ts";
import { VirtualClock } from "../support/virtual-clock.ts";

const bytesMax = 1_000;
const timeoutMs = 25_000;

/** The body, read in a room of its own. */
function readBody(request: Request, max: number, room = new BodyRoom(max)): Promise<Uint8Array> {
  const options = { bytesMax: max, timeoutMs, room, clock: new VirtualClock() };
  return withBody(request, options, (body) => Promise.resolve(body));
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
  const room = new BodyRoom(1_500);
  const clock = new VirtualClock();
  const options = { bytesMax, timeoutMs, room, clock };
  let release: () => void = () => undefined;
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  const first = withBody(post(new Uint8Array(bytesMax)), options, () => held);
  await clock.settle();
  assert.equal(room.takenBytes, bytesMax);
  await assert.rejects(
    withBody(post(new Uint8Array(501)), options, async () => undefined),
    OverloadedError,
  );
  assert.equal(await withBody(post(new Uint8Array(500)), options, async (body) => body.length), 500);
  release();
  await first;
  await refused(readBody(streamed(chunksOf(new Uint8Array(bytesMax + 1), 100)), bytesMax, room), 413);
  assert.equal(room.takenBytes, 0);
  assert.equal(clock.pendingTimers, 0);
});

test("a thousand stalled senders that announce a megabyte each leave room for others", async () => {
  const room = new BodyRoom(128 * 1024 * 1024);
  const clock = new VirtualClock();
  const options = { bytesMax: 1_000_000, timeoutMs, room, clock };
  const stalled = Array.from({ length: 1_000 }, () => {
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => controller.enqueue(new Uint8Array(400)),
    });
    const request = streamed(body, { "content-length": "1000000" });
    return assert.rejects(
      withBody(request, options, async () => undefined),
      /did not come within/,
    );
  });
  await clock.settle();
  assert.equal(await withBody(post(new Uint8Array(300_000)), options, async (body) => body.length), 300_000);
  await clock.advance(timeoutMs);
  await Promise.all(stalled);
  assert.equal(room.takenBytes, 0);
});

test("a body that does not come in time is answered with 503, is given up and gives its room back", async () => {
  const clock = new VirtualClock();
  const room = new BodyRoom(bytesMax);
  let cancelled = false;
  const stalled = new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(new Uint8Array(10)),
    cancel: () => {
      cancelled = true;
    },
  });
  const options = { bytesMax, timeoutMs, room, clock };
  const read = withBody(streamed(stalled), options, async () => undefined);
  const outcome = assert.rejects(read, OverloadedError);
  await clock.advance(timeoutMs - 1);
  assert.equal(room.takenBytes, 10);
  await clock.advance(1);
  await outcome;
  assert.equal(room.takenBytes, 0);
  assert.equal(cancelled, true);
});
