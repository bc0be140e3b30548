/** The whole ingest through the real app, batcher and Kinesis sink, beside the floor and the naive program. */
import { type Compression, compressions } from "../../src/compression.ts";
import { floor } from "./floor.ts";
import { type Contender, compare, median, medianRatio, report } from "./measure.ts";
import { naive } from "./naive.ts";
import { kinesisOver, nullClient, nullKinesis } from "./null-aws.ts";
import { type NullServer, withNullServer } from "./null-end.ts";
import { createPipeline } from "./pipeline.ts";
import type { Round } from "./rounds.ts";
import { requestsPerRound, roundsOf } from "./rounds.ts";

const warmups = 4;
const counted = 7;

/** Into an AWS without a network. `yardsticks`: the naive program too, which takes its time. */
export async function measureIngest(input: string, series: number): Promise<void> {
  const ours = compressions.map((name) => contender(name, createPipeline(nullKinesis(), name)));
  // A million series are new until they came once.
  const warm = Math.max(warmups, Math.ceil(series / 2_000 / requestsPerRound));
  const taken = await compare([floor, naive, ...ours], roundsOf(input, warm + counted), warm);
  reportAll("ingest", input, taken);
}

/** Into a server of loopback in another process, with and without TLS. */
export async function measureIngestOverNetwork(input: string): Promise<void> {
  for (const scheme of ["http", "https"] as const) {
    await withNullServer(scheme, async (server) => {
      const ours = compressions.map((name) => contender(name, createPipeline(over(server), name)));
      const taken = await compare([floor, ...ours], roundsOf(input, warmups + counted), warmups);
      reportAll(`ingest over ${scheme}`, input, taken);
    });
  }
}

function over({ url }: NullServer) {
  return kinesisOver(nullClient(fetch, new URL(url)));
}

function contender(name: Compression, { ingest }: ReturnType<typeof createPipeline>): Contender<Round> {
  return { name, run: ({ bodies }) => ingest(bodies) };
}

function reportAll(figure: string, input: string, taken: ReadonlyMap<string, readonly number[]>): void {
  const floors = taken.get(floor.name) ?? [];
  const naives = taken.get(naive.name);
  for (const [part, values] of taken) {
    const cpuNsPerSample = median(values);
    report({
      ...{ figure, part, input },
      values: {
        cpuNsPerSample,
        cpuSecondsPerMillion: cpuNsPerSample / 1_000,
        samplesPerCoreSecond: 1e9 / cpuNsPerSample,
        toFloor: medianRatio(values, floors),
        ...(naives === undefined ? {} : { toNaive: medianRatio(values, naives) }),
      },
    });
  }
}
