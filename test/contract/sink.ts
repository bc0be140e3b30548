/** What every sink must do, whatever stands behind it. Each sink's own tests register this suite once. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Outcome, Sink } from "../../src/sink/sink.ts";

export interface OpenedSink {
  readonly sink: Sink;
  /** Every line that is durable, with its `\n`, in any order. May take its time. */
  readLines(): Promise<readonly string[]>;
  /** Closes the sink and what stands behind it. */
  close(): Promise<void>;
}

export interface SinkContract {
  /** A fresh sink with nothing in it. */
  open(): Promise<OpenedSink>;
  /** Why the suite cannot run here. */
  readonly skip?: string | undefined;
}

const encoder = new TextEncoder();
const never = new AbortController().signal;

/** Registers the tests of the contract under `name`. */
export function sinkContract(name: string, { open, skip }: SinkContract): void {
  const check = (title: string, run: (opened: OpenedSink) => Promise<void>) => {
    test(`${name}: ${title}`, skip === undefined ? {} : { skip }, async () => {
      const opened = await open();
      try {
        await run(opened);
      } finally {
        await opened.close();
      }
    });
  };
  registerContent(check);
  registerLimits(check);
  registerConcurrency(check);
}

type Check = (title: string, run: (opened: OpenedSink) => Promise<void>) => void;

function registerContent(check: Check): void {
  check("each record gets one durable outcome and its bytes can be read afterwards", async (opened) => {
    const records = [
      `{"line":1}\n{"line":2}\n`,
      `{"line":3}\n`,
      `{"line":4,"long":"${"x".repeat(20_000)}"}\n`,
    ];
    await putAll(opened.sink, records);
    await assertHolds(opened, records);
  });

  check("a put of no records has no outcomes", async ({ sink, readLines }) => {
    assert.deepEqual(await sink.put([], never), []);
    assert.deepEqual(await readLines(), []);
  });

  check("text outside ASCII and every escape come back byte for byte", async (opened) => {
    const records = [
      `{"é":"žluťoučký","zh":"温度","emoji":"🌡️","u":"\\u0000\\"\\\\"}\n`,
      `{"\u2028":"\uffff\u0001"}\n`,
    ];
    await putAll(opened.sink, records);
    await assertHolds(opened, records);
  });

  check("the same record twice is there twice", async (opened) => {
    await putAll(opened.sink, [`{"same":1}\n`, `{"same":1}\n`]);
    await assertHolds(opened, [`{"same":1}\n`, `{"same":1}\n`]);
  });

  check("records that are views into a larger array are put as far as the view goes", async (opened) => {
    const bytes = encoder.encode(`{"before":1}\n{"within":2}\n{"behind":3}\n`);
    const outcomes = await opened.sink.put([bytes.subarray(13, 26)], never);
    assertDurable(outcomes, 1);
    assert.equal(new TextDecoder().decode(bytes), `{"before":1}\n{"within":2}\n{"behind":3}\n`);
    await assertHolds(opened, [`{"within":2}\n`]);
  });
}

function registerLimits(check: Check): void {
  check("the limits are positive integers and a largest record fits in a put", async ({ sink }) => {
    const { recordBytesMax, putRecordsMax, putBytesMax } = sink.limits;
    for (const limit of [recordBytesMax, putRecordsMax, putBytesMax]) {
      assert.ok(Number.isSafeInteger(limit) && limit > 0, `${limit}`);
    }
    assert.ok(putBytesMax >= recordBytesMax, `${putBytesMax} < ${recordBytesMax}`);
  });

  check("a record of recordBytesMax bytes is taken", async (opened) => {
    const record = lineOf(opened.sink.limits.recordBytesMax, 0);
    await putAll(opened.sink, [record]);
    await assertHolds(opened, [record]);
  });

  check("putRecordsMax records are taken in one put", async (opened) => {
    const records = Array.from({ length: opened.sink.limits.putRecordsMax }, (_, at) => `{"record":${at}}\n`);
    await putAll(opened.sink, records);
    await assertHolds(opened, records);
  });

  check("putBytesMax bytes are taken in one put", async (opened) => {
    const { recordBytesMax, putBytesMax } = opened.sink.limits;
    const records: string[] = [];
    for (let left = putBytesMax; left > 0; ) {
      // The last one must have room for a line.
      const bytes = left <= recordBytesMax ? left : Math.min(recordBytesMax, left - 100);
      records.push(lineOf(bytes, records.length));
      left -= bytes;
    }
    await putAll(opened.sink, records);
    await assertHolds(opened, records);
  });
}

