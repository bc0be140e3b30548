/** From what is put in a day to what it costs. */
import { type Billing, unitBytes } from "./billing.ts";
import { gigabyteBytes, type Prices, type Tier } from "./prices.ts";

/** A day of a sink. */
export interface DailyUsage {
  /** As `billing` counts them. */
  readonly billedBytes: number;
  /** S3: requests that are billed as PUT. */
  readonly requests: number;
  /** Provisioned Kinesis: open shards. */
  readonly shards: number;
}

export interface DailyDollars {
  /** For what is put. */
  readonly usage: number;
  /** For having the stream: shard-hours or stream-hours, whatever is put. */
  readonly capacity: number;
}

const hoursPerDay = 24;
/** AWS reckons a month as 730 hours. */
export const daysPerMonth = 730 / hoursPerDay;

/** What a day costs. */
export function dollarsPerDay(billing: Billing, day: DailyUsage, prices: Prices): DailyDollars {
  const { kinesis, firehose, s3 } = prices;
  switch (billing) {
    case "kinesis_provisioned": {
      const units = day.billedBytes / unitBytes[billing];
      return {
        usage: (units / 1e6) * kinesis.dollarsPerMillionPutUnits,
        capacity: day.shards * hoursPerDay * kinesis.dollarsPerShardHour,
      };
    }
    case "kinesis_on_demand":
      return {
        usage: (day.billedBytes / gigabyteBytes) * kinesis.dollarsPerGigabyteIn,
        capacity: hoursPerDay * kinesis.dollarsPerStreamHour,
      };
    case "firehose": {
      const monthly = tiered((day.billedBytes / gigabyteBytes) * daysPerMonth, firehose);
      return { usage: monthly / daysPerMonth, capacity: 0 };
    }
    case "s3":
      return { usage: (day.requests / 1000) * s3.dollarsPerThousandPuts, capacity: 0 };
  }
}

/** What keeping so many bytes in S3 Standard costs a month. */
export function storageDollarsPerMonth(bytes: number, { s3 }: Prices): number {
  return (bytes / gigabyteBytes) * s3.dollarsPerGigabyteMonth;
}

/** What `gigabytes` of a month cost where each tier has its own price. */
function tiered(gigabytes: number, tiers: readonly Tier[]): number {
  let left = gigabytes;
  let dollars = 0;
  for (const tier of tiers) {
    const here = Math.min(left, tier.gigabytes);
    dollars += here * tier.dollarsPerGigabyte;
    left -= here;
  }
  return dollars;
}
