/** The verdict itself: it has to fail where something is wrong, or the whole matrix proves nothing. */
import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { describeFaults, Ledger, type Verdict } from "../support/ledger.ts";
import { makeRequests } from "../support/load-request.ts";
import { linesOfDirectory, linesOfRecords } from "../support/sink-lines.ts";
import { withTemporaryDirectory } from "../support/temporary-directory.ts";

const lines = linesOfRequests(40);

test("an archive with every acked line is good, whatever their order", () => {
  const verdict = judge([...lines].reverse());
  assert.equal(describeFaults(verdict), "");
  assert.equal(verdict.delivered, lines.length);
  assert.equal(verdict.duplicated, 0);
});

test("a line that is missing is lost", () => {
  const verdict = judge(lines.toSpliced(7, 1));
  assert.deepEqual(verdict.lost, [lines[7]]);
  assert.match(describeFaults(verdict), /^1 acked lines lost/);
});

test("a line that was altered in one character is both lost and unknown", () => {
  for (const altered of [lines[5]!.replace(/.(?=\d)/, "9"), `${lines[5]} `, lines[5]!.slice(1), ""]) {
    const verdict = judge(lines.with(5, altered));
    assert.deepEqual([verdict.lost, verdict.unknown], [[lines[5]], [altered]]);
  }
});

test("a line that nobody sent is unknown", () => {
  const verdict = judge([...lines, '{"name":"invented"}']);
  assert.deepEqual([verdict.lost.length, verdict.unknown], [0, ['{"name":"invented"}']]);
  assert.match(describeFaults(verdict), /^1 unknown lines/);
});

test("a line that takes another's place is not made up for by a duplicate", () => {
  const verdict = judge(lines.with(3, lines[4]!));
  assert.deepEqual([verdict.lost, verdict.duplicated], [[lines[3]], 1]);
});

test("each further copy of a line is a duplicate", () => {
  const { duplicated, repeated } = judge([...lines, lines[0]!, lines[0]!, lines[1]!]);
  assert.deepEqual([duplicated, repeated], [3, 2]);
});

test("a line that was sent and not acked may be there or not", () => {
  const ledger = new Ledger();
  ledger.sent(["a", "b", "c"]);
  ledger.acked(["a"]);
  for (const archived of [["a"], ["a", "b"], ["a", "b", "c"]]) {
    assert.equal(describeFaults(ledger.judge(archived)), "");
  }
});

test("a line of a request that was refused for its neighbours is in the archive or in the quarantine", () => {
  const ledger = new Ledger();
  ledger.sent(["poison", "neighbour"]);
  ledger.refused(["poison", "neighbour"]);
  assert.equal(describeFaults(ledger.judge(["neighbour"], ["poison"])), "");
  assert.deepEqual(ledger.judge(["neighbour"]).lost, ["poison"]);
  assert.deepEqual(ledger.judge([], ["poison"]).lost, ["neighbour"]);
});

test("an acked line in the quarantine alone is lost, and a line that nobody sent is unknown there too", () => {
  const ledger = new Ledger();
  ledger.sent(["a"]);
  ledger.acked(["a"]);
  const verdict = ledger.judge([], ["a", "b"]);
  assert.deepEqual([verdict.lost, verdict.unknown], [["a"], ["b"]]);
  assert.deepEqual(ledger.judge([], ["a"], true).lost, [], "behind a spool the ack comes first");
  assert.deepEqual(ledger.judge([], [], true).lost, ["a"]);
});

test("two items with the same line cannot be told apart, so they may not be sent", () => {
  const ledger = new Ledger();
  ledger.sent(["a"]);
  assert.throws(() => ledger.sent(["a"]), /sent as two items: a/);
});

test("the load never makes the same line twice, and all kinds of line", () => {
  const made = ["s0", "s1"].flatMap((sender, seed) => linesOfRequests(100, sender, seed));
  assert.equal(new Set(made).size, made.length);
  const kinds = [
    '"stale"',
    '"NaN"',
    '"+Inf"',
    '"value":-0',
    '"histogram"',
    '"exemplar"',
    '"metadata"',
    '"start"',
  ];
  for (const kind of kinds)
    assert.ok(
      made.some((line) => line.includes(kind)),
      kind,
    );
});

test("records and files are read plain, gzipped and with zstd, and a torn one is told", async () => {
  const text = Buffer.from("a\nb\n");
  const packed = [text, gzipSync(text), zstdCompressSync(text)];
  assert.deepEqual(linesOfRecords(packed), ["a", "b", "a", "b", "a", "b"]);
  assert.throws(() => linesOfRecords([Buffer.from("a\nb")]), /ends within a line: a\nb/);
  await withTemporaryDirectory(async (directory) => {
    mkdirSync(join(directory, "2026"));
    for (const [at, name] of ["x.ndjson.part", "y.ndjson.gz", "2026/z.ndjson.zst"].entries()) {
      writeFileSync(join(directory, name), packed[at]!);
    }
    writeFileSync(join(directory, "lock"), "not an archive file");
    assert.equal(linesOfDirectory(directory).length, 6);
    assert.deepEqual(new Set(linesOfDirectory(directory)), new Set(["a", "b"]));
  });
});

function linesOfRequests(count: number, sender = "s", seed = 1): string[] {
  const requests = makeRequests({ sender, seed, series: 50, startMs: 1_700_000_000_000 });
  return Array.from({ length: count }, () => requests.next().value.lines).flat();
}

function judge(archived: readonly string[]): Verdict {
  const ledger = new Ledger();
  ledger.sent(lines);
  ledger.acked(lines);
  return ledger.judge(archived);
}
