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
const seriesV1Tag = 0x0a;

function ingestWith(knownSeriesBytes: number) {
  const metrics = createMetrics({ version: "test", runtime: "test" });
  const limits = { decodedBytesMax: 8 << 20, lineBytesMax: 1_500, linesBytesMax: 1 << 20 };
  return { metrics, ingest: new Ingest({ clock: systemClock, metrics, ...limits, knownSeriesBytes }) };
}

/** What the request becomes, or why it is refused; `remember`: it is durable. */
function outcome(ingest: Ingest, message: Uint8Array, version: 1 | 2, remember: boolean): string {
  try {
    const ingested = ingest.ingest(uncompressedBlock(message), version);
    if (remember) ingest.remember(ingested);
    const { written, refused, metadataKeys, lines } = ingested;
    return `${JSON.stringify([written, refused, [...metadataKeys]])}\n${decoder.decode(lines)}`;
  } catch (error) {
    assert.ok(error instanceof RequestError, String(error));
    return error.message;
  }
}

const [ofV1, ofV2] = ([1, 2] as const).map((version) => ordinaryRequests(version, 400, version));
for (const { versions, corpus } of [
  { versions: "1", corpus: ofV1 ?? [] },
  { versions: "2", corpus: ofV2 ?? [] },
  { versions: "1-and-2", corpus: [...(ofV1 ?? []), ...(ofV2 ?? [])] },
]) {
  test(`ordinary requests and what is near them become the same lines both ways, version ${versions}`, async () => {
    const plain = ingestWith(0);
    // Room for all series, for some, and for hardly any.
    const quick = [8 << 20, 30_000, 2_000].map(ingestWith);
    fuzz({
      target: `quick-v${versions}`,
      corpus,
      check(message) {
        const version = versions === "1" || (versions !== "2" && message[0] === seriesV1Tag) ? 1 : 2;
        const remember = message.length % 2 === 0;
        const expected = outcome(plain.ingest, message, version, remember);
        for (const { ingest } of quick) {
          assert.ok(outcome(ingest, message, version, remember) === expected);
        }
      },
    });
    const counted = await plain.metrics.text();
    for (const { metrics } of quick) assert.equal(await metrics.text(), counted);
  });
}
