/** Remote write 1.0 bodies for tests, written from the specification alone. */

export interface TestSeries {
  readonly labels: Readonly<Record<string, string>>;
  readonly samples: readonly (readonly [timeMs: number, value: number])[];
}

export const writeHeadersV1 = {
  "Content-Type": "application/x-protobuf",
  "Content-Encoding": "snappy",
  "X-Prometheus-Remote-Write-Version": "0.1.0",
} as const;

/** A compressed WriteRequest. https://prometheus.io/docs/specs/prw/remote_write_spec/#protocol */
export function writeRequestV1(series: readonly TestSeries[]): Uint8Array {
  return snappyLiterals(Buffer.concat(series.map((one) => field(1, timeSeries(one)))));
}

/** A body with one sample of the series `name{id="…"}`, whose value is `time`. */
export function oneSample(name: string, id: string, timeMs: number): Uint8Array {
  return writeRequestV1([{ labels: { __name__: name, id }, samples: [[timeMs, timeMs]] }]);
}

/** A body that is about `bytes` long, with samples of the series `name{id="0…"}`. */
export function largeRequest(name: string, bytes: number): { body: Uint8Array; samples: number } {
  const padding = "x".repeat(1_000);
  const count = Math.floor(bytes / 1_060);
  const series = Array.from({ length: count }, (_, id) => ({
    labels: { __name__: name, id: String(id), padding },
    samples: [[1_700_000_000_000, id]] as const,
  }));
  return { body: writeRequestV1(series), samples: count };
}

function timeSeries({ labels, samples }: TestSeries): Buffer {
  const pairs = Object.entries(labels).map(([name, value]) =>
    field(1, Buffer.concat([field(1, Buffer.from(name)), field(2, Buffer.from(value))])),
  );
  return Buffer.concat([...pairs, ...samples.map(([timeMs, value]) => field(2, sample(timeMs, value)))]);
}

function sample(timeMs: number, value: number): Buffer {
  const double = Buffer.alloc(9, (1 << 3) | 1);
  double.writeDoubleLE(value, 1);
  return Buffer.concat([double, Buffer.of(2 << 3), varint(timeMs)]);
}

function field(number: number, bytes: Buffer): Buffer {
  return Buffer.concat([Buffer.of((number << 3) | 2), varint(bytes.length), bytes]);
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128);
  return Buffer.of(...bytes, rest);
}

/** Snappy without a single copy: https://github.com/google/snappy/blob/main/format_description.txt */
function snappyLiterals(bytes: Buffer): Uint8Array {
  const parts = [varint(bytes.length)];
  for (let at = 0; at < bytes.length; at += 65_536) {
    const literal = bytes.subarray(at, at + 65_536);
    const tag = Buffer.of(61 << 2, 0, 0);
    tag.writeUInt16LE(literal.length - 1, 1);
    parts.push(tag, literal);
  }
  return Buffer.concat(parts);
}
