import assert from "node:assert/strict";
import { test } from "node:test";
import { Refusals } from "../../src/http/refusals.ts";
import { LabelSet } from "../../src/model/label-set.ts";
import type { RejectReason } from "../../src/model/rejection.ts";
import { utf8 } from "../support/write-request-bytes.ts";

function labelSet(name: string, value: string): LabelSet {
  const [nameBytes, valueBytes] = [utf8(name), utf8(value)];
  const labels = new LabelSet();
  labels.clear(Uint8Array.from([...nameBytes, ...valueBytes]));
  labels.add(0, nameBytes.length, nameBytes.length, nameBytes.length + valueBytes.length);
  return labels;
}

test("refusals add up by reason, and the first of each is the example", () => {
  const refusals = new Refusals();
  refusals.add("duplicate_label", 3, true, labelSet("a", "1"));
  refusals.add("duplicate_label", 4, true, labelSet("b", "2"));
  refusals.add("invalid_histogram", 1, false, labelSet("c", "3"), "unknown schema 60");
  refusals.add("missing_metric_name", 1, false, undefined);
  assert.equal(
    refusals.describe(10),
    "Refused 9 items in 2 series, wrote 10. " +
      'duplicate_label: 7 items in 2 series, first: the same label name twice in {a="1"}; ' +
      'invalid_histogram: 1 item, first: unknown schema 60 in {c="3"}; ' +
      "missing_metric_name: 1 item, first: no metric name (__name__ is missing or empty)",
  );
});

test("refusals are forgotten by clear", () => {
  const refusals = new Refusals();
  assert.equal(refusals.any, false);
  refusals.add("invalid_utf8", 0, true, undefined);
  assert.equal(refusals.any, true);
  refusals.clear();
  assert.equal(refusals.any, false);
  assert.equal(refusals.describe(0), "Refused 0 items, wrote 0. ");
});

test("with every reason and the longest labels the text stays below 2 KiB", () => {
  const reasons: readonly RejectReason[] = [
    "missing_metric_name",
    "empty_label_name",
    "duplicate_label",
    "invalid_utf8",
    "invalid_symbol_ref",
    "invalid_histogram",
    "line_too_long",
  ];
  const refusals = new Refusals();
  for (const reason of reasons) {
    for (const character of ["\u0000", "€", "😀"]) {
      refusals.add(reason, 2 ** 31, true, labelSet(character.repeat(500), character.repeat(500)));
    }
  }
  assert.ok(utf8(refusals.describe(2 ** 31)).length < 2_048, refusals.describe(1));
});
