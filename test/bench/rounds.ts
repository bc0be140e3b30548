/** What contenders are fed with: the next requests of an input, and the lines they become. */
import { systemClock } from "../../src/clock.ts";
import { Ingest } from "../../src/http/ingest.ts";
import { createMetrics } from "../../src/metrics.ts";
import { inputNamed } from "./inputs.ts";
import { requestsOf, samplesIn, take, type WriteBody } from "./requests.ts";

export interface Round {
  readonly bodies: readonly WriteBody[];
  /** The lines of all of them, in whole lines of about a mebibyte: the size of a record before compression. */
  readonly records: readonly Uint8Array[];
  readonly samples: number;
}

export const requestsPerRound = 50;
const recordBytes = 1024 * 1024;

/** The real way from bodies to lines, with state of its own. */
export function createIngest(): Ingest {
  return new Ingest({
    clock: systemClock,
    metrics: createMetrics({ version: "bench", runtime: "bench" }),
    decodedBytesMax: 32 << 20,
    lineBytesMax: 1 << 20,
    linesBytesMax: 128 << 20,
  });
}

/** `count` rounds of an input. A round is made when it is its turn, so that a million series take little memory. */
export function* roundsOf(inputName: string, count: number, requests = requestsPerRound): Generator<Round> {
  const source = requestsOf(inputNamed(inputName));
  const ingest = createIngest();
  for (let nth = 0; nth < count; nth++) {
    const bodies = take(source, requests);
    yield { bodies, records: recordsOf(bodies, ingest), samples: samplesIn(bodies) };
  }
}

function recordsOf(bodies: readonly WriteBody[], ingest: Ingest): Uint8Array[] {
  const records: Uint8Array[] = [];
  let parts: Uint8Array[] = [];
  let bytes = 0;
  const close = () => {
    if (bytes > 0) records.push(new Uint8Array(Buffer.concat(parts)));
    parts = [];
    bytes = 0;
  };
  for (const { body, version } of bodies) {
    const { lines } = ingest.ingest(body, version);
    if (bytes + lines.length > recordBytes) close();
    parts.push(lines.slice());
    bytes += lines.length;
    ingest.release();
  }
  close();
  return records;
}
