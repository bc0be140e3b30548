/** The short form: the least that the hot path takes, as ratios that are steady on a noisy machine. */
import { floorGzip } from "./floor.ts";
import { type Contender, compare, report } from "./measure.ts";
import { nullKinesis } from "./null-aws.ts";
import { createPipeline } from "./pipeline.ts";
import { createIngest, type Round, roundsOf } from "./rounds.ts";

/** A full batch, and milliseconds for each contender: short enough to meet a quiet moment. */
const requestsPerRound = 6;
const differentRounds = 20;
const warmups = 40;
const counted = 100;

/**
 * Bodies to lines, and the whole way with gzip, by the part of the floor that allocates nothing: zlib level 1. Of each
 * the round at the tenth percentile counts.
 */
export async function measureGate(input: string): Promise<void> {
  const rounds = [...roundsOf(input, differentRounds, requestsPerRound)];
  const turns = Array.from({ length: warmups + counted }, (_, nth) => rounds[nth % rounds.length]!);
  const taken = await compare([floorGzip, lines(), whole()], turns, warmups);
  const least = (name: string) => {
    const ordered = [...(taken.get(name) ?? [])].sort((a, b) => a - b);
    return ordered[Math.floor(ordered.length / 10)] ?? Number.NaN;
  };
  for (const part of ["lines", "whole"]) {
    const values = { cpuNsPerSample: least(part), toZlib: least(part) / least(floorGzip.name) };
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
