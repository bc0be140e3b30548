/**
 * Other bytes for the same message: what any encoder may write and every decoder has to read alike.
 * https://protobuf.dev/programming-guides/encoding/
 */
import { bytesField, concat, fixed64Field, tag, varint, varintField } from "./write-request-bytes.ts";

/** A pseudorandom whole number in [0, bound). */
export type Random = (bound: number) => number;

/** What a field holds, as far as its bytes may be written in other ways. */
type Kind =
  | { readonly kind: "message"; readonly shape: Shape; readonly singular?: boolean }
  | { readonly kind: "packed varints" }
  | { readonly kind: "packed doubles" }
  | { readonly kind: "texts" }
  | SingularKind;
/** `oneof`: the number of its last member. */
type SingularKind = { readonly kind: "varint" | "double" | "text"; readonly oneof?: number };
type Shape = Readonly<Record<number, Kind>>;

const varintKind: Kind = { kind: "varint" };
const doubleKind: Kind = { kind: "double" };
const textKind: Kind = { kind: "text" };
const message = (shape: Shape): Kind => ({ kind: "message", shape });
const span = message({ 1: varintKind, 2: varintKind });
const label = message({ 1: textKind, 2: textKind });
const histogram: Shape = {
  1: { kind: "varint", oneof: 2 },
  2: { kind: "double", oneof: 2 },
  3: doubleKind,
  4: varintKind,
  5: doubleKind,
  6: { kind: "varint", oneof: 7 },
  7: { kind: "double", oneof: 7 },
  8: span,
  9: { kind: "packed varints" },
  10: { kind: "packed doubles" },
  11: span,
  12: { kind: "packed varints" },
  13: { kind: "packed doubles" },
  14: varintKind,
  15: varintKind,
  16: { kind: "packed doubles" },
};
const refs: Kind = { kind: "packed varints" };

export const shapeV1: Shape = {
  1: message({
    1: label,
    2: message({ 1: doubleKind, 2: varintKind }),
    3: message({ 1: label, 2: doubleKind, 3: varintKind }),
    4: message(histogram),
  }),
  3: message({ 1: varintKind, 2: textKind, 4: textKind, 5: textKind }),
};
export const shapeV2: Shape = {
  4: { kind: "texts" },
  5: message({
    1: refs,
    2: message({ 1: doubleKind, 2: varintKind, 3: varintKind }),
    3: message({ ...histogram, 17: varintKind }),
    4: message({ 1: refs, 2: doubleKind, 3: varintKind }),
    5: { kind: "message", shape: { 1: varintKind, 3: varintKind, 4: varintKind }, singular: true },
    6: varintKind,
  }),
};

interface Field {
  readonly number: number;
  readonly wireType: number;
  /** The value without tag and length. */
  readonly value: Uint8Array;
}

/** The same message in other bytes; `random` decides which. */
export function mutateMessage(bytes: Uint8Array, shape: Shape, random: Random): Uint8Array {
  const byNumber = new Map<number, Uint8Array[]>();
  for (const field of parse(bytes)) {
    const kind = shape[field.number];
    // Members of a oneof stay in their order: the last one counts.
    const together = (kind !== undefined && "oneof" in kind && kind.oneof) || field.number;
    const written = byNumber.get(together) ?? [];
    byNumber.set(together, written);
    written.push(...(kind === undefined ? [raw(field, random)] : rewrite(field, kind, shape, random)));
  }
  for (let count = random(3); count > 0; count--) byNumber.set(1_000 + count, [unknownField(random)]);
  return concat(...interleave([...byNumber.values()], random));
}

/** Takes from the lists in any order, but from each one in its own. */
function interleave(lists: readonly Uint8Array[][], random: Random): Uint8Array[] {
  const rest = lists.filter((list) => list.length > 0).map((list) => [...list]);
  const result: Uint8Array[] = [];
  const keepRuns = random(2) === 0;
  while (rest.length > 0) {
    const at = random(rest.length);
    const list = rest[at]!;
    result.push(...list.splice(0, keepRuns ? list.length : 1));
    if (list.length === 0) rest.splice(at, 1);
  }
  return result;
}

function rewrite(field: Field, kind: Kind, shape: Shape, random: Random): Uint8Array[] {
  const { number, value } = field;
  if (kind.kind === "message") {
    const inner = mutateMessage(value, kind.shape, random);
    if (kind.singular !== true || random(2) === 0) return [raw({ ...field, value: inner }, random)];
    return splitMessage(number, value, random);
  }
  if (kind.kind === "texts") return [raw(field, random)];
  if (kind.kind === "packed varints" || kind.kind === "packed doubles") {
    return splitPacked(field, kind.kind === "packed varints", random);
  }
  return [...overruled(number, kind, shape, random), raw(field, random)];
}

