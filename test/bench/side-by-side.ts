/** The whole program beside vmagent: the same bodies, a null end behind, CPU time from /proc. */
import { compressions } from "../../src/compression.ts";
import type { InputName } from "./inputs.ts";
import { type LoadSpec, runLoad } from "./load-process.ts";
import type { Figure } from "./measure.ts";
import { withNullServer } from "./null-end.ts";
import { cpuNsOfProcess, memoryMiBOf, untilIdle } from "./process-figures.ts";
import { type ReceiverKind, withReceiver } from "./receiver.ts";

export interface Contest {
  readonly kind: ReceiverKind;
  /** Of the sink and its compression; empty for vmagent. */
  readonly args: readonly string[];
  readonly name: string;
}

const senders = 16;
const warmupRequests = 300;
const requests = 1_000;
/** Requests of the corpus are a quarter as large. */
const corpusFactor = 4;

/** Ours into each sink with each compression; files are small ones, so that compressing them is in the figure. */
const sinks: readonly (readonly [string, readonly string[]])[] = [
  ["kinesis", ["--sink", "kinesis:bench"]],
  ["firehose", ["--sink", "firehose:bench"]],
  ["file", ["--sink", "file:archive", "--rotate-bytes", "16MiB"]],
];

/** Every receiver with every sink. */
export function contestsOf(kinds: readonly ReceiverKind[]): readonly Contest[] {
  return kinds.flatMap<Contest>((kind) =>
    kind === "vmagent"
      ? [{ kind, args: [], name: "relay" }]
      : sinks.flatMap(([sink, args]) =>
          compressions.map((name) => ({
            kind,
            name: `${sink} ${name}`,
            args: [...args, "--compression", name],
          })),
        ),
  );
}

/** One fresh process of it. */
export async function measureBesides(
  { kind, args, name }: Contest,
  input: InputName,
  scheme: "http" | "https" = "http",
): Promise<Figure> {
  return await withNullServer(scheme, ({ url: nullUrl }) =>
    withReceiver({ kind, args, nullUrl }, async ({ url, pid }) => {
      const factor = input === "corpus" ? corpusFactor : 1;
      const load: LoadSpec = { url, input, senders };
      await runLoad({ ...load, requests: factor * warmupRequests });
      await untilIdle(pid);
      const startNs = cpuNsOfProcess(pid);
      const { samples, seconds, p50Ms, p99Ms } = await runLoad({ ...load, requests: factor * requests });
      await untilIdle(pid);
      const cpuNsPerSample = (cpuNsOfProcess(pid) - startNs) / samples;
      return {
        figure: scheme === "http" ? "program" : "program over TLS",
        part: name,
        input,
        runtime: kind,
        values: {
          cpuNsPerSample,
          cpuSecondsPerMillion: cpuNsPerSample / 1_000,
          samplesPerCoreSecond: 1e9 / cpuNsPerSample,
          samplesPerSecond: samples / seconds,
          rssPeakMiB: memoryMiBOf(pid).peak,
          ...{ p50Ms, p99Ms },
        },
      };
    }),
  );
}
