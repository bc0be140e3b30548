/** 100,000 samples a second of 100,000 series, on one core, for as long as it is told: memory and CPU over time. */
import { setTimeout as sleep } from "node:timers/promises";
import { runLoad } from "./load-process.ts";
import { type Figure, median } from "./measure.ts";
import { withNullServer } from "./null-end.ts";
import { cpuNsOfProcess, memoryMiBOf } from "./process-figures.ts";
import { bindToOneCore, type ReceiverKind, withReceiver } from "./receiver.ts";

const samplesPerSecond = 100_000;
const input = "rw1-100k";
const senders = 64;
/** Memory is not flat before it was full once. */
const warmupSeconds = 20;
const looks = 40;

/** Tells a figure for each look, and that of the whole at the end. */
export async function measureSoak(
  kind: ReceiverKind,
  seconds: number,
  tell: (figure: Figure) => void,
): Promise<void> {
  const args = ["--sink", "kinesis:bench", "--compression", "gzip"];
  await withNullServer("http", ({ url: nullUrl }) =>
    withReceiver({ kind, args, nullUrl }, async ({ url, pid }) => {
      const isBound = bindToOneCore(pid);
      const load = { url, input, senders, samplesPerSecond } as const;
      await runLoad({ ...load, seconds: warmupSeconds });
      const series: { readonly rssMiB: number }[] = [];
      const startNs = cpuNsOfProcess(pid);
      const startedMs = performance.now();
      const sending = runLoad({ ...load, seconds });
      const over = sending.then(
        () => true,
        () => true,
      );
      for (let beforeNs = startNs, beforeMs = startedMs; ; ) {
        if ((await Promise.race([over, sleep((seconds * 1_000) / looks)])) === true) break;
        const [nowNs, nowMs] = [cpuNsOfProcess(pid), performance.now()];
        const values = {
          second: (nowMs - startedMs) / 1_000,
          rssMiB: memoryMiBOf(pid).rss,
          cores: (nowNs - beforeNs) / 1e6 / (nowMs - beforeMs),
        };
        series.push(values);
        tell({ figure: "soak", part: "series", input, runtime: kind, values });
        [beforeNs, beforeMs] = [nowNs, nowMs];
      }
      const { samples, p50Ms, p99Ms, maxMs } = await sending;
      const rss = series.map(({ rssMiB }) => rssMiB);
      const fifth = Math.ceil(rss.length / 5);
      const [first, last] = [median(rss.slice(0, fifth)), median(rss.slice(-fifth))];
      const values = {
        seconds,
        samplesPerSecond: samples / seconds,
        onOneCore: isBound ? 1 : 0,
        cores: (cpuNsOfProcess(pid) - startNs) / 1e9 / seconds,
        rssPeakMiB: memoryMiBOf(pid).peak,
        rssFirstFifthMiB: first,
        rssLastFifthMiB: last,
        ...{ p50Ms, p99Ms, maxMs },
      };
      tell({ figure: "soak", part: "whole", input, runtime: kind, values });
    }),
  );
}
