import assert from "node:assert/strict";
import { test } from "node:test";
import { create, toBinary } from "@bufbuild/protobuf";
import { RequestSchema } from "../../src/remote/gen/io/prometheus/write/v2/types_pb.ts";
import { MemorySink } from "../support/memory-sink.ts";
import { snappyCompress } from "../support/snappy-compress.ts";
import { testApp, v2ContentType } from "../support/test-app.ts";
import { VirtualClock } from "../support/virtual-clock.ts";

/** One sample of `job`, with metadata that has this help. */
function body(job: string, help: string, repeats = 1): Uint8Array {
  const series = {
    labelsRefs: [1, 2, 3, 4],
    samples: [{ value: 1, timestamp: 5n }],
    metadata: { type: 1, helpRef: 5 },
  };
  const message = create(RequestSchema, {
    symbols: ["", "__name__", "up", "job", job, help],
    timeseries: new Array(repeats).fill(series),
  });
  return snappyCompress(toBinary(RequestSchema, message));
}

const headers = { "content-type": v2ContentType };

function kinds(sink: MemorySink): string[] {
  return sink.lines().map((line) => (line.includes('"metadata"') ? "metadata" : "sample"));
}

test("metadata that a series repeats is written once, its samples every time", async () => {
  const { post, sink, metrics } = testApp();
  for (let i = 0; i < 3; i++) assert.equal((await post(body("a", "Help."), headers)).status, 204);
  assert.deepEqual(kinds(sink), ["metadata", "sample", "sample", "sample"]);
  const text = await metrics.text();
  for (const counted of ["received_total 3", "written_total 1", "repeated_total 2"]) {
    assert.ok(text.includes(`\nprometheus_remote_kinesis_metadata_${counted}\n`), counted);
  }
  assert.equal(new Set(sink.lines().filter((line) => line.includes('"value"'))).size, 1);
});

test("other metadata, and the same of another series, is written", async () => {
  const { post, sink } = testApp();
  for (const [job, help] of [
    ["a", "Help."],
    ["b", "Help."],
    ["a", "Other."],
    ["a", "Help."],
  ] as const) {
    assert.equal((await post(body(job, help), headers)).status, 204);
  }
  assert.equal(kinds(sink).filter((kind) => kind === "metadata").length, 3);
});

test("metadata twice in one request is one line, and the samples after it are whole", async () => {
  const { post, sink } = testApp();
  assert.equal((await post(body("a", "Help.", 3), headers)).status, 204);
  assert.deepEqual(kinds(sink), ["metadata", "sample", "sample", "sample"]);
  for (const line of sink.lines()) assert.equal((JSON.parse(line) as { name: string }).name, "up");
});

test("metadata is only remembered once it is durable", async () => {
  const sink = new MemorySink();
  const { post } = testApp({ sink });
  sink.decide = () => ({
    kind: "retryable",
    throttled: true,
    retryAfterMs: 60_000,
    reason: "SlowDown",
    message: "not now",
  });
  assert.equal((await post(body("a", "Help."), headers)).status, 503);
  sink.decide = () => ({ kind: "durable" });
  assert.equal((await post(body("a", "Help."), headers)).status, 204);
  assert.deepEqual(kinds(sink), ["metadata", "sample"]);
});

test("every hour has its own metadata", async () => {
  const clock = new VirtualClock();
  const { post, sink } = testApp({ clock });
  const send = () => clock.resolve(post(body("a", "Help."), headers));
  await send();
  await send();
  await clock.advance(3_600_000);
  await send();
  assert.deepEqual(kinds(sink), ["metadata", "sample", "sample", "metadata", "sample"]);
});
