/** Requests as senders make them, and a little out of the ordinary in every way. */
import { seededRandom } from "./seeded-random.ts";
import {
  bytesField,
  concat,
  fixed64Field,
  labelV1,
  symbolsV2,
  varint,
  varintField,
} from "./write-request-bytes.ts";

type Random = (bound: number) => number;
type Labels = readonly (readonly [string, string])[];

const staleMarker = 0x7ff0_0000_0000_0002n;
const doubles = [0, -0, 1, -1, 0.1, 1e-6, 1e-7, 1e15, 1e15 + 2, 1e21, 1e22, 5e-324, 1.7976931348623157e308];
const times = [0, 1, 1_513_264_725_773, 253_402_300_800_000, 2 ** 53, -1, -1_513_264_725_773];
const oddTexts = [
  "",
  '"',
  "back\\slash",
  "line\nend",
  "日本",
  "\u007f",
  "\u0000",
  "x".repeat(127),
  "y".repeat(300),
];

/** `count` messages about a set of series that changes slowly. */
export function ordinaryRequests(version: 1 | 2, count: number, seed: number): Uint8Array[] {
  const random = seededRandom(seed);
  const series = Array.from({ length: 60 }, (_, nth) => labelsOf(nth, random));
  return Array.from({ length: count }, () => {
    const time = oneOf(times, random) + random(3);
    const all = random(3) > 0 ? series : series.map(() => oneOf(series, random));
    const present = all.filter(() => random(20) > 0);
    return version === 1 ? messageV1(present, time, random) : messageV2(present, time, random);
  });
}

function messageV1(series: readonly Labels[], time: number, random: Random): Uint8Array {
  return concat(
    ...series.map((labels) =>
      bytesField(1, ...labels.map(([name, value]) => labelV1(name, value)), ...samples(2, time, random)),
    ),
  );
}

function messageV2(series: readonly Labels[], time: number, random: Random): Uint8Array {
  const symbols = new Map([["", 0]]);
  const refOf = (text: string) => {
    const ref = symbols.get(text) ?? symbols.size;
    symbols.set(text, ref);
    return ref;
  };
  if (random(4) === 0) for (let i = random(400); i > 0; i--) refOf(`filler ${i}`);
  const fields = series.map((labels) => {
    const refs = labels.flat().map((text) => varint(refOf(text)));
    const metadata = random(2) === 0 ? [] : [bytesField(5, ...metadataParts(refOf, random))];
    return bytesField(5, bytesField(1, ...refs), ...samples(2, time, random), ...metadata);
  });
  // About as many as the quick way has room for, behind those that are of use.
  if (random(20) === 0) for (let i = 16_370 + random(30) - symbols.size; i > 0; i--) refOf(`spare ${i}`);
  return concat(symbolsV2(...symbols.keys()), ...fields);
}

function metadataParts(refOf: (text: string) => number, random: Random): Uint8Array[] {
  const type = random(3);
  const help = random(2) === 0 ? 0 : refOf(`Help ${random(3)}.`);
  const unit = random(3) > 0 ? 0 : refOf(oneOf(["seconds", "bytes", '"'], random));
  return [
    ...(type === 0 ? [] : [varintField(1, type)]),
    ...(help === 0 ? [] : [varintField(3, help)]),
    ...(unit === 0 ? [] : [varintField(4, unit)]),
  ];
}

function samples(field: number, time: number, random: Random): Uint8Array[] {
  const count = random(8) > 0 ? 1 : random(4);
  return Array.from({ length: count }, () => {
    const bits = bitsOf(random);
    const at = random(8) > 0 ? time : oneOf(times, random);
    const start = random(30) > 0 ? [] : [varintField(3, random(2))];
    return bytesField(
      field,
      ...(bits === 0n ? [] : [fixed64Field(1, bits)]),
      ...(at === 0 ? [] : [varintField(2, BigInt.asUintN(64, BigInt(at)))]),
      ...start,
    );
  });
}

const view = new DataView(new ArrayBuffer(8));

function bitsOf(random: Random): bigint {
  const kind = random(10);
  if (kind === 0) return staleMarker;
  if (kind === 1) return (BigInt(random(2 ** 32)) << 32n) | BigInt(random(2 ** 32));
  const value =
    kind === 2
      ? oneOf(doubles, random)
      : kind < 6
        ? random(10 ** random(10))
        : Number(`${random(10 ** (1 + random(8)))}e-${random(12)}`);
  view.setFloat64(0, value);
  return view.getBigUint64(0);
}

/** In order for the most part, with a name, and plain. */
function labelsOf(nth: number, random: Random): Labels {
  const names = ["__name__", "code", "handler", "instance", "job", "le", "pod_template_hash", "zone"];
  const labels = names
    .filter((_, i) => i === 0 || random(2) === 0)
    .map((name): [string, string] => [name, `${name}-${nth % 7}${"z".repeat(random(30))}`]);
  labels[0] = ["__name__", `metric_${nth}`];
  if (random(4) > 0) return labels;
  const at = random(labels.length);
  const kind = random(6);
  if (kind === 0) labels.reverse();
  else if (kind === 1) labels.push(labels[at]!);
  else if (kind === 2) labels[at]![1] = oneOf(oddTexts, random);
  else if (kind === 3) labels[at]![0] = oneOf(oddTexts, random);
  else if (kind === 4) labels.unshift(["A", "before the name"]);
  else for (let i = 0; i < 70; i++) labels.push([`zone_${String(i).padStart(2, "0")}`, `${i}`]);
  return labels;
}

function oneOf<T>(values: readonly T[], random: Random): T {
  return values[random(values.length)]!;
}
