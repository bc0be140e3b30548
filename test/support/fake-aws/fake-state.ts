/** What `GET /_fake/state` tells. */
import type { Fault } from "./fault.ts";
import type { FaultBook } from "./fault-book.ts";
import type { KinesisStream } from "./kinesis-stream.ts";
import type { Tally } from "./tally.ts";

export interface FakeState extends Tally {
  /** The fake's clock, ISO. */
  readonly now: string;
  readonly streams: Readonly<Record<string, StreamState>>;
  readonly faults: readonly (Fault & { readonly id: number; readonly hits: number })[];
}

export interface StreamState {
  readonly records: number;
  readonly bytes: number;
  /** Only when the hashes of lines are kept. */
  readonly lines?: number;
  readonly repeatedLines?: number;
  readonly shards: Readonly<
    Record<string, { readonly open: boolean; readonly records: number; readonly bytes: number }>
  >;
}

export function stateOf(
  tally: Tally,
  nowMs: number,
  faults: FaultBook,
  streams: ReadonlyMap<string, KinesisStream>,
): FakeState {
  return {
    now: new Date(nowMs).toISOString(),
    ...tally,
    streams: Object.fromEntries([...streams].map(([name, stream]) => [name, streamState(stream)])),
    faults: faults.handles.map(({ id, fault, hits }) => ({ id, hits: hits(), ...fault })),
  };
}

function streamState({ shards, lines }: KinesisStream): StreamState {
  const sum = (of: "recordsCount" | "bytesCount") => shards.reduce((total, shard) => total + shard[of], 0);
  return {
    records: sum("recordsCount"),
    bytes: sum("bytesCount"),
    ...(lines === undefined ? {} : { lines: lines.total, repeatedLines: lines.repeated }),
    shards: Object.fromEntries(
      shards.map((shard) => [
        shard.id,
        { open: shard.closedAtMs === undefined, records: shard.recordsCount, bytes: shard.bytesCount },
      ]),
    ),
  };
}
