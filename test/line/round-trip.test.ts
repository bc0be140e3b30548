import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { decodeLine } from "../../src/line/decode.ts";
import { LineEncoder } from "../../src/line/encode.ts";
import type { Line } from "../../src/model/line.ts";
import { ByteWriter } from "../../src/wire/byte-writer.ts";
import {
  arbitraryFloat64,
  arbitraryInt64,
  arbitraryLabels,
  arbitraryLine,
} from "../support/arbitrary-line.ts";
import { encodeLine, encodeLines, halves, labelSet } from "../support/encode-line.ts";

const strictUtf8 = new TextDecoder("utf-8", { fatal: true });

test("decode(encode(x)) is x, bit for bit, for every line", () => {
  fc.assert(
    fc.property(arbitraryLine, (line) => {
      const encoded = encodeLines([line]);
      assert.ok(encoded !== undefined);
      assert.deepEqual(decodeLine(encoded), line);
    }),
    { numRuns: 2_000 },
  );
});

test("every line is one line of JSON that JSON.parse takes", () => {
  fc.assert(
    fc.property(fc.array(arbitraryLine, { minLength: 1, maxLength: 5 }), (lines) => {
      const texts = strictUtf8.decode(encodeLines(lines)).split("\n");
      assert.equal(texts.pop(), "");
      assert.equal(texts.length, lines.length);
      for (const [i, text] of texts.entries()) {
        const parsed = JSON.parse(text) as { name: string; labels?: Record<string, string> };
        assert.equal(parsed.name, lines[i]?.name);
        const pairs = lines[i]?.labels?.map(({ name, value }) => [name, value]);
        assert.deepEqual(parsed.labels, pairs && JSON.parse(JSON.stringify(Object.fromEntries(pairs))));
      }
    }),
    { numRuns: 500 },
  );
});

test("further samples of a series repeat its head and labels and nothing else", () => {
  const sample = fc.record({ time: arbitraryInt64, start: arbitraryInt64, value: arbitraryFloat64 });
  fc.assert(
    fc.property(arbitraryLabels, fc.array(sample, { minLength: 1, maxLength: 5 }), (labels, samples) => {
      const encoder = new LineEncoder(new ByteWriter(1 << 20), 1 << 20);
      encoder.startSeries(labelSet(labels));
      for (const { time, start, value } of samples) assert.ok(encoder.sample(...halves(value), time, start));
      const name = labels.find((label) => label.name === "__name__")?.value ?? "";
      const apart: Line[] = samples.map((s) => ({ kind: "sample", name, labels, ...s }));
      assert.deepEqual(encoder.out.written(), encodeLines(apart));
    }),
    { numRuns: 500 },
  );
});

test("a line at the limit is kept, one byte over it leaves nothing and spoils nothing after it", () => {
  const small: Line = {
    kind: "sample",
    name: "a",
    labels: [{ name: "__name__", value: "a" }],
    time: 1,
    start: 0,
    value: 2,
  };
  fc.assert(
    fc.property(arbitraryLine, (line) => {
      const encoded = encodeLines([line]) ?? assert.fail("no limit here");
      assert.deepEqual(encodeLines([line], encoded.length), encoded);
      const limit = Math.max(encoded.length - 1, 80);
      const encoder = new LineEncoder(new ByteWriter(1 << 22), limit);
      assert.equal(encodeLine(encoder, line), encoded.length <= limit);
      encoder.out.length = 0;
      assert.ok(encodeLine(encoder, small));
      assert.deepEqual(encoder.out.written(), encodeLines([small]));
    }),
    { numRuns: 300 },
  );
});
