import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { LabelSet, labelsMax } from "../../src/model/label-set.ts";
import { brokenText } from "../support/message-patch.ts";
import { utf8 } from "../support/write-request-bytes.ts";

type Pair = readonly [name: string | Uint8Array, value: string | Uint8Array];

const bytesMax = 1 << 20;

test("any labels come out sorted by the bytes of their names, or are refused for a duplicate", () => {
  const names = fc.oneof(
    fc.uniqueArray(fc.string({ unit: "binary", minLength: 1, maxLength: 4 }), { maxLength: 150 }),
    fc.uniqueArray(fc.string({ unit: fc.constantFrom("a", "b"), minLength: 1, maxLength: 12 }), {
      maxLength: 150,
    }),
    fc.array(fc.constantFrom("a", "b", "aa", "é", "😀", "\ufffd"), { maxLength: 6 }),
  );
  fc.assert(
    fc.property(names, fc.boolean(), (given, presorted) => {
      if (presorted) given.sort(compare);
      const labels = labelSet(given.map((name) => [name, `value of ${name}`]));
      const reason = labels.normalize(false, bytesMax);
      assert.equal(reason, new Set(given).size < given.length ? "duplicate_label" : undefined);
      if (reason !== undefined) return;
      const sorted = [...given].sort(compare);
      assert.deepEqual(
        pairsOf(labels),
        sorted.map((name) => [name, `value of ${name}`]),
      );
    }),
    { numRuns: 500 },
  );
});

test("names that are prefixes of each other sort the shorter one first, whatever the number of labels", () => {
  for (const count of [2, 8, 9, 64, 65, 1_000]) {
    const names = Array.from({ length: count }, (_, i) => "x".repeat(count - i));
    const labels = labelSet(names.map((name) => [name, ""]));
    assert.equal(labels.normalize(false, bytesMax), undefined);
    assert.deepEqual(
      pairsOf(labels).map(([name]) => name),
      names.toReversed(),
    );
  }
});

test("a label set is used again without anything left from before", () => {
  const labels = labelSet(Array.from({ length: 500 }, (_, i) => [`n${500 - i}`, "v"] as const));
  assert.equal(labels.normalize(true, bytesMax), "missing_metric_name");
  fill(labels, [["__name__", "m"]]);
  assert.equal(labels.normalize(true, bytesMax), undefined);
  assert.equal(labels.nameIndex, 0);
  fill(labels, [["a", "b"]]);
  assert.equal(labels.normalize(true, bytesMax), "missing_metric_name");
});

/** What is wrong, the labels, the reason with a required name, and without. */
const cases: readonly (readonly [string, readonly Pair[], string | undefined, string | undefined])[] = [
  ["nothing", [["__name__", "m"]], undefined, undefined],
  ["no labels", [], "missing_metric_name", undefined],
  ["no metric name", [["job", "x"]], "missing_metric_name", undefined],
  ["an empty metric name", [["__name__", ""]], "missing_metric_name", undefined],
  [
    "an empty value elsewhere",
    [
      ["__name__", "m"],
      ["job", ""],
    ],
    undefined,
    undefined,
  ],
  [
    "an empty label name",
    [
      ["__name__", "m"],
      ["", "x"],
    ],
    "empty_label_name",
    "empty_label_name",
  ],
  [
    "the same name twice",
    [
      ["__name__", "m"],
      ["a", "1"],
      ["a", "1"],
    ],
    "duplicate_label",
    "duplicate_label",
  ],
  [
    "two metric names",
    [
      ["__name__", "m"],
      ["__name__", "n"],
    ],
    "duplicate_label",
    "duplicate_label",
  ],
  [
    "a name that is not UTF-8",
    [
      ["__name__", "m"],
      [Uint8Array.of(0xc0), "x"],
    ],
    "invalid_utf8",
    "invalid_utf8",
  ],
  [
    "a value that is not UTF-8",
    [["__name__", Uint8Array.of(0xed, 0xa0, 0x80)]],
    "invalid_utf8",
    "invalid_utf8",
  ],
];
for (const [what, pairs, required, optional] of cases) {
  test(`labels with ${what} are judged`, () => {
    assert.equal(labelSet(pairs).normalize(true, bytesMax), required);
    assert.equal(labelSet(pairs).normalize(false, bytesMax), optional);
  });
}

test("text is taken up to its limit and refused one byte above", () => {
  const pairs: Pair[] = [["__name__", "metric"]];
  assert.equal(labelSet(pairs).normalize(true, 14), undefined);
  assert.equal(labelSet(pairs).normalize(true, 13), "line_too_long");
});

test("as many labels are taken as a line may hold, and one more is refused", () => {
  const source = utf8(Array.from({ length: labelsMax + 1 }, (_, i) => String(i).padStart(6, "0")).join(""));
  const labels = new LabelSet();
  for (const [count, reason] of [
    [labelsMax - 1, undefined],
    [labelsMax, undefined],
    [labelsMax + 1, "line_too_long"],
  ] as const) {
    labels.clear(source);
    for (let i = count - 1; i >= 0; i--) labels.add(i * 6, i * 6 + 6, 0, 0);
    assert.equal(labels.normalize(false, source.length), reason);
    assert.ok(labels.count <= labelsMax);
  }
});

test("a name that waits for its value is an invalid reference, and is forgotten by clear", () => {
  const labels = new LabelSet();
  labels.clear(utf8("ab"));
  labels.addHalf(0, 1);
  assert.equal(labels.normalize(false, bytesMax), "invalid_symbol_ref");
  labels.addHalf(1, 2);
  assert.equal(labels.normalize(false, bytesMax), undefined);
  labels.addHalf(0, 1);
  labels.clear(utf8("ab"));
  assert.equal(labels.normalize(false, bytesMax), undefined);
});

test("a description is short, on one line, and shows what it can", () => {
  assert.equal(
    labelSet([
      ["__name__", "up"],
      ["job", 'a"b'],
    ]).describe(),
    '{__name__="up", job="a\\"b"}',
  );
  assert.equal(
    labelSet([
      ["a\nb", "c\nd"],
      ["", ""],
    ]).describe(),
    '{"a\\nb"="c\\nd", ""=""}',
  );
  const long = labelSet([["x".repeat(10_000), brokenText.repeat(1_000)]]).describe();
  assert.ok(long.length <= 83 && long.endsWith("…}"), long);
});

function labelSet(pairs: readonly Pair[]): LabelSet {
  const labels = new LabelSet();
  fill(labels, pairs);
  return labels;
}

function fill(labels: LabelSet, pairs: readonly Pair[]): void {
  const texts = pairs.flat().map((text) => (typeof text === "string" ? utf8(text) : text));
  const source = Buffer.concat(texts);
  labels.clear(source);
  let at = 0;
  for (let i = 0; i < texts.length; i += 2) {
    const middle = at + texts[i]!.length;
    const end = middle + texts[i + 1]!.length;
    labels.add(at, middle, middle, end);
    at = end;
  }
}

function pairsOf({ source, spans, count }: LabelSet): string[][] {
  const text = (at: number) => new TextDecoder().decode(source.subarray(spans[at]!, spans[at + 1]!));
  return Array.from({ length: count }, (_, i) => [text(i * 4), text(i * 4 + 2)]);
}

function compare(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
