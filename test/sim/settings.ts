/** What stays the same over all processes of a run. */
import type { SinkLimits } from "../../src/sink/sink.ts";
import type { Chance } from "./chance.ts";

export const topologies = ["direct", "file", "kinesis", "records", "objects", "kinesis records"] as const;
/** Where lines go: to a sink at once, or through a spool (`records`, `objects`, `kinesis records`). */
export type Topology = (typeof topologies)[number];

export interface SimSettings {
  readonly topology: Topology;
  readonly lingerMs: number;
  readonly batchBytesMax: number;
  readonly recordBytesMax: number | undefined;
  readonly putsInFlightMax: number;
  readonly pendingBytesMax: number;
  readonly ackTimeoutMs: number;
  readonly putTimeoutMs: number;
  readonly shipLingerMs: number;
  readonly spoolBytesMax: number;
  readonly spoolAgeMaxMs: number;
  readonly segmentBytes: number | undefined;
  readonly rotateBytes: number;
  readonly rotateAgeMs: number;
  readonly partBytes: number;
  /** Of the sink that stands in for all. */
  readonly limits: SinkLimits;
  /** What a refused line costs its neighbours. */
  readonly refuses: "record" | "put";
  /** How many series hold refused lines. */
  readonly poisonShare: number;
  readonly shards: number;
}

export const spoolDirectory = "/spool";
export const archiveDirectory = "/archive";
export const quarantineDirectory = "/quarantine";
/** No sink takes longer lines. */
const longestLineBytes = 1024 * 1024;
/** Data of a Kinesis record with its partition key. */
const kinesisDataBytes = 1024 * 1024 - 8;

export function chooseSettings(chance: Chance, topology: Topology): SimSettings {
  const recordBytesMax = chance.pick([1_000, 3_000, 30_000]);
  const isSpooled = hasSpool(topology);
  return {
    topology,
    lingerMs: chance.pick([0, 1, 20, 200, 1_000]),
    batchBytesMax: chance.pick([1_000, 4_000, 20_000, 200_000]),
    recordBytesMax: chance.pick([undefined, 1_500, 5_000]),
    putsInFlightMax: chance.int(1, 4),
    pendingBytesMax: chance.pick([24_000, 50_000, 1_000_000]),
    ackTimeoutMs: chance.pick([2_000, 10_000, 25_000]),
    putTimeoutMs: chance.pick([500, 1_999, 2_000, 3_000, 10_000, 60_000]),
    shipLingerMs: chance.pick([0, 100, 1_000]),
    spoolBytesMax: chance.pick([60_000, 200_000, 10_000_000]),
    spoolAgeMaxMs: isSpooled ? chance.pick([0, 0, 60_000]) : 0,
    segmentBytes: chance.pick([undefined, 3_000, 20_000]),
    rotateBytes: chance.pick([2_000, 20_000, 1_000_000]),
    rotateAgeMs: chance.pick([1_000, 20_000, 300_000]),
    partBytes: chance.pick([700, 4_000, 1_000_000]),
    limits: {
      recordBytesMax,
      putRecordsMax: chance.pick([1, 3, 500]),
      putBytesMax: recordBytesMax * chance.pick([1, 2, 10]),
    },
    refuses: chance.pick(["record", "put"]),
    poisonShare: topology === "file" || topology === "objects" ? 0 : chance.pick([0, 0, 0.03, 0.15]),
    shards: chance.int(1, 4),
  };
}

export function hasSpool(topology: Topology): boolean {
  return topology === "records" || topology === "objects" || topology === "kinesis records";
}

export function isKinesis(topology: Topology): boolean {
  return topology === "kinesis" || topology === "kinesis records";
}

/** The longest line that is taken, told from the documented limits and not from src. */
export function longestLine({ topology, recordBytesMax, limits, spoolBytesMax }: SimSettings): number {
  const ofSink = {
    direct: limits.recordBytesMax,
    records: limits.recordBytesMax,
    kinesis: kinesisDataBytes,
    "kinesis records": kinesisDataBytes,
    file: longestLineBytes,
    objects: longestLineBytes,
  }[topology];
  const ofRecord = topology === "objects" ? longestLineBytes : (recordBytesMax ?? longestLineBytes);
  const ofSpool = hasSpool(topology) ? Math.ceil(spoolBytesMax / 4) : longestLineBytes;
  return Math.min(ofSink, ofRecord, ofSpool, longestLineBytes);
}
