import assert from "node:assert/strict";
import { decodeLine } from "../../src/line/decode.ts";
import type { Line } from "../../src/model/line.ts";
import { snappyCompress } from "./snappy-compress.ts";
import { testApp, v2ContentType } from "./test-app.ts";
import type { Expected } from "./write-request-oracle.ts";

/** Posts the message and holds status, headers, text and lines against `expected`; `ordered`: also their order. */
export async function assertReceived(
  message: Uint8Array,
  version: 1 | 2,
  expected: Expected,
  ordered = true,
): Promise<void> {
  const { post, sink } = testApp({ lingerMs: 0 });
  const headers: Record<string, string> = version === 2 ? { "content-type": v2ContentType } : {};
  const response = await post(snappyCompress(message), headers);
  const text = await response.text();
  assert.equal(response.status, expected.refused === 0 ? 204 : 400, text);
  assert.ok(new TextEncoder().encode(text).length < 2_048, "the answer is bounded");
  const encoder = new TextEncoder();
  const lines = sink.lines().map((line) => decodeLine(encoder.encode(line)));
  assert.deepEqual(arranged(lines, ordered), arranged(expected.lines, ordered));
  for (const kind of ["Samples", "Histograms", "Exemplars"] as const) {
    const count = expected.written[kind.toLowerCase() as "samples" | "histograms" | "exemplars"];
    const header = response.headers.get(`X-Prometheus-Remote-Write-${kind}-Written`);
    assert.equal(header, version === 2 ? String(count) : null, kind);
  }
}

/** Plain objects, sorted by their text where the order is open. */
function arranged(lines: readonly Line[], ordered: boolean): readonly unknown[] {
  if (ordered) return lines;
  const text = (line: Line) =>
    JSON.stringify(line, (_, value: unknown) => {
      if (typeof value === "bigint") return `${value}n`;
      return Object.is(value, -0) ? "-0" : typeof value === "number" ? String(value) : value;
    });
  return lines
    .map((line) => ({ line, text: text(line) }))
    .sort((a, b) => (a.text < b.text ? -1 : a.text > b.text ? 1 : 0))
    .map(({ line }) => line);
}
