/** One fresh process of the bench, under whichever runtime started it: `child.ts FIGURE INPUT`. */
import process from "node:process";
import { measureGate } from "./gate.ts";
import { measureGrowth, measureGrowthOverTime } from "./growth.ts";
import { measureHttp } from "./http.ts";
import { measureIngest, measureIngestOverNetwork } from "./ingest.ts";
import { inputNamed } from "./inputs.ts";
import { measurePut } from "./put.ts";
import { measureStages } from "./stages.ts";

const [figure = "", input = ""] = process.argv.slice(2);
const { series } = inputNamed(input);

const measure: Readonly<Record<string, () => Promise<void>>> = {
  gate: () => measureGate(input),
  stages: () => measureStages(input),
  http: () => measureHttp(input),
  ingest: () => measureIngest(input, series),
  network: () => measureIngestOverNetwork(input),
  put: () => measurePut(input),
  growth: () => measureGrowth(input, series),
  time: () => measureGrowthOverTime(),
};

const run = measure[figure];
if (run === undefined)
  throw new RangeError(`no figure ${figure}: there are ${Object.keys(measure).join(", ")}`);
await run();
// Connections that are kept alive would hold it.
process.exit(0);
