import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import {
  formatObjectKey,
  keyBytesMax,
  mayHold,
  type ObjectKey,
  parseObjectKey,
} from "../../src/archive/key.ts";
import { compressions } from "../../src/compression.ts";

const example: ObjectKey = {
  prefix: "metrics/prod/",
  name: "prometheus",
  arrivalMs: Date.UTC(2026, 10, 23, 6, 16, 5),
  times: { minMs: 1_795_414_565_123n, maxMs: 1_795_414_864_999n },
  unique: "3f9a0c1d00112233",
  compression: "gzip",
};
const least = -(2n ** 63n);
const greatest = 2n ** 63n - 1n;

test("a key is what its format says", () => {
  assert.equal(
    formatObjectKey(example),
    "metrics/prod/2026/11/23/06/prometheus-2026-11-23-06-16-05-1795414565123-1795414864999-3f9a0c1d00112233.ndjson.gz",
  );
  const times = { minMs: least, maxMs: 0n };
  assert.equal(
    formatObjectKey({ ...example, prefix: "", times, compression: "none" }),
    "2026/11/23/06/prometheus-2026-11-23-06-16-05-n9223372036854775808-0-3f9a0c1d00112233.ndjson",
  );
  assert.equal(
    formatObjectKey({ ...example, prefix: "", times: undefined, compression: "zstd" }),
    "2026/11/23/06/prometheus-2026-11-23-06-16-05-none-none-3f9a0c1d00112233.ndjson.zst",
  );
});

const anyTime = fc.oneof(
  fc.bigInt({ min: least, max: greatest }),
  fc.bigInt({ min: -1_000n, max: 1_000n }),
  fc.constantFrom(least, -1n, 0n, 1n, greatest),
);
const anyKey: fc.Arbitrary<ObjectKey> = fc.record({
  prefix: fc.oneof(
    fc.constant(""),
    fc.constantFrom(
      "2026/11/23/06/",
      "a/2026/11/23/06/",
      "1/",
      "metrics/",
      "date=2026/",
      "x-1-2026-11-23-06-16-05-/",
    ),
    fc.stringMatching(/^[\w!.*'()=-]{1,20}\/$/),
  ),
  name: fc.oneof(
    fc.constantFrom(
      "prometheus",
      "a-1",
      "a-2026-11-23-06-16-05-1-2-3f9a0c1d00112233.ndjson",
      "none",
      "x-n1-none",
    ),
    fc.stringMatching(/^[\w.]{1,9}(-[\w.]{1,9}){0,3}$/),
  ),
  arrivalMs: fc.integer({ min: 0, max: 253_402_300_799 }).map((seconds) => seconds * 1000),
  times: fc.option(
    fc.tuple(anyTime, anyTime).map(([a, b]) => (a <= b ? { minMs: a, maxMs: b } : { minMs: b, maxMs: a })),
    { nil: undefined },
  ),
  unique: fc.stringMatching(/^[0-9a-f]{16}$/),
  compression: fc.constantFrom(...compressions),
});

test("what is written into a key is read back from it, whatever prefix and name are", () => {
  fc.assert(
    fc.property(anyKey, (key) => {
      const text = formatObjectKey(key);
      assert.deepEqual(parseObjectKey(text), { ...key });
      assert.ok(text.length <= key.prefix.length + key.name.length + keyBytesMax);
    }),
    { numRuns: 2_000 },
  );
});

test("keys of one prefix and name sort by arrival", () => {
  fc.assert(
    fc.property(anyKey, anyKey, (a, b) => {
      const { prefix, name } = a;
      const [one, other] = [formatObjectKey(a), formatObjectKey({ ...b, prefix, name })];
      if (a.arrivalMs !== b.arrivalMs) assert.equal(one < other, a.arrivalMs < b.arrivalMs);
    }),
  );
});

test("a clock that is far off still makes a key that can be read", () => {
  for (const arrivalMs of [-1, -1e15, 1e15, Number.MAX_SAFE_INTEGER]) {
    assert.notEqual(parseObjectKey(formatObjectKey({ ...example, arrivalMs })), undefined);
  }
});

test("keys of Firehose are read, and tell no range", () => {
  const uuid = "1a2b3c4d-0000-1111-2222-333344445555";
  const expected = {
    prefix: "",
    name: "my-stream",
    arrivalMs: example.arrivalMs,
    times: "unknown",
    unique: uuid,
    compression: "unknown",
  } as const;
  const base = `my-stream-1-2026-11-23-06-16-05-${uuid}`;
  assert.deepEqual(parseObjectKey(`2026/11/23/06/${base}`), expected);
  assert.deepEqual(parseObjectKey(`${base}.gz`), { ...expected, compression: "gzip" });
  assert.deepEqual(parseObjectKey(`a/b/${base}.ndjson.zst`), {
    ...expected,
    prefix: "a/b/",
    compression: "zstd",
  });
});

test("other keys are none of the archive's", () => {
  const text = formatObjectKey(example);
  for (const other of [
    "",
    "2026/11/23/06/",
    "readme.txt",
    `${text}.tmp`,
    text.replace(".ndjson.gz", ".gz"),
    text.replace("2026-11-23-06", "2026-02-30-06"),
    text.replace("1795414565123", "01795414565123"),
    text.replace("1795414565123", "n0"),
    text.replace("1795414565123", "none"),
    text.replace("1795414565123", "1795414865000"),
    text.replace("1795414864999", "9223372036854775808"),
    text.replace("1795414565123", "n9223372036854775809"),
    text.replace("3f9a0c1d00112233", "3F9A0C1D00112233"),
  ])
    assert.equal(parseObjectKey(other), undefined, other);
});

test("what cannot be read back is not made into a key", () => {
  for (const wrong of [
    { prefix: "no-slash" },
    { name: "" },
    { name: "a/b" },
    { name: "-a" },
    { unique: "xyz" },
    { times: { minMs: 2n, maxMs: 1n } },
  ])
    assert.throws(() => formatObjectKey({ ...example, ...wrong }), RangeError);
});

test("a reader passes over objects whose range does not meet its own", () => {
  const held = { times: { minMs: -5n, maxMs: 10n } };
  const asked = (minMs: bigint, maxMs: bigint) => mayHold(held, { minMs, maxMs });
  assert.deepEqual(
    [asked(-9n, -6n), asked(-9n, -5n), asked(0n, 1n), asked(10n, 20n), asked(11n, 20n)],
    [false, true, true, true, false],
  );
  assert.equal(mayHold({ times: undefined }, { minMs: least, maxMs: greatest }), false);
  assert.equal(mayHold({ times: "unknown" }, { minMs: 0n, maxMs: 0n }), true);
});