/** Values of a singular field, or of another member of its oneof, that the last one overrules. */
function overruled(number: number, kind: SingularKind, shape: Shape, random: Random): Uint8Array[] {
  const before: Uint8Array[] = [];
  if (random(4) === 0) before.push(otherValue(number, kind.kind, random));
  if (random(4) === 0 && kind.oneof !== undefined) {
    const members = Object.entries(shape).filter(([, each]) => "oneof" in each && each.oneof === kind.oneof);
    const [other, { kind: otherKind }] = members[random(members.length)]!;
    before.push(otherValue(Number(other), otherKind, random));
  }
  return before;
}

function otherValue(number: number, kind: string, random: Random): Uint8Array {
  if (kind === "varint") return varintField(number, random(1_000));
  return kind === "double" ? fixed64Field(number, BigInt(random(1_000))) : bytesField(number, "overruled");
}

/** A singular message in parts, which are merged. */
function splitMessage(number: number, value: Uint8Array, random: Random): Uint8Array[] {
  const fields = parse(value);
  const cut = random(fields.length + 1);
  return [fields.slice(0, cut), [], fields.slice(cut)].map((part) =>
    bytesField(number, ...part.map((field) => raw(field, random))),
  );
}

/** A packed list in several runs, some of them of one element without a length. */
function splitPacked({ number, value }: Field, varints: boolean, random: Random): Uint8Array[] {
  const elements: Uint8Array[] = [];
  for (let at = 0; at < value.length; ) {
    const end = varints ? endOfVarint(value, at) : at + 8;
    elements.push(value.subarray(at, end));
    at = end;
  }
  const fields: Uint8Array[] = [];
  while (elements.length > 0) {
    const run = elements.splice(0, 1 + random(elements.length));
    if (random(3) === 0) fields.push(...run.map((each) => concat(tag(number, varints ? 0 : 1), each)));
    else fields.push(bytesField(number, ...run));
    if (random(6) === 0) fields.push(bytesField(number));
  }
  return fields;
}

/** The field as it was, but for the length of its varints. */
function raw({ number, wireType, value }: Field, random: Random): Uint8Array {
  const longer = () => (random(6) === 0 ? 1 + random(2) : 0);
  const head = varint(number * 8 + wireType, longer());
  if (wireType === 2) return concat(head, varint(value.length, longer()), value);
  if (wireType !== 0 || value.length > 7) return concat(head, value);
  const padded = concat(value, new Uint8Array(longer()));
  for (let i = value.length - 1; i < padded.length - 1; i++) padded[i]! |= 0x80;
  return concat(head, padded);
}

function unknownField(random: Random): Uint8Array {
  const number = 100 + random(100_000);
  const content = concat(varintField(1, random(1_000)), fixed64Field(2, 7n), bytesField(3, "text"));
  switch (random(5)) {
    case 0:
      return varintField(number, -1);
    case 1:
      return fixed64Field(number, 1n);
    case 2:
      return bytesField(number, content);
    case 3:
      return concat(tag(number, 3), content, tag(9, 3), content, tag(9, 4), tag(number, 4));
    default:
      return concat(tag(number, 5), [1, 2, 3, 4]);
  }
}

/** The fields of a message that the reference codec wrote. */
function parse(bytes: Uint8Array): Field[] {
  const fields: Field[] = [];
  for (let at = 0; at < bytes.length; ) {
    const tagEnd = endOfVarint(bytes, at);
    const head = numberOf(bytes, at, tagEnd);
    const wireType = head % 8;
    let start = tagEnd;
    let end = start + 8;
    if (wireType === 0) end = endOfVarint(bytes, start);
    if (wireType === 2) {
      start = endOfVarint(bytes, tagEnd);
      end = start + numberOf(bytes, tagEnd, start);
    }
    fields.push({ number: Math.floor(head / 8), wireType, value: bytes.subarray(start, end) });
    at = end;
  }
  return fields;
}

function endOfVarint(bytes: Uint8Array, start: number): number {
  let at = start;
  while (bytes[at]! >= 0x80) at++;
  return at + 1;
}

function numberOf(bytes: Uint8Array, start: number, end: number): number {
  return bytes.subarray(start, end).reduceRight((value, byte) => value * 128 + (byte % 128), 0);
}
