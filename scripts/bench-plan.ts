/** What `npm run bench` measures: a list of fresh processes. */
import { type InputName, inputNames } from "../test/bench/inputs.ts";
import { measureLatency, rates } from "../test/bench/latency.ts";
import type { Figure } from "../test/bench/measure.ts";
import { type ReceiverKind, reasonToSkip } from "../test/bench/receiver.ts";
import { type Contest, contestsOf, measureBesides } from "../test/bench/side-by-side.ts";
import { measureStartup } from "../test/bench/startup.ts";
import { runChild } from "./bench-process.ts";
import { findRuntime, runtimeNames } from "./test-runtimes.ts";

export interface Task {
  readonly name: string;
  readonly measure: () => Promise<readonly Figure[]>;
}

export interface Wanted {
  /** All when there are none; the same for runtimes and inputs. */
  readonly figures: readonly string[];
  readonly runtimes: readonly string[];
  readonly inputs: readonly string[];
  /** Says what is left out and why. */
  readonly say: (text: string) => void;
}

export const receiverKinds = ["vmagent", "node", "bun", "deno", "binary"] as const;

/** Figures of processes that run the bench themselves, and the inputs that each is for. */
const inside: Readonly<Record<string, readonly InputName[]>> = {
  stages: ["corpus", "rw1-10k", "rw2-10k"],
  http: ["rw1-10k"],
  ingest: [
    "corpus",
    "rw1-10k",
    "rw1-100k",
    "rw2-100k",
    "rw2-10k-metadata",
    "rw1-10k-native",
    "rw2-10k-native",
  ],
  network: ["rw1-100k"],
  put: ["rw1-10k"],
  growth: inputNames.filter((name) => /^rw[12]-(10k|100k|1M|\d+-each)$/.test(name)),
  time: ["rw1-2k"],
};
const programInputs: readonly InputName[] = ["corpus", "rw1-100k"];
/** What else comes with a figure as it is asked for. */
const alsoOf: Readonly<Record<string, readonly string[]>> = { stages: ["http"], growth: ["time"] };

export const figureNames = [
  ...["stages", "ingest", "network", "put", "growth"],
  ...["program", "tls", "latency", "startup"],
] as const;

export function plan(wanted: Wanted): readonly Task[] {
  const figures = wanted.figures.length === 0 ? figureNames : wanted.figures;
  return figures.flatMap((figure) => {
    if (figure in inside)
      return [figure, ...(alsoOf[figure] ?? [])].flatMap((each) => planInside(each, wanted));
    return planOutside(figure, wanted);
  });
}

function planInside(figure: string, { runtimes, inputs, say }: Wanted): Task[] {
  const own = inside[figure] ?? [];
  const names =
    inputs.length === 0 || figure === "time" ? own : inputNames.filter((name) => inputs.includes(name));
  const wantedRuntimes = runtimeNames.filter((name) => runtimes.length === 0 || runtimes.includes(name));
  return names.flatMap((input) =>
    wantedRuntimes.flatMap((runtime) => {
      const found = findRuntime(runtime, ".");
      if (typeof found === "string") {
        say(`${figure} ${input} ${runtime}: not measured: ${found}`);
        return [];
      }
      return [{ name: `${figure} ${input} ${runtime}`, measure: () => runChild(runtime, figure, input) }];
    }),
  );
}

/** Sinks other than Kinesis differ in what they take, not in how runtimes and bodies differ. */
function isWorth({ kind, name }: Contest, input: InputName, scheme: "http" | "https"): boolean {
  if (kind === "vmagent" || name.startsWith("kinesis")) return true;
  return scheme === "http" && (kind === "bun" || kind === "binary") && input !== "corpus";
}

function planOutside(figure: string, { runtimes, inputs, say }: Wanted): Task[] {
  const kinds = receiverKinds.filter((kind) => {
    if (runtimes.length > 0 && !runtimes.includes(kind)) return false;
    const reason = reasonToSkip(kind);
    if (reason !== undefined) say(`${figure} ${kind}: not measured: ${reason}`);
    return reason === undefined;
  });
  const ours = kinds.filter((kind) => kind !== "vmagent");
  const task = (name: string, measure: () => Promise<Figure>): Task => ({
    name: `${figure} ${name}`,
    measure: async () => [await measure()],
  });
  if (figure === "startup") return ours.map((kind) => task(kind, () => measureStartup(kind)));
  if (figure === "latency") {
    return ours.flatMap((kind: ReceiverKind) =>
      rates.map((rate) => task(`${kind} ${rate.samplesPerSecond}/s`, () => measureLatency(kind, rate))),
    );
  }
  const scheme = figure === "tls" ? "https" : "http";
  const names = programInputs.filter((name) => inputs.length === 0 || inputs.includes(name));
  return (scheme === "https" ? names.slice(-1) : names).flatMap((input) =>
    contestsOf(scheme === "https" ? ours : kinds)
      .filter((contest) => isWorth(contest, input, scheme))
      .map((contest) =>
        task(`${contest.kind} ${contest.name} ${input}`, () => measureBesides(contest, input, scheme)),
      ),
  );
}
