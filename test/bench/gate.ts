/** The short form: the least that the hot path takes, as ratios to the floor that are steady on a noisy machine. */
import { floor } from "./floor.ts";
import { type Contender, compare, report } from "./measure.ts";
import { nullKinesis } from "./null-aws.ts";
import { createPipeline } from "./pipeline.ts";
import { createIngest, type Round, roundsOf } from "./rounds.ts";

const warmups = 10;
const counted = 20;
const requests = 20;

/** Bodies to lines, and the whole way with gzip: the best round of each against the best of the floor. */
export async function measureGate(input: string): Promise<void> {
  const taken = await compare(
    [floor, lines(), whole()],
    roundsOf(input, warmups + counted, requests),
    warmups,
  );
  const least = (name: string) => Math.min(...(taken.get(name) ?? []));
  for (const part of ["lines", "whole"]) {
    const values = { cpuNsPerSample: least(part), toFloor: least(part) / least(floor.name) };
    report({ figure: "gate", ...{ part, input, values } });
  }
}

function lines(): Contender<Round> {
  const ingest = createIngest();
  return {
    name: "lines",
    run({ bodies }) {
      for (const { body, version } of bodies) {
        ingest.ingest(body, version);
        ingest.release();
      }
    },
  };
}

function whole(): Contender<Round> {
  const pipeline = createPipeline(nullKinesis(), "gzip");
  return { name: "whole", run: ({ bodies }) => pipeline.ingest(bodies) };
}
