/** What the sink costs, estimated from what was put in the last hour. */
import { type Billing, billings, shardsFor } from "../bill/billing.ts";
import { dollarsPerDay, storageDollarsPerMonth } from "../bill/dollars.ts";
import { type Counts, LastHour } from "../bill/hour.ts";
import { pricesOf } from "../bill/prices.ts";
import type { Metrics } from "../metrics.ts";
import type { Surroundings } from "./surroundings.ts";

export interface BillWatch {
  /** Brings the gauges up to date. */
  observe(): Promise<void>;
  close(): void;
}

const lookIntervalMs = 60_000;
const secondsPerDay = 86_400;
/** What S3 bills as PUT; it bills requests that fail as well. An abort is free, a head costs a twelfth. */
const putLike: readonly unknown[] = ["put", "create", "part", "complete", "list"];

/** How the configured sink may be billed. */
const billingsOf: Readonly<Record<Surroundings["config"]["sink"]["kind"], readonly Billing[]>> = {
  kinesis: ["kinesis_provisioned", "kinesis_on_demand"],
  firehose: ["firehose"],
  s3: ["s3"],
  file: [],
};

/** Looks at the counters once a minute. The region is the one that is named: `plan` tells whose prices there are. */
export function watchBill({
  config,
  platform: { env },
  clock,
  metrics,
}: Pick<Surroundings, "config" | "clock" | "metrics"> & {
  readonly platform: Pick<Surroundings["platform"], "env">;
}): BillWatch {
  const { kind } = config.sink;
  const prices = pricesOf(config.region ?? env["AWS_REGION"] ?? env["AWS_DEFAULT_REGION"]);
  const hour = new LastHour();
  let isClosed = false;
  let cancel = () => {};
  metrics.bill.startTime.set(clock.now() / 1000);
  metrics.bill.sinkInfo.set({ sink: kind, compression: config.compression }, 1);

  const look = async (): Promise<Counts> => {
    const counts = await countsOf(metrics);
    hour.see(clock.monotonicMs(), counts);
    return counts;
  };
  const lookAgain = async (): Promise<void> => {
    await look();
    if (!isClosed) cancel = clock.after(lookIntervalMs, () => void lookAgain());
  };
  const begun = lookAgain();

  return {
    async observe() {
      await begun;
      const counts = await look();
      const { windowMs, perSecond } = hour.growth(clock.monotonicMs(), counts);
      metrics.bill.windowSeconds.set(windowMs / 1000);
      const openShards = (await metrics.kinesisShards.get()).values[0]?.value ?? 0;
      const { records = 0, sentBytes = 0, requests = 0 } = perSecond;
      for (const billing of billingsOf[kind]) {
        const { usage, capacity } = dollarsPerDay(
          billing,
          {
            billedBytes: (perSecond[billing] ?? 0) * secondsPerDay,
            requests: requests * secondsPerDay,
            shards: openShards > 0 ? openShards : shardsFor(records, sentBytes),
          },
          prices,
        );
        metrics.bill.dollarsPerDay.set({ billing, part: "usage" }, usage);
        metrics.bill.dollarsPerDay.set({ billing, part: "capacity" }, capacity);
      }
      if (kind !== "s3") return;
      metrics.bill.storageDollarsPerMonth.set(storageDollarsPerMonth(sentBytes * secondsPerDay, prices));
    },
    close() {
      isClosed = true;
      cancel();
    },
  };
}

async function countsOf({ puts, s3Requests }: Metrics): Promise<Counts> {
  const billed = (await puts.billedBytes.get()).values;
  const s3 = (await s3Requests.get()).values.filter(({ labels }) => putLike.includes(labels["operation"]));
  const sum = (values: readonly { readonly value: number }[]) =>
    values.reduce((all, { value }) => all + value, 0);
  const byBilling = billings.map((name) => [
    name,
    sum(billed.filter(({ labels }) => labels["billing"] === name)),
  ]);
  return {
    ...Object.fromEntries(byBilling),
    records: sum((await puts.recordsPut.get()).values),
    sentBytes: sum((await puts.sentBytes.get()).values),
    requests: sum(s3),
  };
}
