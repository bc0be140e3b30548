/** What the fuzz targets of write requests share: their corpus, and the invariants of one message. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { type DescMessage, fromBinary, type MessageShape, toBinary } from "@bufbuild/protobuf";
import fc from "fast-check";
import { systemClock } from "../../src/clock.ts";
import { RequestError } from "../../src/errors.ts";
import { Ingest } from "../../src/http/ingest.ts";
import type { Ingested } from "../../src/http/ingested.ts";
import { decodeLine } from "../../src/line/decode.ts";
import { createMetrics } from "../../src/metrics.ts";
import { RequestSchema } from "../../src/remote/gen/io/prometheus/write/v2/types_pb.ts";
import { WriteRequestSchema } from "../../src/remote/gen/prometheus/remote_pb.ts";
import { snappyDecode, snappyDecodedLength } from "../../src/wire/snappy.ts";
import { arbitraryWriteV1, arbitraryWriteV2 } from "./arbitrary-write-request.ts";
import { concat, varint } from "./write-request-bytes.ts";

const lineBytesMax = 100_000;
const linesBytesMax = 4 << 20;
const decodedBytesMax = 8 << 20;

/** The bodies of real senders, as they came. */
export function goldenBodies(): Uint8Array[] {
  const folder = new URL("../golden/rw1/", import.meta.url);
  return readdirSync(folder)
    .filter((name) => name.endsWith(".snappy"))
    .map((name) => new Uint8Array(readFileSync(new URL(name, folder))));
}

/** The same, decoded. */
export function goldenMessages(): Uint8Array[] {
  return goldenBodies().map((body) => {
    const message = new Uint8Array(snappyDecodedLength(body));
    snappyDecode(body, message);
    return message;
  });
}

export function generatedV1(): Uint8Array[] {
  const sample = fc.sample(arbitraryWriteV1, { numRuns: 200, seed: 1 });
  return sample.map(({ message, doubles }) => doubles.patch(toBinary(WriteRequestSchema, message)));
}

export function generatedV2(): Uint8Array[] {
  const sample = fc.sample(arbitraryWriteV2, { numRuns: 200, seed: 2 });
  return sample.map(({ message, doubles }) => doubles.patch(toBinary(RequestSchema, message)));
}

/** Takes messages of one version as the receiver does, and answers what it made of one; undefined: refused whole. */
export function messageTaker(version: 1 | 2): (message: Uint8Array) => Ingested | undefined {
  const metrics = createMetrics({ version: "test", runtime: "test" });
  const options = { clock: systemClock, metrics, decodedBytesMax, lineBytesMax, linesBytesMax };
  const ingest = new Ingest(options);
  return (message) => {
    try {
      return ingest.ingest(uncompressedBlock(message), version);
    } catch (error) {
      assert.ok(error instanceof RequestError, String(error));
      return undefined;
    }
  };
}

/** Every line can be read, and there is one for each item that is said to be written. */
export function assertLines({ lines, written, refused }: Ingested): void {
  let count = 0;
  for (let start = 0; start < lines.length; ) {
    const end = lines.indexOf(0x0a, start) + 1;
    assert.ok(end > 0 && end - start <= lineBytesMax, "a whole line that is not too long");
    decodeLine(lines.subarray(start, end));
    count++;
    start = end;
  }
  const { samples, histograms, exemplars, metadata } = written;
  assert.equal(count, samples + histograms + exemplars + metadata);
  assert.ok(refused === undefined || new TextEncoder().encode(refused).length < 2_048);
}

/**
 * The message as the reference reads it. Undefined in the one case where it refuses what the receiver takes: a text
 * that is not UTF-8 and is not used, such as a symbol without references; it spoils nothing, so its request is taken.
 */
export function readByReference<T extends DescMessage>(
  schema: T,
  bytes: Uint8Array,
): MessageShape<T> | undefined {
  try {
    return fromBinary(schema, bytes);
  } catch (error) {
    if (error instanceof TypeError) return undefined;
    throw error;
  }
}

/** A snappy block without compression: one literal. */
export function uncompressedBlock(bytes: Uint8Array): Uint8Array {
  const length = bytes.length - 1;
  if (length < 0) return Uint8Array.of(0);
  const little = [length & 0xff, (length >>> 8) & 0xff, (length >>> 16) & 0xff, length >>> 24];
  return concat(varint(bytes.length), [63 << 2], little, bytes);
}

/** The items that a message holds by kind, as the reference codecs of both versions give it. */
interface SeriesItems {
  readonly samples: readonly unknown[];
  readonly histograms: readonly unknown[];
  readonly exemplars: readonly unknown[];
}

/** Every item of these series is counted as written. */
export function assertAllWritten(written: Ingested["written"], series: readonly SeriesItems[]): void {
  assert.equal(written.samples, sum(series.map(({ samples }) => samples.length)));
  assert.equal(written.histograms, sum(series.map(({ histograms }) => histograms.length)));
  assert.equal(written.exemplars, sum(series.map(({ exemplars }) => exemplars.length)));
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
