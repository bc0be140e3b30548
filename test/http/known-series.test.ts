/** Known series make ingest faster, and nothing else: the lines are the same bytes as without them. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { systemClock } from "../../src/clock.ts";
import { RequestError } from "../../src/errors.ts";
import { Ingest } from "../../src/http/ingest.ts";
import type { IngestOptions } from "../../src/http/ingested.ts";
import type { WriteVersion } from "../../src/http/negotiate.ts";
import { createMetrics } from "../../src/metrics.ts";
import { generatedV1, generatedV2, goldenMessages, uncompressedBlock } from "../support/fuzz-write.ts";
import { seededRandom } from "../support/seeded-random.ts";
import {
  bytesField,
  concat,
  labelV1,
  type Part,
  symbolsV2,
  varintField,
} from "../support/write-request-bytes.ts";

const textOf = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
const sample = (time: number) => bytesField(2, varintField(2, time));

function ingestWith(options: Partial<IngestOptions>): Ingest {
  const metrics = createMetrics({ version: "test", runtime: "test" });
  const limits = { decodedBytesMax: 8 << 20, lineBytesMax: 100_000, linesBytesMax: 16 << 20 };
  return new Ingest({ clock: systemClock, metrics, ...limits, ...options });
}

/** What a request becomes, or why it is refused. */
function outcome(ingest: Ingest, message: Uint8Array, version: WriteVersion): string {
  try {
    const ingested = ingest.ingest(uncompressedBlock(message), version);
    return `${JSON.stringify([ingested.written, ingested.refused])}\n${textOf(ingested.lines)}`;
  } catch (error) {
    assert.ok(error instanceof RequestError, String(error));
    return error.message;
  }
}

/** Memory for nothing but a few series, for some of them, and for all. */
for (const knownSeriesBytes of [1_000, 20_000, 300_000, 32 << 20]) {
  test(`requests in any order become the same lines with ${knownSeriesBytes} bytes of known series`, () => {
    const plain = ingestWith({ knownSeriesBytes: 0 });
    const knowing = ingestWith({ knownSeriesBytes });
    const messages = [
      ...generatedV1().map((message) => [message, 1] as const),
      ...generatedV2().map((message) => [message, 2] as const),
      ...goldenMessages().map((message) => [message, 1] as const),
    ];
    const expected = messages.map(([message, version]) => outcome(plain, message, version));
    const random = seededRandom(knownSeriesBytes);
    for (let i = 0; i < 3 * messages.length; i++) {
      const at = i < messages.length ? i : random(messages.length);
      const [message, version] = messages[at]!;
      assert.ok(outcome(knowing, message, version) === expected[at], `request ${at} as the ${i}th`);
    }
  });
}

/** Ingests them one after the other, twice, and answers the names and labels of the lines. */
function linesOf(version: WriteVersion, ...messages: readonly Uint8Array[]): string {
  const plain = ingestWith({ knownSeriesBytes: 0 });
  const knowing = ingestWith({});
  const expected = messages.map((message) => outcome(plain, message, version));
  for (let round = 0; round < 2; round++) {
    for (const [i, message] of messages.entries()) {
      assert.equal(outcome(knowing, message, version), expected[i]);
    }
  }
  return expected.join("");
}

const series = (...parts: readonly Part[]) => bytesField(1, ...parts);
const name = labelV1("__name__", "m");

test("a series whose label fields go on behind those of a known one is another one", () => {
  const more = labelV1("z", "1");
  linesOf(
    1,
    series(name, sample(1)),
    series(name, more, sample(2)),
    series(name, sample(3), more),
    series(name, sample(3), more, sample(4)),
    // The same field with its tag in two bytes.
    series(name, [0x8a, 0], more.subarray(1), sample(5)),
    series(name, sample(6)),
  );
});

