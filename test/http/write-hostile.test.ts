/** Requests whose few bytes would cost much time or memory: each is decided within seconds, whatever it says. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { snappyCompress } from "../support/snappy-compress.ts";
import { testApp, v2ContentType } from "../support/test-app.ts";
import {
  bytesField,
  concat,
  labelV1,
  type Part,
  repeated,
  symbolsV2,
} from "../support/write-request-bytes.ts";

const mebibyte = 1 << 20;
/** Without their guards, these requests take minutes to days, or gigabytes. */
const patienceMs = 20_000;
const messageBytes = 4 * mebibyte;
const linesBytesMax = 16 * mebibyte;

const nameOnly = concat([10, 2, 1, 2]);
const inSeriesV1 = (...parts: readonly Part[]) => bytesField(1, labelV1("__name__", "m"), ...parts);
const fill = (unit: Part) => repeated(unit, messageBytes);
const letters = (count: number) => new Uint8Array(count).fill(0x61);

/** Name, protocol version, message, the expected status and part of its text. */
const cases: readonly (readonly [string, 1 | 2, () => Uint8Array, number, RegExp])[] = [
  ["empty series", 1, () => fill([10, 0]), 400, /missing_metric_name: 0 items in 2097152 series/],
  ["empty samples", 1, () => inSeriesV1(fill([18, 0])), 413, /more than 16777216 bytes of lines/],
  ["empty histograms", 1, () => inSeriesV1(fill([34, 0])), 413, /bytes of lines/],
  ["samples of a refused series", 1, () => bytesField(1, fill([18, 0])), 400, /2097152 items in 1 series/],
  ["labels of one series", 1, () => bytesField(1, fill([10, 0])), 400, /line_too_long/],
  ["empty metadata", 1, () => fill([26, 0]), 400, /missing_metric_name: 2097152 items/],
  ["empty spans", 1, () => inSeriesV1(bytesField(4, fill([90, 0]))), 400, /line_too_long: 1 item/],
  ["deltas", 1, () => inSeriesV1(bytesField(4, bytesField(12, fill([0])))), 400, /line_too_long: 1 item/],
  ["unpacked deltas", 1, () => inSeriesV1(bytesField(4, fill([96, 0]))), 400, /line_too_long: 1 item/],
  [
    "samples of a series whose labels are too long for a line",
    1,
    () => bytesField(1, labelV1("__name__", new Uint8Array(200_000).fill(1)), fill([18, 0])),
    400,
    /line_too_long: 2097152 items/,
  ],
  [
    "samples that are one byte too long for a line, while the first one is not",
    1,
    () => {
      const besidesName = '{"name":"","time":0,"value":0,"labels":{"__name__":""}}\n'.length;
      const name = letters((mebibyte - besidesName) / 2);
      return bytesField(1, labelV1("__name__", name), [18, 0], fill([18, 2, 16, 10]));
    },
    400,
    /Refused 1048576 items, wrote 1\. line_too_long/,
  ],
  ["symbols", 2, () => fill([34, 0]), 400, /more than 1048576 symbols/],
  [
    "series without items, by the name of a long symbol",
    2,
    () => concat(symbolsV2("", "__name__", letters(mebibyte - 100)), fill(bytesField(5, nameOnly))),
    413,
    /bytes of lines/,
  ],
  [
    "series with a long symbol that ends in a byte that is not UTF-8",
    2,
    () =>
      concat(symbolsV2("", "__name__", concat(letters(mebibyte - 100), [255])), fill([42, 4, ...nameOnly])),
    413,
    /bytes of lines/,
  ],
  [
    "unsorted labels with long names that are nearly the same",
    2,
    () => {
      const names = Array.from({ length: 60 }, (_, i) => concat(letters(16_000), [100 - i]));
      const refs = names.flatMap((_, i) => [i + 1, 0]);
      return concat(symbolsV2("", ...names), fill(bytesField(5, bytesField(1, refs))));
    },
    413,
    /bytes of lines/,
  ],
  [
    "help by a long symbol",
    2,
    () =>
      concat(
        symbolsV2("", "__name__", "m", concat(letters(mebibyte - 100), [255])),
        fill(bytesField(5, nameOnly, [42, 2, 24, 3])),
      ),
    413,
    /bytes of lines/,
  ],
  [
    "exemplars with labels by a long symbol",
    2,
    () =>
      concat(
        symbolsV2("", "__name__", "m", letters(mebibyte - 100)),
        bytesField(5, nameOnly, fill(bytesField(4, [10, 2, 1, 3]))),
      ),
    413,
    /bytes of lines/,
  ],
  [
    "unsorted labels after a series with very many",
    2,
    () => {
      const names = Array.from({ length: 65 }, (_, i) => `n${i}`);
      const refs = names.flatMap((_, i) => [65 - i, 0]);
      const many = bytesField(5, bytesField(1, repeated([1, 0], 200_000)));
      return concat(symbolsV2("", ...names), many, fill(bytesField(5, bytesField(1, refs))));
    },
    400,
    /missing_metric_name/,
  ],
];

for (const [name, version, message, status, text] of cases) {
  test(`millions of small parts are decided soon: ${name} (${version}.0)`, async () => {
    const { post } = testApp({ pendingBytesMax: linesBytesMax });
    const body = snappyCompress(message());
    const startedMs = performance.now();
    const response = await post(body, version === 2 ? { "content-type": v2ContentType } : {});
    const tookMs = performance.now() - startedMs;
    const answer = await response.text();
    assert.equal(response.status, status, answer);
    assert.match(answer, text);
    assert.ok(new TextEncoder().encode(answer).length < 2_048, "the answer is bounded");
    assert.ok(tookMs < patienceMs, `decided after ${tookMs} ms`);
  });
}
