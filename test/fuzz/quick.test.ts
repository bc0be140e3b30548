/** The quick way through ordinary series and the plain one make the same of any request, whatever came before. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { systemClock } from "../../src/clock.ts";
import { RequestError } from "../../src/errors.ts";
import { Ingest } from "../../src/http/ingest.ts";
import { createMetrics } from "../../src/metrics.ts";
import { fuzz } from "../support/fuzz.ts";
import { uncompressedBlock } from "../support/fuzz-write.ts";
import { ordinaryRequests } from "../support/ordinary-requests.ts";

const decoder = new TextDecoder("latin1");

function ingestWith(knownSeriesBytes: number): Ingest {
  const metrics = createMetrics({ version: "test", runtime: "test" });
  const limits = { decodedBytesMax: 8 << 20, lineBytesMax: 1_500, linesBytesMax: 1 << 20 };
  return new Ingest({ clock: systemClock, metrics, ...limits, knownSeriesBytes });
}

/** What the request becomes, or why it is refused; `remember`: it is durable. */
function outcome(ingest: Ingest, message: Uint8Array, version: 1 | 2, remember: boolean): string {
  try {
    const ingested = ingest.ingest(uncompressedBlock(message), version);
    if (remember) ingest.remember(ingested);
    return `${JSON.stringify([ingested.written, ingested.refused])}\n${decoder.decode(ingested.lines)}`;
  } catch (error) {
    assert.ok(error instanceof RequestError, String(error));
    return error.message;
  }
}

for (const version of [1, 2] as const) {
  test(`ordinary requests of ${version}.0 and what is near them become the same lines both ways`, () => {
    const plain = ingestWith(0);
    // Room for all series, for some, and for hardly any.
    const quick = [1 << 20, 30_000, 2_000].map(ingestWith);
    fuzz({
      target: `quick-v${version}`,
      corpus: ordinaryRequests(version, 400, version),
      check(message) {
        const remember = message.length % 2 === 0;
        const expected = outcome(plain, message, version, remember);
        for (const ingest of quick) assert.ok(outcome(ingest, message, version, remember) === expected);
      },
    });
  });
}
