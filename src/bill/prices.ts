/**
 * What AWS asks, in US dollars without tax, as it stood in 2026-11. Not in here, because nothing of it is ours: what
 * readers pay (on-demand streams, S3), longer retention, KMS, and the transfer of data, which is free into all of them.
 */

export interface Tier {
  /** GB of a month that this price holds for, behind those of the tiers before. */
  readonly gigabytes: number;
  readonly dollarsPerGigabyte: number;
}

export interface Prices {
  readonly region: string;
  /** Year and month in which they were looked up. */
  readonly asOf: string;
  /** https://aws.amazon.com/kinesis/data-streams/pricing/ */
  readonly kinesis: {
    readonly dollarsPerShardHour: number;
    readonly dollarsPerMillionPutUnits: number;
    /** On-demand Standard. */
    readonly dollarsPerStreamHour: number;
    readonly dollarsPerGigabyteIn: number;
  };
  /** Direct PUT, and a Kinesis stream as the source. https://aws.amazon.com/firehose/pricing/ */
  readonly firehose: readonly Tier[];
  /** Standard, first 50 TB. https://aws.amazon.com/s3/pricing/ */
  readonly s3: {
    /** PUT, COPY, POST, LIST. */
    readonly dollarsPerThousandPuts: number;
    readonly dollarsPerGigabyteMonth: number;
  };
}

/** A GB of AWS's price lists. */
export const gigabyteBytes = 2 ** 30;
const terabyteGigabytes = 1024;

/** The tiers of Firehose above 500 TB a month, and only they, could not be checked against a second source. */
const virginia: Prices = {
  region: "us-east-1",
  asOf: "2026-11",
  kinesis: {
    dollarsPerShardHour: 0.015,
    dollarsPerMillionPutUnits: 0.014,
    dollarsPerStreamHour: 0.04,
    dollarsPerGigabyteIn: 0.08,
  },
  firehose: [
    { gigabytes: 500 * terabyteGigabytes, dollarsPerGigabyte: 0.029 },
    { gigabytes: 1_500 * terabyteGigabytes, dollarsPerGigabyte: 0.025 },
    { gigabytes: Number.POSITIVE_INFINITY, dollarsPerGigabyte: 0.02 },
  ],
  s3: { dollarsPerThousandPuts: 0.005, dollarsPerGigabyteMonth: 0.023 },
};

/** Regions that AWS charges for as it does for us-east-1 (unverified for the price of each single service). */
const asVirginia: readonly string[] = ["us-east-1", "us-east-2", "us-west-2"];

/**
 * The prices of `region`; those of us-east-1 where they are not known, which most regions exceed by 5 to 50 %:
 * `region` of the answer says whose they are.
 */
export function pricesOf(region: string | undefined): Prices {
  return region !== undefined && asVirginia.includes(region) ? { ...virginia, region } : virginia;
}
