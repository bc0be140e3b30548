/** Cost per sample as series, samples of a series, and time grow: it has to stay flat. */
import { floor } from "./floor.ts";
import { type Contender, compare, median, medianRatio, report } from "./measure.ts";
import { nullKinesis } from "./null-aws.ts";
import { createPipeline } from "./pipeline.ts";
import { type Round, requestsPerRound, roundsOf } from "./rounds.ts";

const warmups = 3;
const counted = 7;

/** From 10,000 series to a million, and from one to 1,000 samples of a series in one request. */
export async function measureGrowth(input: string, series: number): Promise<void> {
  const warm = Math.max(warmups, Math.ceil(series / 2_000 / requestsPerRound));
  const taken = await compare([floor, gzip()], roundsOf(input, warm + counted), warm);
  const values = taken.get("gzip") ?? [];
  report({
    ...{ figure: "growth", part: "gzip", input },
    values: { cpuNsPerSample: median(values), toFloor: medianRatio(values, taken.get(floor.name) ?? []) },
  });
}

/** The same 2,000 series for 1,000 scrapes: the last hundred against the first that are warm. */
export async function measureGrowthOverTime(): Promise<void> {
  const input = "rw1-2k";
  const scrapes = 1_000;
  const perRound = 10;
  const taken = await compare([floor, gzip()], roundsOf(input, scrapes / perRound, perRound), 0);
  const [floors, values] = [taken.get(floor.name) ?? [], taken.get("gzip") ?? []];
  for (const [part, from, to] of [
    ["scrapes 101 to 200", 10, 20],
    ["scrapes 901 to 1000", 90, 100],
  ] as const) {
    const own = values.slice(from, to);
    report({
      ...{ figure: "growth", part, input },
      values: { cpuNsPerSample: median(own), toFloor: medianRatio(own, floors.slice(from, to)) },
    });
  }
}

function gzip(): Contender<Round> {
  const pipeline = createPipeline(nullKinesis(), "gzip");
  return { name: "gzip", run: ({ bodies }) => pipeline.ingest(bodies) };
}
