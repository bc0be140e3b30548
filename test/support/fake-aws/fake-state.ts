/** What `GET /_fake/state` tells. */
import type { Fault } from "./fault.ts";
import type { FaultBook } from "./fault-book.ts";
import type { KinesisStream } from "./kinesis-stream.ts";
import type { LineCounts } from "./line-counts.ts";
import type { Services } from "./services.ts";
import type { Tally } from "./tally.ts";

export interface FakeState extends Tally {
  /** The fake's clock, ISO. */
  readonly now: string;
  readonly streams: Readonly<Record<string, StreamState>>;
  readonly deliveryStreams: Readonly<Record<string, DeliveryState>>;
  readonly buckets: Readonly<Record<string, BucketState>>;
  readonly faults: readonly (Fault & { readonly id: number; readonly hits: number })[];
}

/** Only there when the hashes of lines are kept. */
interface LinesState {
  readonly lines?: number;
  readonly repeatedLines?: number;
}

export interface DeliveryState extends LinesState {
  readonly records: number;
  readonly bytes: number;
  /** Objects that were delivered, and records that wait for it. */
  readonly objects: number;
  readonly held: number;
}

export interface BucketState extends LinesState {
  readonly objects: number;
  readonly bytes: number;
  readonly uploads: number;
}

export interface StreamState extends LinesState {
  readonly records: number;
  readonly bytes: number;
  readonly shards: Readonly<
    Record<string, { readonly open: boolean; readonly records: number; readonly bytes: number }>
  >;
}

export function stateOf(
  tally: Tally,
  nowMs: number,
  faults: FaultBook,
  { kinesis, firehose, store }: Services,
): FakeState {
  const deliveryStreams = [...firehose.streams].map(([name, stream]) => {
    const { recordsCount: records, bytesCount: bytes, delivered, held, lines } = stream;
    return [
      name,
      { records, bytes, objects: delivered.length, held: held.length, ...linesState(lines) },
    ] as const;
  });
  const buckets = [...store.buckets].map(([name, { objects, uploads, lines }]) => {
    const bytes = [...objects.values()].reduce((sum, object) => sum + object.bytes, 0);
    return [name, { objects: objects.size, bytes, uploads: uploads.size, ...linesState(lines) }] as const;
  });
  return {
    now: new Date(nowMs).toISOString(),
    ...tally,
    streams: Object.fromEntries([...kinesis.streams].map(([name, stream]) => [name, streamState(stream)])),
    deliveryStreams: Object.fromEntries(deliveryStreams),
    buckets: Object.fromEntries(buckets),
    faults: faults.handles.map(({ id, fault, hits }) => ({ id, hits: hits(), ...fault })),
  };
}

function linesState(lines: LineCounts | undefined): LinesState {
  return lines === undefined ? {} : { lines: lines.total, repeatedLines: lines.repeated };
}

function streamState({ shards, lines }: KinesisStream): StreamState {
  const sum = (of: "recordsCount" | "bytesCount") => shards.reduce((total, shard) => total + shard[of], 0);
  return {
    records: sum("recordsCount"),
    bytes: sum("bytesCount"),
    ...linesState(lines),
    shards: Object.fromEntries(
      shards.map((shard) => [
        shard.id,
        { open: shard.closedAtMs === undefined, records: shard.recordsCount, bytes: shard.bytesCount },
      ]),
    ),
  };
}