function registerConcurrency(check: Check): void {
  check("puts under way at the same time do not mix", async (opened) => {
    const puts = Array.from({ length: 12 }, (_, put) =>
      Array.from(
        { length: 5 },
        (__, at) => `{"put":${put},"record":${at},"pad":"${"p".repeat(put * 97)}"}\n`,
      ),
    );
    await Promise.all(puts.map((records) => putAll(opened.sink, records)));
    await assertHolds(opened, puts.flat());
  });

  check("an aborted signal yields a retryable outcome per record and does not reject", async ({ sink }) => {
    const outcomes = await sink.put([encoder.encode("{}\n"), encoder.encode("{}\n")], AbortSignal.abort());
    assert.deepEqual(
      outcomes.map(({ kind }) => kind),
      ["retryable", "retryable"],
    );
    for (const outcome of outcomes) {
      assert.ok(outcome.kind === "retryable" && outcome.reason !== "" && outcome.message !== "");
    }
  });

  check("a put after an aborted one works", async (opened) => {
    await opened.sink.put([encoder.encode(`{"aborted":1}\n`)], AbortSignal.abort());
    await putAll(opened.sink, [`{"after":1}\n`]);
    const lines = await opened.readLines();
    assert.ok(lines.includes(`{"after":1}\n`));
  });

  check("a signal aborted after the put has no effect on its outcome", async (opened) => {
    const abort = new AbortController();
    const outcomes = await opened.sink.put([encoder.encode(`{"late":1}\n`)], abort.signal);
    abort.abort();
    assertDurable(outcomes, 1);
    await assertHolds(opened, [`{"late":1}\n`]);
  });
}

/** One line of exactly `bytes` bytes, `\n` included; different for each `number`. */
function lineOf(bytes: number, number: number): string {
  const begin = `{"number":${number},"pad":"`;
  return `${begin}${"x".repeat(bytes - begin.length - 3)}"}\n`;
}

/** Puts, and puts again what the service refused for its pace, as the program does. */
async function putAll(sink: Sink, records: readonly string[]): Promise<void> {
  let left: readonly Uint8Array[] = records.map((record) => encoder.encode(record));
  const copies = left.map((record) => record.slice());
  const originals = left;
  for (let attempt = 1; ; attempt++) {
    const outcomes = await sink.put(left, never);
    assert.equal(outcomes.length, left.length);
    const throttled = left.filter((_, at) => {
      const outcome = outcomes[at]!;
      return outcome.kind === "retryable" && outcome.throttled;
    });
    if (throttled.length === 0 || attempt === 5) {
      assertDurable(outcomes, left.length);
      break;
    }
    left = throttled;
  }
  assert.ok(
    originals.every((record, at) => Buffer.compare(record, copies[at]!) === 0),
    "the sink changed the bytes of a record",
  );
}

function assertDurable(outcomes: readonly Outcome[], count: number): void {
  assert.equal(outcomes.length, count);
  for (const outcome of outcomes) {
    if (outcome.kind !== "durable") assert.fail(`${outcome.kind}, ${outcome.reason}: ${outcome.message}`);
  }
}

/** Durable means readable: the same lines, each as often, in any order. */
async function assertHolds(opened: OpenedSink, records: readonly string[]): Promise<void> {
  const expected = sorted(records.flatMap((record) => record.match(/[^\n]*\n/g) ?? []));
  const actual = sorted(await opened.readLines());
  assert.equal(actual.length, expected.length);
  const differing = actual.findIndex((line, at) => line !== expected[at]);
  if (differing >= 0) {
    assert.equal(actual[differing]!.slice(0, 500), expected[differing]!.slice(0, 500));
    assert.fail(`line ${differing} differs behind its first 500 characters`);
  }
}

function sorted(lines: readonly string[]): readonly string[] {
  return [...lines].sort((a, b) => (a < b ? -1 : Number(a > b)));
}
