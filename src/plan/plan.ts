/** What a workload would cost with each sink and compression, from lines that were really packed and compressed. */
import { type Billing, shardsFor } from "../bill/billing.ts";
import { daysPerMonth, dollarsPerDay, storageDollarsPerMonth } from "../bill/dollars.ts";
import type { Prices } from "../bill/prices.ts";
import type { Random } from "../clock.ts";
import { type Compression, compressions } from "../compression.ts";
import type { SinkLimits } from "../sink/sink.ts";
import { batchLines } from "./batches.ts";
import { LinesBuffer } from "./lines-buffer.ts";
import type { Measured } from "./measured.ts";
import { type Packed, packBatches, packSingly } from "./packed.ts";
import { LineSource } from "./series.ts";
import { SizeCurve } from "./size-curve.ts";

export interface PlanOptions {
  readonly samplesPerSecond: number;
  readonly series: number;
  readonly senders: number;
  readonly lingerMs: number;
  readonly batchBytesMax: number;
  readonly recordBytesMax: number | undefined;
  readonly rotateBytes: number;
  readonly rotateAgeMs: number;
  readonly limits: Readonly<Record<"kinesis" | "firehose", SinkLimits>>;
  /** Requests that put an object of so many bytes. */
  readonly requestsFor: (objectBytes: number) => number;
  readonly prices: Prices;
  readonly random: Random;
  /** Takes the place of what the workload would look like. */
  readonly measured: Measured | undefined;
}

export interface PlanRow {
  readonly billing: Billing;
  /** Undefined: each sample is a record of its own, or an object. */
  readonly compression: Compression | undefined;
  /** Objects for S3. */
  readonly recordsPerSecond: number;
  readonly bytesPerSecond: number;
  readonly billedBytesPerSecond: number;
  /** Provisioned Kinesis only; otherwise 0. */
  readonly shards: number;
  readonly dollarsPerDay: number;
  readonly dollarsPerMonth: number;
  readonly billedBytesPerBillion: number;
  readonly dollarsPerBillion: number;
  /** What S3 Standard asks a month for keeping what one month brings. */
  readonly storageDollarsPerMonth: number;
}

const secondsPerDay = 86_400;
/** Lines that are compressed: more of them compress no better, and take longer. */
const sampleBytesMax = 4 * 1024 * 1024;
/** Lines that tell how long a line is. */
const probeLines = 2_000;

export async function plan(options: PlanOptions): Promise<PlanRow[]> {
  const workload = new PlannedWorkload(options);
  const { lines, batches } = workload;
  const { limits, recordBytesMax } = options;
  const rows: PlanRow[] = [];
  for (const sink of ["kinesis", "firehose"] as const) {
    const add = (compression: Compression | undefined, packed: Packed) => {
      for (const billing of limits[sink].billings ?? [])
        rows.push(rowOf(options, billing, compression, packed));
    };
    add(undefined, packSingly(lines, limits[sink], workload.lineFactor));
    for (const compression of compressions) {
      const curve = await workload.curve(compression);
      const factor = await workload.sizeFactor(compression);
      const sizeOf = async (raw: Uint8Array) => (await curve.bytesOfLines(raw)) * factor;
      const how = { limits: limits[sink], compression, recordBytesMax, sizeOf };
      add(compression, workload.scaled(await packBatches(lines, batches, how)));
    }
  }
  rows.push(await objectRow(options, workload, undefined));
  for (const compression of compressions) rows.push(await objectRow(options, workload, compression));
  // One billing after the other.
  return [...Map.groupBy(rows, ({ billing }) => billing).values()].flat();
}

/** The lines and batches of a workload, and how its own lines differ from those that stand in for them. */
class PlannedWorkload {
  readonly lines: LinesBuffer;
  /** Lines of each batch. */
  readonly batches: readonly number[];
  /** Bytes of a line, over bytes of one of `lines`. */
  readonly lineFactor: number;
  private readonly measured: Measured | undefined;
  private readonly curves = new Map<Compression, Promise<SizeCurve>>();

  constructor(options: PlanOptions) {
    const { measured, random } = options;
    this.measured = measured;
    const source = new LineSource(options, random);
    const probe = new LinesBuffer(source.next(probeLines));
    const count = Math.ceil((sampleBytesMax * probeLines) / probe.bytes.length);
    this.lines = new LinesBuffer(source.next(count));
    const bytesPerLine = this.lines.bytes.length / count;
    this.lineFactor = measured === undefined ? 1 : measured.bytesPerLine / bytesPerLine;
    this.batches = this.batchLines(options, bytesPerLine);
  }