test("a known series with a label twice, unsorted, or without end is judged anew", () => {
  linesOf(
    1,
    series(labelV1("a", "1"), name, sample(1)),
    series(name, labelV1("a", "1"), sample(1)),
    series(labelV1("a", "1"), name, labelV1("a", "1"), sample(1)),
    series(labelV1("a", "1"), name, [0x0a, 0x05], sample(1)),
    concat(series(labelV1("a", "1"), name, sample(1)), [0x0a, 0x7f]),
  );
});

test("the same references stand for other labels with another symbol table, and other ones for the same", () => {
  const refs = (...of: readonly number[]) => bytesField(5, bytesField(1, of), sample(7));
  const text = linesOf(
    2,
    concat(symbolsV2("", "__name__", "m", "a", "b"), refs(1, 2, 3, 4)),
    concat(symbolsV2("", "__name__", "m", "a", "c"), refs(1, 2, 3, 4)),
    concat(symbolsV2("", "a", "b", "__name__", "m"), refs(3, 4, 1, 2)),
    concat(symbolsV2("", "a", "b", "__name__", "m"), refs(1, 2, 3, 4), refs(3, 4, 1), refs(3, 4, 1, 9)),
    concat(symbolsV2("", "a", "b", "__name__", "m"), bytesField(5, [8, 3, 8, 4, 10, 2, 1, 2], sample(9))),
  );
  assert.equal(text.match(/"labels":\{"__name__":"m","a":"b"\}/g)?.length, 4);
});

test("a request with very many symbols does not change what those of the next ones stand for", () => {
  const refs = (...of: readonly number[]) => bytesField(5, bytesField(1, of), sample(7));
  const many = Array.from({ length: 20_000 }, (_, i) => `text ${i}`);
  linesOf(
    2,
    concat(symbolsV2("", "__name__", "m", "a", "b", ...many), refs(1, 2, 3, 4), refs(1, 2, 3, 5)),
    concat(symbolsV2("", "__name__", "m", "a", "b"), refs(1, 2, 3, 4)),
    concat(symbolsV2("", "b", "a", "m", "__name__", "c"), refs(4, 3, 2, 5), refs(2, 1, 4, 3)),
    concat(symbolsV2("", "__name__", "n", "a", "c"), refs(1, 2, 3, 4), refs(1, 2)),
  );
});

test("what a series of 2.0 is known by is no series of 1.0", () => {
  const message = concat(symbolsV2("", "__name__", "m"), bytesField(5, bytesField(1, [1, 2]), sample(7)));
  const knowing = ingestWith({});
  const line = outcome(knowing, message, 2);
  assert.equal(outcome(knowing, message, 2), line);
  // How many references there are, and two slots of symbols: one of these is the key.
  const slots = Array.from({ length: 64 }, (_, i) => Uint8Array.of(i, 0, 0, 0));
  for (const first of slots) {
    for (const second of slots) {
      const key = concat([0, 2, 0, 0], first, second);
      assert.equal(
        outcome(knowing, series(key, sample(7)), 1),
        "Cannot read protobuf: field number 0 at byte 2",
      );
    }
  }
});

test("labels at the place of the series before are repeated only where they are in order", () => {
  const plain = ingestWith({ knownSeriesBytes: 0 });
  // No room for a single series: then they are written as they are read.
  const knowing = ingestWith({ knownSeriesBytes: 200 });
  const of = (...names: readonly string[]) =>
    series(name, ...names.map((label) => labelV1(label, "text")), sample(1));
  const start = Array.from({ length: 50 }, (_, i) => of(`first ${i}`));
  const all = ["b", "c", "d"].flatMap((a) =>
    ["b", "c", "d"].flatMap((b) => [of("a", "c"), of(a, b), of("b", "d", "e"), of(a, b, "e"), of(a, "c", b)]),
  );
  const message = concat(...start, ...all.flatMap((one) => [one, of("b", "c"), one]));
  for (let round = 0; round < 3; round++) {
    assert.equal(outcome(knowing, message, 1), outcome(plain, message, 1));
  }
});

