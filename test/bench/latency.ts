/** How long senders wait for their ack at a fixed rate, whatever became of the requests before. */
import { runLoad } from "./load-process.ts";
import type { Figure } from "./measure.ts";
import { withNullServer } from "./null-end.ts";
import { cpuNsOfProcess, memoryMiBOf } from "./process-figures.ts";
import { type ReceiverKind, withReceiver } from "./receiver.ts";

/** Requests become smaller with the rate, as a Prometheus sends what it has after a while. */
export const rates = [
  { samplesPerSecond: 1_000, samplesPerRequest: 100 },
  { samplesPerSecond: 10_000, samplesPerRequest: 500 },
  { samplesPerSecond: 100_000, samplesPerRequest: 2_000 },
] as const;

const input = "rw1-100k";
const senders = 64;
const warmupSeconds = 3;
const seconds = 12;

/** Of the program with its defaults into Kinesis with gzip. */
export async function measureLatency(kind: ReceiverKind, rate: (typeof rates)[number]): Promise<Figure> {
  const args = ["--sink", "kinesis:bench", "--compression", "gzip"];
  return await withNullServer("http", ({ url: nullUrl }) =>
    withReceiver({ kind, args, nullUrl }, async ({ url, pid }) => {
      const load = { url, input, senders, ...rate } as const;
      await runLoad({ ...load, seconds: warmupSeconds });
      const startNs = cpuNsOfProcess(pid);
      const { samples, p50Ms, p99Ms, maxMs } = await runLoad({ ...load, seconds });
      const cpuNs = cpuNsOfProcess(pid) - startNs;
      return {
        figure: "latency",
        part: `${rate.samplesPerSecond} samples/s`,
        input,
        runtime: kind,
        values: {
          ...{ p50Ms, p99Ms, maxMs },
          cpuNsPerSample: cpuNs / samples,
          coresUsed: cpuNs / 1e9 / seconds,
          rssPeakMiB: memoryMiBOf(pid).peak,
        },
      };
    }),
  );
}