  /** The lines that became `packed`, were they as long as those that were measured. */
  scaled(packed: Packed): Packed {
    return { ...packed, lines: packed.lines / this.lineFactor };
  }

  /** By how much lines become larger than those here, once they are compressed. */
  async sizeFactor(compression: Compression): Promise<number> {
    const { measured } = this;
    if (measured === undefined || compression === "none" || measured.compression === "none") return 1;
    const putBytes = measured.rawBytes / Math.max(1, measured.puts);
    const here = (await this.curve(measured.compression)).bytesOf(putBytes) / putBytes;
    return measured.sentBytes / measured.rawBytes / here;
  }

  curve(compression: Compression): Promise<SizeCurve> {
    const known = this.curves.get(compression) ?? SizeCurve.measure(this.lines, compression);
    this.curves.set(compression, known);
    return known;
  }

  private batchLines(options: PlanOptions, bytesPerLine: number): number[] {
    const { measured } = this;
    // Objects and files tell nothing of the batches of a stream.
    if (measured !== undefined && measured.puts > 0 && !["s3", "file"].includes(measured.sink))
      return [Math.max(1, Math.round(measured.rawBytes / measured.puts / bytesPerLine))];
    const sending = { ...options, bytesPerLine: bytesPerLine * this.lineFactor };
    return batchLines(sending, options.random).map((lines) =>
      Math.max(1, Math.round(lines * this.lineFactor)),
    );
  }
}

async function objectRow(
  options: PlanOptions,
  workload: PlannedWorkload,
  compression: Compression | undefined,
): Promise<PlanRow> {
  const { samplesPerSecond, rotateBytes, rotateAgeMs, requestsFor } = options;
  const { lines } = workload.scaled({
    lines: workload.lines.count,
    records: 1,
    sentBytes: 0,
    billedBytes: {},
  });
  const rawBytesPerSecond = (samplesPerSecond * workload.lines.bytes.length) / lines;
  const objectSeconds = Math.min(rotateAgeMs / 1000, rotateBytes / rawBytesPerSecond);
  const used = compression ?? "none";
  const curve = await workload.curve(used);
  const objectBytes = curve.bytesOf(rawBytesPerSecond * objectSeconds) * (await workload.sizeFactor(used));
  const bytesPerSecond = objectBytes / objectSeconds;
  const recordsPerSecond = compression === undefined ? samplesPerSecond : 1 / objectSeconds;
  const requests = compression === undefined ? 1 : requestsFor(objectBytes);
  return priced(options, {
    billing: "s3",
    compression,
    recordsPerSecond,
    bytesPerSecond,
    billedBytesPerSecond: bytesPerSecond,
    requestsPerSecond: recordsPerSecond * requests,
  });
}

function rowOf(
  options: PlanOptions,
  billing: Billing,
  compression: Compression | undefined,
  { lines, records, sentBytes, billedBytes }: Packed,
): PlanRow {
  const perSecond = options.samplesPerSecond / lines;
  return priced(options, {
    billing,
    compression,
    recordsPerSecond: records * perSecond,
    bytesPerSecond: sentBytes * perSecond,
    billedBytesPerSecond: (billedBytes[billing] ?? 0) * perSecond,
    requestsPerSecond: 0,
  });
}

type Flow = Pick<
  PlanRow,
  "billing" | "compression" | "recordsPerSecond" | "bytesPerSecond" | "billedBytesPerSecond"
> & { readonly requestsPerSecond: number };

function priced({ samplesPerSecond, prices }: PlanOptions, { requestsPerSecond, ...flow }: Flow): PlanRow {
  const { billing, recordsPerSecond, bytesPerSecond, billedBytesPerSecond } = flow;
  const shards = billing === "kinesis_provisioned" ? shardsFor(recordsPerSecond, bytesPerSecond) : 0;
  const day = {
    billedBytes: billedBytesPerSecond * secondsPerDay,
    requests: requestsPerSecond * secondsPerDay,
    shards,
  };
  const { usage, capacity } = dollarsPerDay(billing, day, prices);
  const dollars = usage + capacity;
  const monthBytes = bytesPerSecond * secondsPerDay * daysPerMonth;
  return {
    ...flow,
    shards,
    dollarsPerDay: dollars,
    dollarsPerMonth: dollars * daysPerMonth,
    billedBytesPerBillion: (billedBytesPerSecond / samplesPerSecond) * 1e9,
    dollarsPerBillion: (dollars / (samplesPerSecond * secondsPerDay)) * 1e9,
    storageDollarsPerMonth: storageDollarsPerMonth(monthBytes, prices),
  };
}