test("values and times that come again, change, and come again are told as they are", () => {
  const at = (value: number, time: number) => {
    const bytes = new Uint8Array(9);
    bytes[0] = 9;
    new DataView(bytes.buffer).setFloat64(1, value, true);
    return series(name, bytesField(2, bytes, varintField(2, time)));
  };
  const values = [
    0.1,
    0.1,
    5,
    0.1,
    -0,
    0,
    1e300,
    1e300,
    -2.2250738585072014e-308,
    -1.2345678901234567e-6,
    0.1,
    1e15,
    1e15 + 0.5,
    0.1,
  ];
  const times = [1, 1, 1_764_000_000_000, 1_764_000_000_000, Number.MAX_SAFE_INTEGER, 0, 0, 1];
  linesOf(1, ...values.flatMap((value) => times.map((time) => at(value, time))));
  linesOf(1, ...times.flatMap((time) => values.map((value) => at(value, time))));
});

test("an item of a known series that is refused is named with its labels", () => {
  const bad = bytesField(4, bytesField(11, varintField(2, 5)));
  const text = linesOf(
    1,
    series(name, sample(1)),
    series(name, bad, sample(2)),
    series(name, sample(3), bad),
  );
  assert.equal(text.match(/invalid_histogram: 1 item, first: [^"]+in \{__name__=\\"m\\"\}/g)?.length, 2);
});

test("lines that are as long as they may be stay so, and a longer one is refused, known or not", () => {
  for (const lineBytesMax of [57, 58, 59, 200, 216, 217, 218, 219]) {
    const plain = ingestWith({ knownSeriesBytes: 0, lineBytesMax });
    const knowing = ingestWith({ lineBytesMax });
    for (let time = 1; time < 1e12; time *= 10) {
      const message = series(name, sample(time), sample(1), bytesField(3, varintField(3, time)));
      assert.equal(outcome(knowing, message, 1), outcome(plain, message, 1));
    }
  }
});

test("metadata of a known series is written where it is not durable yet, or is another", () => {
  const plain = ingestWith({ knownSeriesBytes: 0 });
  const knowing = ingestWith({});
  const invalid = Uint8Array.of(0x68, 0xff);
  const symbols = symbolsV2("", "__name__", "m", "Help.", "Other help.", "bytes", invalid, "n");
  const of = (name: number, type: number, help: number, unit: number) =>
    bytesField(
      5,
      bytesField(1, [1, name]),
      sample(3),
      bytesField(5, varintField(1, type), varintField(3, help), varintField(4, unit)),
    );
  const requests = [
    [of(2, 1, 3, 5)],
    [of(2, 1, 3, 5), of(7, 1, 3, 5)],
    [of(2, 1, 3, 5), of(7, 1, 4, 5), of(2, 2, 3, 5)],
    [of(2, 1, 3, 0), of(2, 1, 3, 5), of(2, 1, 3, 0)],
    [of(2, 1, 6, 5), of(7, 1, 3, 99), of(2, 0, 0, 0), of(2, 1, 3, 5)],
    [bytesField(5, bytesField(1, [1]), sample(1)), of(2, 7, 5, 4)],
  ];
  const random = seededRandom(3);
  for (let i = 0; i < 200; i++) {
    const message = concat(symbols, ...requests[random(requests.length)]!);
    const expected = plain.ingest(uncompressedBlock(message), 2);
    const ingested = knowing.ingest(uncompressedBlock(message), 2);
    assert.equal(textOf(ingested.lines), textOf(expected.lines));
    assert.deepEqual([ingested.written, ingested.refused], [expected.written, expected.refused]);
    assert.deepEqual(ingested.metadataKeys, expected.metadataKeys);
    if (random(4) > 0) continue;
    plain.remember(expected);
    knowing.remember(ingested);
  }
});
